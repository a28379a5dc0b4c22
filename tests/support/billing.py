"""Makers for tests of billing: a city with two zones, tariffs, accounts, services, passing days."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from billing.calendar import KYIV
from billing.charging import operations as charging
from billing.charging.operations import RunReport
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payments
from billing.payments.models import Payment
from billing.subscriptions import operations as subscriptions
from billing.subscriptions.models import Block, ChargeState
from billing.tariffs import operations as tariffs
from coverage import operations as coverage
from coverage.models import AdminUnit, Building
from project.core.actor import Actor, ActorKind
from tests.support import zones

CASHIER = Actor(kind=ActorKind.STAFF, label="Марія, каса")
START = date(2026, 1, 1)
_number = count(100_001)


def moment(day: date, hour: int = 0, minute: int = 5) -> datetime:
    """A moment of that day in Kyiv; the daily run's by default."""
    return datetime.combine(day, time(hour, minute), tzinfo=KYIV)


@dataclass
class World:
    """A city with a GPON zone (0..10) and a planned FTTB zone beside it, and people to sell to."""

    city: AdminUnit
    building: Building
    outside: Building
    zone_id: int
    other_zone_id: int

    def tariff(
        self,
        *,
        price: int | None = 30_000,
        charge_type: str = "DAILY",
        service_type: str = "INTERNET",
        fee: int = 0,
        code: str = "",
        from_date: date = START,
        **terms: Any,
    ) -> int:
        """A tariff with one version and (unless None) a price everywhere; its id."""
        code = code or f"tariff-{next(_number)}"
        tariff_id = tariffs.define_tariff(
            at=moment(from_date),
            actor=CASHIER,
            code=code,
            service_type=service_type,
            name_uk=f"Тариф {code}",
            name_en=f"Tariff {code}",
        )
        wanted = {"revenue_account_code": f"revenue.{code}", "speed_down_bit_s": 100_000_000}
        tariffs.publish_version(
            at=moment(from_date),
            actor=CASHIER,
            tariff_id=tariff_id,
            applies_from=from_date,
            terms=tariffs.Terms(charge_type=charge_type, **(wanted | terms)),
        )
        if price is not None:
            self.price(tariff_id, price, valid_from=from_date, connection_fee_kopecks=fee)
        return tariff_id

    def price(self, tariff_id: int, kopecks: int, **values: Any) -> int:
        """One more price rule; its id."""
        wanted = {"valid_from": START, "at": moment(START), "actor": CASHIER}
        return tariffs.set_price(tariff_id=tariff_id, price_kopecks=kopecks, **(wanted | values))

    def account(self, *, kopecks: int = 0, on_date: date = START) -> int:
        """A client's account, with some money on it from before."""
        account_id = ledger.open_account(
            at=moment(START), code=str(next(_number)), kind="SUBSCRIBER", holder_name="Клієнт"
        )
        if kopecks:
            self.pay(account_id, kopecks, on_date)
        return account_id

    def sell(
        self, account_id: int, tariff_id: int, on_date: date, *, hour: int = 11, **values: Any
    ) -> int:
        """Sell a service in the covered building and charge it first; its id."""
        wanted: dict[str, Any] = {
            "at": moment(on_date, hour),
            "on_date": on_date,
            "actor": CASHIER,
            "account_id": account_id,
            "building_id": self.building.id,
            "unit": "12",
            "tariff_id": tariff_id,
            "network_type": "GPON",
        }
        wanted |= values
        if "check_id" not in wanted:
            wanted["check_id"] = self.check(wanted["building_id"], wanted["at"])
        charge = wanted.pop("charge", True)
        subscription_id = subscriptions.create(**wanted)
        if charge:
            charging.charge_first(
                subscription_ids=[subscription_id],
                on_date=on_date,
                at=wanted["at"],
                actor=CASHIER,
            )
        return subscription_id

    def check(self, building_id: int, at: datetime) -> int:
        """A stored check of a building; its id."""
        return coverage.check_availability(
            at=at, channel="OPERATOR", actor=CASHIER, building_id=building_id
        ).check_id

    def pay(self, account_id: int, kopecks: int, on_date: date, *, hour: int = 12) -> Payment:
        """Cash at the desk."""
        return payments.accept_cash(
            at=moment(on_date, hour),
            on_date=on_date,
            actor=CASHIER,
            account_id=account_id,
            amount_kopecks=kopecks,
            comment="",
            idempotency_key=f"form-{next(_number)}",
        )

    def day(self, on_date: date, *, at: datetime | None = None, **options: Any) -> RunReport:
        """The daily run of that date, at five past midnight."""
        return charging.run(on_date=on_date, at=at or moment(on_date), actor=CASHIER, **options)

    def days(self, first: date, last: date) -> None:
        """The daily runs from one date to another, both included."""
        day = first
        while day <= last:
            self.day(day)
            day += timedelta(days=1)


