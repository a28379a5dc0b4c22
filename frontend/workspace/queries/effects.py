"""What an action will do, found out by doing it and taking it back.

The operation itself runs inside a transaction that is rolled back: what is shown before is what
happens after, by the same code. Nothing leaves the transaction (tasks wait for a commit that never
comes), and the account's row is locked only as long as this takes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from billing.charging import queries as charging_queries
from billing.ledger import queries as ledger_queries
from billing.models import Subscription, Tariff, TariffVersion
from billing.subscriptions import queries as subscription_queries
from billing.subscriptions.creation import NotSoldHereError, resolve_for
from billing.subscriptions.queries import ServiceRow
from billing.tariffs.queries import LONGEST_MONTH_DAYS
from frontend.workspace.queries import statement
from network import queries as network_queries
from project.core.errors import DomainError, NotFoundError

MAX_NEW_LINES = 100


@dataclass(frozen=True, slots=True)
class Moment:
    """A service with its contract's money at one moment."""

    row: ServiceRow
    access: str
    balance_kopecks: int
    paid_until: date | None

    @property
    def state(self) -> str:
        """The state as the states' table knows it."""
        if self.row.state == "BLOCKED":
            return self.row.block_reasons[0]
        return "ACTIVE" if self.row.state == "ON" else str(self.row.state)


@dataclass(frozen=True, slots=True)
class Effect:
    """Old and new, and the statement's lines that the action writes; or why it is refused."""

    before: Moment
    after: Moment | None
    lines: Sequence[statement.Line]
    refusal: DomainError | None

    @property
    def difference_kopecks(self) -> int:
        """What the action does to the balance."""
        return self.after.balance_kopecks - self.before.balance_kopecks if self.after else 0


def effect_of(*, service: Subscription, do: Callable[[], object], on_date: date) -> Effect:
    """The effect of `do` on the service; nothing stays changed."""
    before = moment(service=service, on_date=on_date)
    last = _last_seq(service.account_id)
    try:
        with transaction.atomic():
            do()
            after = moment(service=service, on_date=on_date)
            written = ledger_queries.statement(account_id=service.account_id, limit=MAX_NEW_LINES)
            lines = statement.with_causes([line for line in written if line.seq > last])
            transaction.set_rollback(True)
    except DomainError as error:
        return Effect(before=before, after=None, lines=(), refusal=error)
    return Effect(before=before, after=after, lines=lines, refusal=None)


def _last_seq(account_id: int) -> int:
    last = ledger_queries.statement(account_id=account_id, limit=1)
    return last[0].seq if last else 0


def row_of(*, service: Subscription, on_date: date) -> ServiceRow:
    """The service as lists show it; raises NotFoundError."""
    for row in subscription_queries.card(account_ids=[service.account_id], on_date=on_date):
        if row.id == service.id:
            return row
    raise NotFoundError


def moment(*, service: Subscription, on_date: date) -> Moment:
    """The service as it is now."""
    access = network_queries.access_of(subscription_ids=[service.id]).get(service.id)
    return Moment(
        row=row_of(service=service, on_date=on_date),
        access=access.state if access else "",
        balance_kopecks=ledger_queries.balance_kopecks(account_id=service.account_id),
        paid_until=charging_queries.paid_until(account_id=service.account_id, on_date=on_date),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """A tariff that the service may get, with its price at the service's place.

    `difference_kopecks`: beside the present tariff; of an add-on for some days, the least price of
    a day.
    """

    tariff: Tariff
    price_kopecks: int
    speed_down_bit_s: int | None
    difference_kopecks: int


def boost_choices(*, service: Subscription, row: ServiceRow, on_date: date) -> list[Choice]:
    """Add-ons that are sold at the service's place and charged by the day; prices a month."""
    tariffs = Tariff.objects.filter(service_type="ADDITIONAL", archived_at__isnull=True)
    found = _sold_there(tariffs, service=service, row=row, on_date=on_date)
    return [
        Choice(tariff, price, version.speed_down_bit_s, price // LONGEST_MONTH_DAYS)
        for tariff, price, version in found
        if version.charge_type == TariffVersion.ChargeType.DAILY
    ]


def tariff_choices(*, service: Subscription, row: ServiceRow, on_date: date) -> list[Choice]:
    """Tariffs of the same kind that are sold at the service's place, the cheapest first."""
    tariffs = Tariff.objects.filter(
        service_type=row.service_type, is_public=True, archived_at__isnull=True
    ).exclude(id=row.tariff_id)
    found = _sold_there(tariffs, service=service, row=row, on_date=on_date)
    return [
        Choice(tariff, price, version.speed_down_bit_s, price - row.price_kopecks)
        for tariff, price, version in found
    ]


def _sold_there(
    tariffs: Iterable[Tariff], *, service: Subscription, row: ServiceRow, on_date: date
) -> list[tuple[Tariff, int, TariffVersion]]:
    """Those with a price at the service's place, the cheapest first."""
    sold = []
    for tariff in tariffs:
        try:
            found = resolve_for(
                tariff_id=tariff.id,
                network_type=service.network_type,
                zone_id=row.zone_id,
                locality_id=service.building.locality_id,
                segment=service.segment,
                on_date=on_date,
            )
        except NotSoldHereError:
            continue
        assert found.version is not None
        assert found.price_kopecks is not None
        sold.append((tariff, found.price_kopecks, found.version))
    return sorted(sold, key=lambda one: one[1])
