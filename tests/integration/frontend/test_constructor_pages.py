"""Pages of the Tariff Constructor: refusals in place, the long what-if, who only reads."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import DraftPrice, PriceRule, TariffVersion
from billing.tariffs import constructor
from project.core import clock, jobs
from project.core.models import Job
from project.core.roles import Role
from project.wiring import wire
from tests.support import zones
from tests.support.provider import Provider, small_provider

pytestmark = pytest.mark.django_db
CODE = "home-300"


@pytest.fixture
def provider() -> Provider:
    found = small_provider()
    found.connect()
    return found


def signed_in(role: Role = Role.ACCOUNTANT) -> Client:
    client = Client()
    client.force_login(zones.planner(role.value.lower(), role))
    return client


def price(client: Client, provider: Provider, kopecks: str = "450", **changes: Any) -> Any:
    day = clock.today() + timedelta(days=1)
    values = {
        "level": "ZONE",
        "zone_id": provider.zone_id,
        "price_kopecks": kopecks,
        "valid_from": day.isoformat(),
        "draft": "1",
    }
    return client.post(reverse("workspace:price-new", args=[CODE]), values | changes)


def test_a_conflict_is_409_and_links_the_other_rule(provider: Provider) -> None:
    client = signed_in()
    assert price(client, provider, now="1", draft="").status_code == 302
    answer = price(client, provider, "500", now="1", draft="")
    other = PriceRule.objects.get(level="ZONE")
    assert answer.status_code == 409
    assert reverse("workspace:price-rule", args=[CODE, other.id]) in answer.content.decode()


def test_a_price_that_was_set_meanwhile_is_shown_before_the_draft_ends_it(
    provider: Provider,
) -> None:
    client = signed_in()
    later = (clock.today() + timedelta(days=9)).isoformat()
    assert price(client, provider, "500", valid_from=later).status_code == 302
    seen = constructor.fingerprint(tariff_id=DraftPrice.objects.get().tariff_id)
    assert price(client, provider, now="1", draft="").status_code == 302
    answer = client.post(reverse("workspace:tariff-publish", args=[CODE]), {"seen": seen})
    other = PriceRule.objects.get(level="ZONE")
    assert answer.status_code == 409
    assert reverse("workspace:price-rule", args=[CODE, other.id]) in answer.content.decode()
    assert DraftPrice.objects.count() == 1


def test_a_price_of_yesterday_is_refused_beside_its_field(provider: Provider) -> None:
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    answer = price(signed_in(), provider, now="1", valid_from=yesterday)
    assert answer.status_code == 422
    assert "valid_from" in answer.context["form"].errors


def test_what_was_published_by_another_meanwhile_is_409(provider: Provider) -> None:
    client = signed_in()
    price(client, provider)
    address = reverse("workspace:tariff-publish", args=[CODE])
    seen = client.get(address).context["draft"].seen
    price(client, provider, "460")
    assert client.post(address, {"seen": seen}).status_code == 409
    assert DraftPrice.objects.count() == 1
    fresh = client.get(address).context["draft"].seen
    assert client.post(address, {"seen": fresh}).status_code == 302
    assert client.post(address, {"seen": fresh}).status_code == 409
    assert PriceRule.objects.filter(level="ZONE").count() == 1


def test_the_map_tells_prices_and_holes(provider: Provider) -> None:
    client = signed_in()
    answer = client.get(reverse("workspace:price-features", args=[CODE]))
    (feature,) = json.loads(answer.content)["features"]
    assert feature["properties"]["price"] == "300,00\u00a0₴"
    ladder = client.get(reverse("workspace:price-ladder", args=[CODE]), {"lat": "95", "lon": "36"})
    assert ladder.status_code == 400


def test_a_long_what_if_is_a_job_and_says_the_same(provider: Provider, settings: Any) -> None:
    client = signed_in()
    price(client, provider)
    address = reverse("workspace:tariff-what-if", args=[CODE])
    at_once = client.get(address).context["found"].report
    settings.GEOBILL_WHAT_IF_AT_ONCE = 0
    assert client.get(address).context["count"] == 1
    assert client.post(address).status_code == 302
    wire()
    jobs.run_waiting(now=clock.now)
    job = Job.objects.get()
    assert (job.state, job.done, job.total) == ("DONE", 1, 1)
    page = client.get(reverse("workspace:what-if", args=[job.id]))
    assert page.context["found"].report == at_once
    zones_of = client.get(reverse("workspace:what-if", args=[job.id]), {"zones": "1"})
    assert json.loads(zones_of.content)["features"][0]["properties"]["zone_id"] == provider.zone_id


def test_a_what_if_that_lost_its_draft_meanwhile_ends_with_a_word(
    provider: Provider, settings: Any
) -> None:
    client = signed_in()
    price(client, provider)
    settings.GEOBILL_WHAT_IF_AT_ONCE = 0
    client.post(reverse("workspace:tariff-what-if", args=[CODE]))
    client.post(reverse("workspace:tariff-drop", args=[CODE]))
    wire()
    jobs.run_waiting(now=clock.now)
    job = Job.objects.get()
    assert job.state == "FAILED"
    assert "чернетки" in job.error


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.CASHIER])
def test_who_only_reads_changes_nothing(provider: Provider, role: Role) -> None:
    client = signed_in(role)
    assert price(client, provider).status_code == 403
    rule = PriceRule.objects.get()
    page = client.get(reverse("workspace:price-rule", args=[CODE, rule.id]))
    assert page.status_code == 200
    assert "last_date" not in page.content.decode()
    ended = client.post(
        reverse("workspace:price-rule", args=[CODE, rule.id]), {"last_date": "2027-01-01"}
    )
    assert ended.status_code == 403


def test_a_planner_draws_up_prices_and_another_person_publishes_them(provider: Provider) -> None:
    planner, accountant = signed_in(Role.PLANNER), signed_in(Role.ACCOUNTANT)
    assert price(planner, provider).status_code == 302
    seen = constructor.fingerprint(tariff_id=DraftPrice.objects.get().tariff_id)
    publish = reverse("workspace:tariff-publish", args=[CODE])
    rule = PriceRule.objects.get()
    for refused in (
        price(planner, provider, now="1", draft=""),
        planner.get(publish),
        planner.post(publish, {"seen": seen}),
        planner.post(reverse("workspace:tariff-names", args=[CODE]), {"archive": "1"}),
        planner.post(
            reverse("workspace:price-rule", args=[CODE, rule.id]), {"last_date": "2027-01-01"}
        ),
        planner.post(reverse("workspace:discounts"), {"percent": "10"}),
    ):
        assert refused.status_code == 403
    drafting = reverse("workspace:price-new", args=[CODE])
    assert 'name="now"' not in planner.get(drafting).content.decode()
    assert 'name="now"' in accountant.get(drafting).content.decode()
    page = reverse("workspace:tariff", args=[CODE])
    assert publish not in planner.get(page).content.decode()
    assert accountant.post(publish, {"seen": seen}).status_code == 302
    assert PriceRule.objects.filter(level="ZONE").count() == 1


def test_terms_come_back_with_what_was_typed(provider: Provider) -> None:
    client = signed_in()
    address = reverse("workspace:tariff-terms", args=[CODE])
    shown = client.get(address).context["form"].initial
    typed = {
        name: value for name, value in shown.items() if value is not None and value is not False
    }
    typed |= {"burst_down_bit_s": "10", "burst_up_bit_s": "10", "burst_s": "5"}
    answer = client.post(address, typed)
    assert answer.status_code == 422
    assert "burst_down_bit_s" in answer.context["form"].errors
    typed |= {"burst_down_bit_s": "900", "burst_up_bit_s": "900"}
    assert client.post(address, typed).status_code == 302
    draft = TariffVersion.objects.get(published_at=None)
    assert (draft.burst_down_bit_s, draft.burst_s) == (900_000_000, 5)
    assert constructor.fingerprint(tariff_id=draft.tariff_id)


FAR_DAYS = ["9999-12-31", "2200-01-01", "0001-01-01"]


@pytest.mark.parametrize("far", FAR_DAYS)
def test_a_day_beyond_the_calendar_is_refused_beside_its_field(
    provider: Provider, far: str
) -> None:
    client = signed_in()
    discount = {"name_uk": "Знижка", "name_en": "Discount", "percent": "10"}
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    answers = [
        price(client, provider, valid_until=far),
        price(client, provider, valid_from=far),
        client.post(
            reverse("workspace:discounts"), discount | {"valid_from": tomorrow, "last_date": far}
        ),
    ]
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert all("Перевірте рік." in answer.content.decode() for answer in answers)
    assert not DraftPrice.objects.exists()
    assert price(client, provider, now="1", draft="").status_code == 302
    rule = PriceRule.objects.get(level="ZONE")
    path = reverse("workspace:price-rule", args=[CODE, rule.id])
    assert client.post(path, {"last_date": far}).status_code == 422


@pytest.mark.parametrize("far", FAR_DAYS)
def test_a_what_if_from_a_day_beyond_the_calendar_is_answered(provider: Provider, far: str) -> None:
    client = signed_in()
    assert price(client, provider).status_code == 302
    path = reverse("workspace:tariff-what-if", args=[CODE])
    assert client.get(path, {"existing_from": far}).status_code in {200, 422}


JUNK = [
    "\x00",
    "-1",
    "9" * 25,
    "9999-12-31",
    "0001-01-01",
    "ї\u202e",
    "' OR 1=1 --",
    "1e400",
    "nan",
]
READ = [
    "tariff", "tariff-names", "tariff-terms", "tariff-publish", "price-new", "price-copy",
    "price-map", "price-features", "price-ladder", "tariff-what-if",
]  # fmt: skip
ASKED = [
    "on", "network", "segment", "draft", "zone", "unit", "lon", "lat", "existing_from", "zones",
    "tariff", "unit_text", "from_tariff",
]  # fmt: skip
WRITTEN = [
    "level", "zone_id", "admin_unit_id", "network_type", "segment", "price_kopecks", "percent",
    "connection_fee_kopecks", "valid_from", "valid_until", "last_date", "rules", "zones", "copy",
    "admin_units", "segments", "round_to", "amount_kopecks", "tariff_id", "from_date", "contracts",
    "from_tariff_id", "name_uk", "name_en", "sort", "code", "service_type", "applies_from",
    "applies_existing_from", "charge_type", "burst_s", "night_from", "pause_max_days", "seen",
    "existing_from", "price", "do", "vat_percent", "revenue_account_code", "speed_down_bit_s",
]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK)
def test_hostile_questions_and_forms_are_answered(provider: Provider, junk: str) -> None:
    client = signed_in()
    assert price(client, provider).status_code == 302
    pages = [reverse(f"workspace:{name}", args=[CODE]) for name in READ]
    pages += [reverse(f"workspace:{name}") for name in ("units", "discounts", "plan-batch-new")]
    asked = dict.fromkeys(ASKED, junk)
    written = dict.fromkeys(WRITTEN, junk)
    answers = [client.get(path, asked) for path in pages]
    answers += [
        client.get(path, asked | {"draft": "1", "lon": "30", "lat": "50"}) for path in pages
    ]
    forms = [*pages, reverse("workspace:tariff-new"), reverse("workspace:tariff-drop", args=[CODE])]
    answers += [client.post(path, written) for path in forms]
    right = {"name_uk": "Н", "name_en": "N", "from_date": "2026-12-01", "percent": "10"}
    answers += [client.post(path, written | right) for path in forms]
    failed = [(a.request["PATH_INFO"], a.status_code) for a in answers if a.status_code >= 500]
    assert failed == []
    assert not PriceRule.objects.filter(level="ZONE").exists()
    assert not TariffVersion.objects.filter(published_at__isnull=True).exists()
