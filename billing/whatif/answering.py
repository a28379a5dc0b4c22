"""A what-if answered in parts of the accounts: two statements a part, whatever is in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from billing.calendar import ONE_DAY, kyiv_date
from billing.tariffs.models import Discount
from billing.tariffs.price_map import rules_of
from billing.tariffs.resolution import PricePlace, RuleFacts, climb
from billing.whatif import sql
from billing.whatif.hypotheses import Hypothesis
from billing.whatif.reports import SHOWN, AccountLine, Report, ZoneLine
from coverage import queries as coverage_queries

PART_ACCOUNTS = 20_000
MOVED_COLUMNS = (
    "moved_versions", "moved_zones", "moved_networks", "moved_segments", "moved_localities",
    "moved_prices",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """Accounts by id, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Priced:
    """The new price of each place, as columns; None: not sold there.

    `moved`: the old ones that terms published before will have brought until then, by version.
    """

    zones: Sequence[int]
    networks: Sequence[str]
    segments: Sequence[str]
    localities: Sequence[int]
    prices: Sequence[int | None]
    moved: Mapping[str, Sequence[Any]]


def count_services(*, hypothesis: Hypothesis) -> int:
    """How many services it touches."""
    return int(_rows(hypothesis, sql.COUNT)[0][0])


def parts(*, hypothesis: Hypothesis, size: int = PART_ACCOUNTS) -> list[Part]:
    """The touched accounts in ranges of so many."""
    return [Part(*row) for row in _rows(hypothesis, sql.PARTS, size=size)]


def answer(*, hypothesis: Hypothesis, at: datetime, size: int = PART_ACCOUNTS) -> Report:
    """The whole answer at once; a few seconds for a hundred thousand services."""
    report = Report()
    priced = price_places(hypothesis=hypothesis)
    for part in parts(hypothesis=hypothesis, size=size):
        add_part(report, hypothesis=hypothesis, priced=priced, part=part, at=at)
    return report


def price_places(*, hypothesis: Hypothesis) -> Priced:
    """Each place where a touched service stands, priced once by the ladder that sells."""
    ladder = _Ladder()
    rows = _rows(hypothesis, sql.PLACES)
    prices = [ladder.price(hypothesis.rules, *row, on_date=hypothesis.on_date) for row in rows]
    moved: list[tuple[Any, ...]] = []
    rules: dict[int, list[RuleFacts]] = {}
    for version_id, tariff_id, from_date, *place in _rows(hypothesis, sql.MOVED_PLACES):
        if tariff_id not in rules:
            rules[tariff_id] = rules_of(tariff_id=tariff_id, with_draft=False)
        price = ladder.price(rules[tariff_id], *place, on_date=from_date)
        moved.append((version_id, *place, price))
    return Priced(
        zones=[row[0] for row in rows],
        networks=[row[1] for row in rows],
        segments=[row[2] for row in rows],
        localities=[row[3] for row in rows],
        prices=prices,
        moved={name: [row[number] for row in moved] for number, name in enumerate(MOVED_COLUMNS)},
    )


class _Ladder:
    """Prices of places; the administrative units of a locality are read once."""

    def __init__(self) -> None:
        self._chains: dict[int, tuple[int, ...]] = {}

    def price(
        self,
        rules: Sequence[RuleFacts],
        zone_id: int,
        network: str,
        segment: str,
        locality: int,
        *,
        on_date: date,
    ) -> int | None:
        if locality not in self._chains:
            self._chains[locality] = tuple(coverage_queries.admin_chain(admin_unit_id=locality))
        place = PricePlace(
            network_type=network,
            zone_ids_by_network={network: zone_id} if zone_id else {},
            admin_chain=self._chains[locality],
            segment=segment,
        )
        rule, _rungs = climb(rules=rules, place=place, on_date=on_date)
        return rule.price_kopecks if rule else None


def add_part(
    report: Report, *, hypothesis: Hypothesis, priced: Priced, part: Part, at: datetime
) -> None:
    """One part of the accounts added to the report."""
    today = kyiv_date(at)
    values = {
        "first_account": part.first,
        "last_account": part.last,
        "zones": list(priced.zones),
        "networks": list(priced.networks),
        "segments": list(priced.segments),
        "localities": list(priced.localities),
        "prices": list(priced.prices),
        **priced.moved,
        "tomorrow": today + ONE_DAY,
        "has_discounts": _has_discounts(hypothesis.on_date),
        "shown": SHOWN,
    }
    for row in _rows(hypothesis, sql.BY_ZONE, **values):
        report.add_zone(ZoneLine(*row))
    sums: tuple[int, ...] | None = None
    lines = []
    for row in _rows(hypothesis, sql.BY_ACCOUNT, **values):
        *line, n, first_before, first_after, short_first, short_month = row
        lines.append(AccountLine(*line))
        sums = (n, int(first_before), int(first_after), short_first, short_month)
    if sums is not None:
        report.add_accounts(sums=sums, lines=lines)


def _has_discounts(on_date: date) -> bool:
    return Discount.objects.filter(valid__contains=on_date).exists()


def _rows(hypothesis: Hypothesis, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    given = {
        **hypothesis.values,
        **values,
        "tariff_id": hypothesis.tariff_id,
        "on_date": hypothesis.on_date,
        "charge_type": hypothesis.charge_type,
        "credit": hypothesis.credit_kopecks,
        "gives_back": hypothesis.gives_back,
        "keeps_unsold": hypothesis.keeps_unsold,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.replace("{touched}", hypothesis.touched), given)
        return list(cursor.fetchall())


def each_part(
    report: Report, *, hypothesis: Hypothesis, at: datetime, after: int = 0
) -> Iterator[Part]:
    """Answer part by part, those behind account `after`; each is yielded once it is added."""
    priced = price_places(hypothesis=hypothesis)
    for part in parts(hypothesis=hypothesis):
        if part.first > after:
            add_part(report, hypothesis=hypothesis, priced=priced, part=part, at=at)
            yield part
