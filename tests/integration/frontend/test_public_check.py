"""The public site as a client meets it: ask, read the answer, order. No script is needed."""

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from rest_framework.settings import api_settings

from coverage.models import AvailabilityCheck, Building, Street, StreetAlias
from crm.models import ConnectionRequest
from project.core import clock
from tests.support import zones
from tests.support.provider import Provider, small_provider

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PHONE = "067 412 08 35"


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon of 23 November 2026 in Kyiv, whatever the machine says."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda at=None: date(2026, 11, 23))
    cache.clear()


@pytest.fixture
def provider() -> Provider:
    """One zone in service; its house stands at вулиця Бучми, 42Б."""
    made = small_provider()
    street = _street(made.building.locality, "Бучми")
    _put(made.building, street, "42Б")
    _put(made.outside, street, "99")
    return made


def _street(locality: Any, name: str, kind: str = "вулиця") -> Street:
    key = name.lower()
    return Street.objects.create(
        locality=locality, type=kind, name=name, name_norm=key, search_key=key
    )


def _put(building: Building, street: Street, number: str) -> None:
    building.street, building.number, building.number_sort = street, number, number.rjust(8, "0")
    building.number_int = int(re.match(r"\d+", number)[0])  # type: ignore[index]
    building.save()


def _ask(client: Client, **asked: Any) -> Any:
    """POST a check and follow to its answer."""
    return client.post(reverse("public:check"), asked, follow=True)


def _text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode().replace("\u202f", " "))


def _order_url(response: Any) -> str:
    return reverse("public:order", args=[response.context["page"].public_id])


class TestFirstPage:
    def test_it_asks_one_question_in_ukrainian_whatever_the_browser_prefers(
        self, client: Client
    ) -> None:
        page = client.get("/", headers={"accept-language": "en"})
        assert "Де вам потрібен інтернет?" in _text(page)
        assert '<html lang="uk"' in _text(page)

    def test_the_switch_makes_it_english_and_leads_back(self, client: Client) -> None:
        answer = client.post(
            reverse("accounts:language"), {"language": "en", "next": "/tariffs/"}, follow=True
        )
        assert answer.redirect_chain == [("/tariffs/", 302)]
        assert "The price may depend on the place" in _text(answer)

    def test_the_switch_never_leads_to_another_site(self, client: Client) -> None:
        asked = {"language": "en", "next": "https://evil.example/"}
        assert client.post(reverse("accounts:language"), asked)["Location"] == "/"

    def test_houses_in_service_are_counted(self, client: Client, provider: Provider) -> None:
        text = _text(client.get("/"))
        assert '<span class="num">1</span> будинок на зв’язку' in text
        assert "Де ми є: Харків" in text

    def test_before_the_first_zone_there_is_no_empty_map(self, client: Client) -> None:
        text = _text(client.get("/"))
        assert "Жодної зони ще не опубліковано" in text
        assert client.get(reverse("public:overview")).status_code == 404


class TestSuggestions:
    def test_a_street_comes_with_its_houses(self, client: Client, provider: Provider) -> None:
        page = client.get(
            reverse("public:suggest"), {"text": "бучм"}, headers={"hx-request": "true"}
        )
        text = _text(page)
        assert "<html" not in text
        assert "<mark>Бучм</mark>и" in text
        assert f'name="building_id" value="{provider.building.id}"' in text

    def test_without_scripts_they_are_on_the_page(self, client: Client, provider: Provider) -> None:
        text = _text(client.get("/", {"q": "Бучми 42"}))
        assert "<html" in text
        assert f'value="{provider.building.id}"' in text

    @pytest.mark.parametrize(
        "typed", ["", "a", "\x00\x00\x00", "'; DROP TABLE", "%_\\", "🏠" * 200]
    )
    def test_whatever_is_typed_it_answers(self, client: Client, typed: str) -> None:
        page = client.get(
            reverse("public:suggest"), {"text": typed}, headers={"hx-request": "true"}
        )
        assert page.status_code == 200


