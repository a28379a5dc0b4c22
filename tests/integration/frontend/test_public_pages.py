"""Maps, lists, sign-in and error pages of the public site."""

import json
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from rest_framework.settings import api_settings

from coverage.models import Street
from frontend.errors import server_error
from project.core import clock
from project.core.models import AuditEntry, User
from project.core.roles import Role
from tests.support import zones
from tests.support.plant import fill, node
from tests.support.provider import Provider, small_provider

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PASSWORD = "secret-secret"


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon of 23 November 2026 in Kyiv, whatever the machine says."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda at=None: date(2026, 11, 23))
    cache.clear()


@pytest.fixture
def provider() -> Provider:
    """One zone in service and a street with two houses, one of them inside."""
    made = small_provider()
    street = Street.objects.create(
        locality=made.building.locality,
        type="вулиця",
        name="Бучми",
        name_norm="бучми",
        search_key="бучми",
    )
    for building, number in ((made.building, "1"), (made.outside, "2")):
        building.street, building.number, building.number_sort = street, number, number
        building.save()
    return made


class TestMaps:
    def test_zones_carry_nothing_of_their_making(self, client: Client, provider: Provider) -> None:
        drafted = zones.drafted(zones.actor(zones.planner()), zones.square(80, 80), name="Таємна")
        found = client.get(reverse("public:zones")).json()["features"]
        assert [set(f["properties"]) for f in found] == [
            {"zone_id", "name", "network_type", "status"}
        ]
        assert drafted.zone_id not in {f["properties"]["zone_id"] for f in found}

    def test_houses_carry_the_address_and_the_outlook_only(
        self, client: Client, provider: Provider
    ) -> None:
        provider.connect()
        box = f"{zones.LON},{zones.LAT},{zones.LON + 0.1},{zones.LAT + 0.1}"
        found = client.get(reverse("public:buildings"), {"bbox": box}).json()["features"]
        by_label = {f["properties"]["label"]: f["properties"] for f in found}
        assert {p["look"] for p in by_label.values()} == {"IN_SERVICE", "NONE"}
        assert by_label["вулиця Бучми, 1"]["look"] == "IN_SERVICE"
        assert all(set(p) == {"id", "label", "look"} for p in by_label.values())
        assert "Коваленко" not in json.dumps(found, ensure_ascii=False)

    @pytest.mark.parametrize(
        "bbox", ["", "1,2,3", "a,b,c,d", "nan,nan,nan,nan", "inf,0,0,0", "10,0,5,1", "0,0,0,99"]
    )
    def test_a_bad_box_is_refused(self, client: Client, bbox: str) -> None:
        assert client.get(reverse("public:buildings"), {"bbox": bbox}).status_code == 400

    def test_the_whole_world_is_not_sent(self, client: Client, provider: Provider) -> None:
        answer = client.get(reverse("public:buildings"), {"bbox": "-180,-90,180,90"})
        assert answer.json()["features"] == []

    def test_the_overview_is_a_picture_that_may_be_kept(
        self, client: Client, provider: Provider
    ) -> None:
        version = client.get("/").context["overview"].version
        answer = client.get(reverse("public:overview"), {"v": version})
        assert answer["Content-Type"] == "image/svg+xml"
        assert "max-age=31536000" in answer["Cache-Control"]
        root = ElementTree.fromstring(answer.content)
        assert root.findall(".//{http://www.w3.org/2000/svg}path[@class='z z-IN_SERVICE']")

    def test_publishing_a_zone_changes_the_overview(
        self, client: Client, provider: Provider
    ) -> None:
        before = client.get("/").context["overview"]
        zones.published(zones.actor(zones.planner()), zones.square(45, 45), name="Друга")
        after = client.get("/").context["overview"]
        assert before.version != after.version
        assert (before.in_service, after.in_service) == (1, 2)


class TestLists:
    def test_the_map_is_also_a_list_of_streets(self, client: Client, provider: Provider) -> None:
        text = client.get(reverse("public:coverage")).content.decode()
        assert "вулиця Бучми" in text
        assert "1 із 2" in text

    def test_a_street_groups_its_houses_by_outlook(
        self, client: Client, provider: Provider
    ) -> None:
        page = client.get(reverse("public:street", args=[provider.building.street_id]))
        groups = page.context["street"]["groups"]
        assert [[house.number for house in group["houses"]] for group in groups] == [["1"], ["2"]]
        assert "Підключаємо зараз" in page.content.decode()

    def test_a_surveyed_house_follows_the_survey(self, client: Client, provider: Provider) -> None:
        provider.building.wiring = "NOT_WIRED"
        provider.building.save()
        page = client.get(reverse("public:street", args=[provider.building.street_id]))
        # Only fibre to the building needs the house to be wired; this zone is GPON.
        assert page.context["street"]["groups"][0]["value"] == "IN_SERVICE"

    def test_a_house_without_a_free_port_is_not_promised(
        self, client: Client, provider: Provider
    ) -> None:
        splitter = node("SPLITTER", 5, 5, building_id=provider.building.id)
        street = reverse("public:street", args=[provider.building.street_id])
        assert client.get(street).context["street"]["groups"][0]["value"] == "IN_SERVICE"
        fill(splitter)
        page = client.get(street)
        group = page.context["street"]["groups"][0]
        assert (group["value"], [house.number for house in group["houses"]]) == (
            "NEEDS_SURVEY",
            ["1"],
        )
        assert splitter.name not in page.content.decode()

    def test_a_street_that_does_not_exist_is_404(self, client: Client) -> None:
        assert client.get(reverse("public:street", args=[99_999])).status_code == 404

    def test_plans_are_listed_with_their_price(self, client: Client, provider: Provider) -> None:
        text = client.get(reverse("public:tariffs")).content.decode()
        assert "Дім 300" in text
        assert "300\u00a0₴" in text

    def test_a_pin_needs_no_script(self, client: Client) -> None:
        text = client.get(reverse("public:pin")).content.decode()
        assert 'name="lat"' in text
        assert 'name="lon"' in text