def statement(account_id: int) -> list[tuple[str, str, int]]:
    """The account's statement, oldest first: (day.month, what, kopecks)."""
    lines = ledger_queries.statement(account_id=account_id, limit=1000)
    return [
        (f"{line.value_date:%d.%m}", line.charge_code or line.kind, line.amount_kopecks)
        for line in reversed(lines)
    ]


def golden(account_id: int) -> str:
    """The whole statement as a client reads it, oldest first: day, what, amount, balance."""
    lines = ledger_queries.statement(account_id=account_id, limit=1000)
    return "\n".join(
        f"{line.value_date:%d.%m.%y} {line.charge_code or line.kind:<10}"
        f" {line.amount_kopecks / 100:+9.2f} {line.balance_after_kopecks / 100:9.2f}"
        for line in reversed(lines)
    )


def reads(account_id: int, expected: str) -> None:
    """The whole statement is this one, whatever the spaces."""
    lines = [" ".join(line.split()) for line in expected.strip().splitlines()]
    assert [" ".join(line.split()) for line in golden(account_id).splitlines()] == lines


def balance(account_id: int) -> int:
    """Kopecks on the account."""
    return ledger_queries.balance_kopecks(account_id=account_id)


def blocks(subscription_id: int) -> set[str]:
    """Reasons for which the service is off now."""
    rows = Block.objects.filter(subscription_id=subscription_id, until_at__isnull=True)
    return set(rows.values_list("reason", flat=True))


def charged_until(subscription_id: int) -> date | None:
    """Half-open: the first day that is not charged."""
    return ChargeState.objects.get(subscription_id=subscription_id).charged_until


def admin_unit(name: str, parent: AdminUnit | None = None, category: str = "CITY") -> AdminUnit:
    """An administrative unit with its path of ids, as the importer makes it."""
    number = next(_number)
    unit = AdminUnit.objects.create(
        id=number,
        category=category,
        name=name,
        search_key=name.lower(),
        parent=parent,
        path=f"{parent.path if parent else '/'}{number}/",
        depth=parent.depth + 1 if parent else 0,
    )
    return unit


def small_world() -> World:
    """The city, its zones in service since the start, and room in the ledger for 2026 and 2027."""
    ledger.ensure_partitions(from_date=START, until_date=date(2028, 1, 1))
    city = admin_unit("Харків")
    who = zones.actor(zones.planner())
    zone = zones.published(who, zones.square(0, 0), at=moment(START), code="test-gpon")
    other = zones.published(
        who,
        zones.square(0, 0),
        at=moment(START),
        code="test-fttb",
        network_type="FTTB",
        status="PLANNED",
        planned_for_date=date(2027, 3, 1),
    )
    inside, outside = zones.building(5, 5, city), zones.building(50, 50, city)
    coverage.rebuild_building_coverage(building_ids=[inside.id, outside.id])
    return World(
        city=city,
        building=inside,
        outside=outside,
        zone_id=zone.zone_id,
        other_zone_id=other.zone_id,
    )