class TestAnswer:
    def test_in_service_shows_plans_with_the_price_there(
        self, client: Client, provider: Provider
    ) -> None:
        page = _ask(client, text="вул. Бучми, 42-б")
        text = _text(page)
        assert "Так, підключимо вас" in text
        assert "вулиця Бучми, 42Б" in text
        assert "Дім 300" in text
        assert "300 ₴" in text
        assert AvailabilityCheck.objects.get().channel == "PUBLIC"

    def test_the_first_bill_is_what_the_rules_will_charge(
        self, client: Client, provider: Provider
    ) -> None:
        bill = _ask(client, building_id=provider.building.id).context["page"].bill
        # Day 23 of 30 of 300 hryvnias: 10,00; no fee for the connection.
        assert [line.amount_kopecks for line in bill.lines] == [0, 1000]
        assert bill.total_kopecks == 1000

    @pytest.mark.parametrize(
        ("status", "headline"),
        [
            ("PLANNED", "Ще ні, але ми вже йдемо до вас"),
            ("BUILDING", "Ще ні, але тут уже будуємо"),
            ("SUSPENDED", "Нові підключення тут призупинено"),
        ],
    )
    def test_other_zones_say_so_and_offer_a_request_instead_of_plans(
        self, client: Client, provider: Provider, status: str, headline: str
    ) -> None:
        first = "IN_SERVICE" if status == "SUSPENDED" else status
        when = date(2027, 5, 20) if first != "IN_SERVICE" else None
        who = zones.actor(zones.planner())
        zone = zones.published(
            who, zones.square(45, 45), name="Друга", status=first, planned_for_date=when
        )
        if status == "SUSPENDED":
            _suspend(who, zone)
        page = _ask(client, building_id=provider.outside.id)
        text = _text(page)
        assert headline in text
        assert page.context["page"].offers == ()
        assert 'name="contact_phone"' in text
        if when:
            assert "II квартал 2027" in text

    def test_outside_every_zone_it_says_no_and_asks_for_a_request(
        self, client: Client, provider: Provider
    ) -> None:
        text = _text(_ask(client, building_id=provider.outside.id))
        assert "Сюди ми ще не дійшли" in text
        assert 'name="contact_phone"' in text

    def test_near_the_edge_it_says_how_near_and_promises_nothing(
        self, client: Client, provider: Provider
    ) -> None:
        lon, lat = zones.LON + 5 * zones.STEP, zones.LAT - 0.15 * zones.STEP
        text = _text(_ask(client, lon=str(lon), lat=str(lat).replace(".", ",")))
        assert "Майже поруч" in text
        assert re.search(r"близько 1[67] м", text)

    def test_an_old_name_is_answered_with_the_new_one(
        self, client: Client, provider: Provider
    ) -> None:
        StreetAlias.objects.create(
            street=Street.objects.get(name="Бучми"),
            type="вулиця",
            name="Блюхера",
            name_norm="блюхера",
            search_key="блюхера",
        )
        text = _text(_ask(client, text="вулиця Блюхера 42Б"))
        assert "Так, підключимо вас" in text
        assert "тепер: вулиця Бучми" in text

    def test_a_house_that_the_street_does_not_have_gives_its_neighbours_to_choose(
        self, client: Client, provider: Provider
    ) -> None:
        text = _text(_ask(client, text="Бучми 43"))
        assert "Який будинок?" in text
        assert f'name="building_id" value="{provider.building.id}"' in text

    def test_one_name_in_two_places_is_asked_about(
        self, client: Client, provider: Provider
    ) -> None:
        other = _street(provider.building.locality, "Бучми", kind="провулок")
        _put(zones.building(6, 6, provider.building.locality), other, "42Б")
        page = _ask(client, text="Бучми 42Б")
        assert "Яка адреса ваша?" in _text(page)
        assert len(page.context["page"].candidates) == 2

    def test_an_unknown_address_is_kept_as_typed_and_can_still_be_asked_for(
        self, client: Client, provider: Provider
    ) -> None:
        page = _ask(client, text="Марсіанська 7")
        assert "Марсіанська 7" in _text(page)
        done = client.post(
            _order_url(page), {"contact_name": "Оля", "contact_phone": PHONE}, follow=True
        )
        assert "Марсіанська 7" in _text(done)

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"text": "   "},
            {"lon": "abc", "lat": "50"},
            {"lon": "nan", "lat": "nan"},
            {"lon": "inf", "lat": "50"},
            {"lon": "36", "lat": "91"},
            {"lon": "36"},
            {"building_id": "-1"},
            {"building_id": "9" * 30},
            {"text": "\x00"},
            {"text": "я" * 5000},
        ],
    )
    def test_bad_input_is_refused_with_words_and_stores_nothing(
        self, client: Client, asked: dict[str, str]
    ) -> None:
        page = client.post(reverse("public:check"), asked)
        assert page.status_code == 400
        assert 'role="alert"' in _text(page)
        assert not AvailabilityCheck.objects.exists()

    def test_an_unknown_building_is_no_crash(self, client: Client) -> None:
        assert client.post(reverse("public:check"), {"building_id": "12345"}).status_code == 404

    def test_what_was_typed_is_never_markup(self, client: Client) -> None:
        text = _text(_ask(client, text="<script>alert(1)</script> 5"))
        assert "<script>alert" not in text

    def test_an_answer_that_does_not_exist_is_404(self, client: Client) -> None:
        missing = "00000000-0000-4000-8000-000000000000"
        for name in ("answer", "order", "request"):
            assert client.get(reverse(f"public:{name}", args=[missing])).status_code == 404

    def test_a_flood_is_stopped_and_the_text_kept(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rates = {**api_settings.DEFAULT_THROTTLE_RATES, "availability": "2/min"}
        monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates)
        codes = [
            client.post(reverse("public:check"), {"text": "Марсіанська 7"}).status_code
            for _n in range(3)
        ]
        assert codes == [302, 302, 429]


