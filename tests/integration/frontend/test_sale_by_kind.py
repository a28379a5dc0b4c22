"""A kind of client has prices of its own, and the operator who sells says which kind it is."""

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Subscription
from billing.tariffs import operations as tariffs
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import zones
from tests.support.provider import AT, Provider, small_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> Provider:
    made = small_provider()
    tariffs.set_price(
        at=AT,
        actor=SYSTEM,
        tariff_id=made.tariff.id,
        price_kopecks=99_000,
        valid_from=AT.date(),
        segment="бізнес",
    )
    return made


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(zones.planner("operator", Role.OPERATOR))
    return client


def page(client: Client, name: str, **asked: object) -> str:
    answer = client.get(reverse(f"workspace:{name}"), asked)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def sale(provider: Provider, **more: object) -> dict[str, object]:
    return {
        "building": provider.building.id,
        "who": "new",
        "contact_name": "ТОВ «Млин»",
        "contact_phone": "067 123 45 67",
        "plan": f"{provider.tariff.id}:GPON",
        "token": uuid.uuid4(),
        **more,
    }


def test_the_page_shows_the_prices_of_the_chosen_kind(operator: Client, provider: Provider) -> None:
    building = provider.building.id
    ordinary = page(operator, "service-new", building=building)
    business = page(operator, "service-new", building=building, segment="бізнес")
    assert "300 ₴" in ordinary.replace("\u00a0", " ")
    assert "990 ₴" not in ordinary.replace("\u00a0", " ")
    assert "990 ₴" in business.replace("\u00a0", " ")
    assert 'name="segment" value="бізнес"' in business
    assert re.search(r'segment=[^"]*"[^>]*aria-current="page">бізнес<', business)
    plan = f"{provider.tariff.id}:GPON"
    effect = page(operator, "service-effect", building=building, plan=plan, segment="бізнес")
    assert "990" in effect


@pytest.mark.parametrize(("kind", "kopecks"), [("", 30_000), ("бізнес", 99_000)])
def test_what_is_sold_has_the_kind_and_its_price(
    operator: Client, provider: Provider, kind: str, kopecks: int
) -> None:
    answer = operator.post(reverse("workspace:service-new"), sale(provider, segment=kind))
    assert answer.status_code == 302
    sold = Subscription.objects.get()
    assert sold.segment == kind
    assert sold.spans.get().sold_price_kopecks == kopecks


@pytest.mark.parametrize("kind", ["нема такої", "x" * 3000, "\x00", "%{User-Name}"])
def test_a_kind_that_nothing_names_is_an_ordinary_client(
    operator: Client, provider: Provider, kind: str
) -> None:
    page(operator, "service-new", building=provider.building.id, segment=kind)
    answer = operator.post(reverse("workspace:service-new"), sale(provider, segment=kind))
    assert answer.status_code == 302
    assert Subscription.objects.get().segment == ""


def test_a_refused_form_keeps_the_kind(operator: Client, provider: Provider) -> None:
    wrong = sale(provider, segment="бізнес", contact_name="")
    answer = operator.post(reverse("workspace:service-new"), wrong)
    assert answer.status_code == 422
    assert 'name="segment" value="бізнес"' in answer.content.decode()


def test_without_prices_by_kind_nobody_is_asked(operator: Client) -> None:
    provider = small_provider()
    assert "Категорія клієнта" not in page(operator, "service-new", building=provider.building.id)
