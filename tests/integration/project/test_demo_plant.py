"""The demonstration has a plant, and its services stand on ports."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from billing.models import Subscription
from coverage.models import PlantNode, PlantPort
from coverage.plant import queries
from project import demo

pytestmark = pytest.mark.django_db


def test_services_of_the_demonstration_stand_on_ports_of_its_plant() -> None:
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    fixtures = Path(settings.BASE_DIR) / "fixtures"
    assert demo.load(at=at, fixtures=fixtures, password="demo-demo-demo", say=lambda _line: None)
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