def _suspend(who: Any, zone: Any) -> None:
    from coverage.models import Zone
    from coverage.zoning import operations

    stored = Zone.objects.get(id=zone.zone_id)
    draft = operations.save_draft(
        zone_id=zone.zone_id,
        actor=who,
        at=zones.later(-1),
        base_revision=stored.revision,
        geometry=zones.square(45, 45),
        status="SUSPENDED",
    )
    operations.publish(changeset_id=draft.changeset_id, actor=who, at=zones.later(1))


class TestRequest:
    def _page(self, client: Client, provider: Provider) -> Any:
        return _ask(client, building_id=provider.building.id)

    def _send(self, client: Client, page: Any, **changes: str) -> Any:
        typed = {
            "plan": "home-300:GPON",
            "contact_name": "Оксана Коваленко",
            "contact_phone": PHONE,
            "unit": "57",
            "comment": "після 18:00",
            "website": "",
        }
        return client.post(_order_url(page), typed | changes, follow=True)

    def test_a_good_one_is_filed_and_has_a_page_of_its_own(
        self, client: Client, provider: Provider
    ) -> None:
        done = self._send(client, self._page(client, provider))
        filed = ConnectionRequest.objects.get()
        assert filed.contact_phone == "+380674120835"
        assert filed.offer["price_kopecks"] == 30_000
        text = _text(done)
        assert "Заявку прийнято" in text
        assert f'<span class="number">{filed.number}</span>' in text
        assert "вулиця Бучми, 42Б, кв. 57" in text

    def test_its_page_does_not_tell_the_contact(self, client: Client, provider: Provider) -> None:
        text = _text(self._send(client, self._page(client, provider)))
        assert "412" not in text
        assert "Коваленко" not in text
        assert "••• •• 35" in text

    def test_the_neighbours_answer_tells_nothing_of_it(
        self, client: Client, provider: Provider
    ) -> None:
        self._send(client, self._page(client, provider))
        text = _text(self._page(Client(), provider))
        assert "Коваленко" not in text
        assert "+380" not in text

    def test_a_wrong_phone_comes_back_with_all_that_was_typed(
        self, client: Client, provider: Provider
    ) -> None:
        page = self._send(client, self._page(client, provider), contact_phone="12")
        text = _text(page)
        assert page.status_code == 400
        assert "Це не схоже на номер телефону" in text
        assert 'aria-describedby="id_contact_phone_error"' in text
        assert 'value="Оксана Коваленко"' in text
        assert "після 18:00" in text
        assert not ConnectionRequest.objects.exists()

    def test_a_plan_that_is_not_sold_there_is_refused(
        self, client: Client, provider: Provider
    ) -> None:
        page = self._send(client, self._page(client, provider), plan="gold-9000:GPON")
        assert page.status_code == 409
        assert not ConnectionRequest.objects.exists()

    def test_sent_twice_it_is_one(self, client: Client, provider: Provider) -> None:
        page = self._page(client, provider)
        self._send(client, page)
        self._send(client, page)
        assert ConnectionRequest.objects.count() == 1

    def test_a_program_that_fills_in_every_field_files_nothing(
        self, client: Client, provider: Provider
    ) -> None:
        done = self._send(client, self._page(client, provider), website="http://spam.example")
        assert done.status_code == 200
        assert not ConnectionRequest.objects.exists()

    def test_the_form_needs_our_cookie(self, provider: Provider) -> None:
        strict = Client(enforce_csrf_checks=True)
        page = self._page(Client(), provider)
        answer = strict.post(_order_url(page), {"contact_name": "a", "contact_phone": PHONE})
        assert answer.status_code == 403
        assert "Сторінка чекала задовго" in _text(answer)

    def test_a_flood_of_requests_is_stopped(
        self, client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rates = {**api_settings.DEFAULT_THROTTLE_RATES, "request": "1/min"}
        monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates)
        page = self._page(client, provider)
        self._send(client, page)
        second = self._send(client, page, contact_phone="050 111 22 33")
        assert second.status_code == 429
        assert ConnectionRequest.objects.count() == 1