class TestSignIn:
    def _user(self, role: Role) -> User:
        return zones.planner(role.value.lower(), role)

    def _sign_in(self, client: Client, user: User, password: str = PASSWORD, **more: str):
        return client.post(
            reverse("accounts:sign-in"),
            {"username": user.username, "password": password, **more},
        )

    @pytest.mark.parametrize(
        ("role", "page"), [(Role.PLANNER, "/planner/"), (Role.CASHIER, "/workspace/")]
    )
    def test_the_role_decides_the_first_page(self, client: Client, role: Role, page: str) -> None:
        answer = self._sign_in(client, self._user(role))
        assert answer["Location"] == reverse("accounts:start")
        assert client.get(answer["Location"])["Location"] == page

    def test_a_page_that_was_on_the_way_is_opened_but_never_another_site(
        self, client: Client
    ) -> None:
        user = self._user(Role.OPERATOR)
        assert self._sign_in(client, user, next="/planner/")["Location"] == "/planner/"
        answer = self._sign_in(Client(), user, next="https://evil.example/")
        assert answer["Location"] == reverse("accounts:start")

    def test_a_wrong_password_and_an_unknown_name_sound_the_same(self, client: Client) -> None:
        user = self._user(Role.OPERATOR)
        wrong = self._sign_in(client, user, password="nope").content.decode()
        unknown = self._sign_in(client, User(username="nobody")).content.decode()
        assert "Немає такого імені з таким паролем" in wrong
        assert "Немає такого імені з таким паролем" in unknown

    def test_guessing_is_stopped_by_name_even_from_many_addresses(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rates = {**api_settings.DEFAULT_THROTTLE_RATES, "login": "3/min"}
        monkeypatch.setattr(api_settings, "DEFAULT_THROTTLE_RATES", rates)
        user = self._user(Role.OPERATOR)
        codes = [
            Client(REMOTE_ADDR=f"10.0.0.{n}")
            .post(reverse("accounts:sign-in"), {"username": user.username, "password": "x"})
            .status_code
            for n in range(5)
        ]
        assert codes == [200, 200, 200, 429, 429]

    def test_coming_going_and_a_new_password_are_in_the_audit_log(self, client: Client) -> None:
        user = self._user(Role.OPERATOR)
        self._sign_in(client, user)
        new = "a much longer secret"
        changed = client.post(
            reverse("accounts:password"),
            {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
        )
        assert changed.status_code == 302
        client.post(reverse("accounts:sign-out"))
        actions = AuditEntry.objects.filter(user=user).order_by("id")
        assert list(actions.values_list("action", flat=True)) == [
            "staff.session.opened",
            "staff.password.changed",
            "staff.session.closed",
        ]
        assert client.get(reverse("accounts:start")).status_code == 302

    def test_a_weak_or_mistyped_password_is_refused_beside_the_field(self, client: Client) -> None:
        self._sign_in(client, self._user(Role.OPERATOR))
        page = client.post(
            reverse("accounts:password"),
            {"old_password": "nope", "new_password1": "123", "new_password2": "124"},
        )
        text = page.content.decode()
        assert "Це не ваш теперішній пароль" in text
        assert 'aria-invalid="true"' in text

    def test_signing_out_needs_a_post(self, client: Client) -> None:
        assert client.get(reverse("accounts:sign-out")).status_code == 405


class TestErrors:
    def test_404_is_in_the_design_and_shows_the_way(self, client: Client) -> None:
        page = client.get("/nothing-here/")
        assert page.status_code == 404
        assert "Такої сторінки немає" in page.content.decode()

    def test_500_needs_no_database(
        self, rf: RequestFactory, django_assert_num_queries: object
    ) -> None:
        with django_assert_num_queries(0):  # type: ignore[operator]
            page = server_error(rf.get("/"))
        assert page.status_code == 500
        assert "У нас щось зламалося" in page.content.decode()
