"""A small provider for tests: one city, one zone in service, one building in it and one outside."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from billing.ledger import operations as ledger
from billing.tariffs import operations as tariff_operations
from billing.tariffs.models import Tariff
from coverage import operations as coverage
from coverage.answers import CheckResult
from coverage.models import Building
from crm import operations as crm
from project.core.actor import SYSTEM
from project.core.roles import Permission
from tests.support import zones

AT = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
ON_DATE = date(2026, 11, 10)
PHONE = "067 123 45 67"


@dataclass
class Provider:
    """What the tests of the upper apps need; ids of what `small_provider` made."""

    zone_id: int
    building: Building
    outside: Building
    tariff: Tariff
    permissions: set[Permission] = field(default_factory=lambda: {Permission.SERVICES_CREATE})

    def check(self, building: Building | None = None, at: datetime = AT) -> CheckResult:
        """A stored availability check of a building."""
        return coverage.check_availability(
            at=at, channel="OPERATOR", actor=SYSTEM, building_id=(building or self.building).id
        )

    def connect(self, **changes: Any) -> crm.Connected:
        """Sell the tariff to a new customer in the covered building."""
        building = changes.pop("building", self.building)
        values: dict[str, Any] = {
            "at": AT,
            "on_date": ON_DATE,
            "actor": SYSTEM,
            "permissions": self.permissions,
            "building_id": building.id,
            "unit": "12",
            "tariff_id": self.tariff.id,
            "network_type": "GPON",
            "check_id": self.check(building).check_id,
            "new_customer": crm.NewCustomer(full_name="Оксана Коваленко", phone=PHONE),
        }
        return crm.connect(**values | changes)


def small_provider(
    *,
    price_kopecks: int = 30_000,
    charge_type: str = "DAILY",
    east: float = 0,
    code: str = "home-300",
) -> Provider:
    """One GPON zone in service since AT, one daily tariff sold everywhere.

    `east` moves all of it that many steps of the grid, away from the ground of other tests,
    and `code` names the tariff: tests that share a database give one of their own.
    """
    ledger.ensure_partitions(from_date=date(2026, 10, 1), until_date=date(2027, 3, 1))
    city = zones.locality()
    city.path = f"/{city.id}/"
    city.save()
    inside = zones.building(east + 5, 5, city)
    outside = zones.building(east + 50, 50, city)
    zone = zones.published(zones.actor(zones.planner()), zones.square(east, 0), at=AT)
    tariff = Tariff.objects.create(
        code=code, service_type="INTERNET", name_uk="Дім 300", name_en="Home 300"
    )
    tariff_operations.publish_version(
        at=AT,
        actor=SYSTEM,
        tariff_id=tariff.id,
        applies_from=date(2026, 1, 1),
        terms=tariff_operations.Terms(
            charge_type=charge_type,
            revenue_account_code="revenue:internet",
            speed_down_bit_s=300_000_000,
            speed_up_bit_s=300_000_000,
        ),
    )
    tariff_operations.set_price(
        at=AT,
        actor=SYSTEM,
        tariff_id=tariff.id,
        price_kopecks=price_kopecks,
        valid_from=date(2026, 1, 1),
    )
    return Provider(zone_id=zone.zone_id, building=inside, outside=outside, tariff=tariff)
