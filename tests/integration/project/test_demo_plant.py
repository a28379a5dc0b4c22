"""The demonstration has a plant, and its services stand on ports."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from billing.ledger.verification import verify
from billing.models import Subscription
from billing.payments import links
from billing.payments.models import MerchantAccount, Payment
from coverage.models import PlantNode, PlantPort
from coverage.plant import queries
from project import demo, demo_payments

pytestmark = pytest.mark.django_db


def test_services_of_the_demonstration_stand_on_ports_of_its_plant() -> None:
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    fixtures = Path(settings.BASE_DIR) / "fixtures"
    site = "http://127.0.0.1:8090"
    assert demo.load(
        at=at, fixtures=fixtures, password="demo-demo-demo", site=site, say=lambda _line: None
    )
    its_payment_systems_are_played(at)
    kinds = list(PlantNode.objects.values_list("kind", flat=True))
    assert (kinds.count("POP"), kinds.count("OLT")) == (1, 2)
    assert kinds.count("SWITCH") + kinds.count("SPLITTER") >= 40
    services = Subscription.objects.filter(parent__isnull=True, state="ACTIVE")
    on_ports = PlantPort.objects.filter(subscription_ref__in=services.values("id"))
    assert on_ports.count() >= services.count() // 2
    for port in on_ports.select_related("node"):
        service = services.get(id=port.subscription_ref or 0)
        assert (port.state, port.building_id) == ("IN_USE", service.building_id)
        assert port.node.network_type == service.network_type
    assert sum(load.is_full for load in queries.loads().values()) >= 2


def its_payment_systems_are_played(at: datetime) -> None:
    """A visitor can pay at each of them, also after the simulator has moved."""
    assert demo_payments.played() == ["monobank", "platon", "privat24", "ibox"]
    assert Payment.objects.filter(channel="IBOX", state="CONFIRMED").count() >= 10
    link = demo_payments.pay_link()
    code = link.partition("/pay/")[2].partition("?")[0]
    demo_payments.move(at=at, site="http://127.0.0.1:8099")
    ways = {way.title: way.url for way in links.ways(account_code=code)}
    assert set(ways) == {"monobank", "Platon", "Privat24", "iBox"}
    assert ways["iBox"] == f"http://127.0.0.1:8099/ibox/?account={code}"
    row = MerchantAccount.objects.get(provider="monobank")
    assert (row.base_url, row.slug) == ("http://127.0.0.1:8099/monobank", "demo")
    assert verify().problems == []
