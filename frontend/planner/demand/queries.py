"""The demand map put together: wishes of coverage, requests of crm, prices of billing. Reads only.

A request weighs as much as five failed questions and a planned answer half of one: who has left a
number will sign, who was told "in spring" is already on the list of works.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from billing.tariffs.forecast import Forecast, offers_if_built
from coverage import queries as coverage
from coverage.demand.ground import Ground
from coverage.demand.wanted import DemandFilter, Kind
from coverage.demand.wishes import Wish
from coverage.models import NetworkType
from crm import queries as crm
from project.core.clock import KYIV

POINTS_REQUEST, POINTS_FAILED, POINTS_PLANNED = 10, 2, 1
MAX_CELLS = 2_000  # drawn
MAX_RANKED = 60  # in the list, with what stands there
RISE, LEAST_CHANGE = 1.25, 2
STEPS = ("week", "month")


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who waits: a wish, and whether it is a request for connection."""

    wish: Wish
    is_request: bool

    @property
    def points(self) -> int:
        """Its weight in the ranking."""
        if self.is_request:
            return POINTS_REQUEST
        return POINTS_FAILED if self.wish.kind is Kind.FAILED else POINTS_PLANNED


@dataclass(frozen=True, slots=True)
class Tally:
    """How many households wait, and how."""

    requests: int = 0
    failed: int = 0
    planned: int = 0
    points: int = 0

    @property
    def wishes(self) -> int:
        """All together."""
        return self.requests + self.failed + self.planned


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell of the map: its tally, the tally of each bucket of time, what stands there.

    `trend`: RISING, FALLING, STEADY. `ground` and `price_kopecks` are known for the first
    MAX_RANKED cells; `price_kopecks` is the least monthly price that would apply, None where no
    price is set. `income_kopecks`: a month's, if all who asked became clients at that price.
    """

    cell: str
    tally: Tally
    buckets: tuple[int, ...]
    trend: str
    ground: Ground | None = None
    place: str = ""
    locality: str = ""
    price_kopecks: int | None = None

    @property
    def income_kopecks(self) -> int | None:
        """A month's income at the least price."""
        if self.price_kopecks is None:
            return None
        return self.price_kopecks * self.tally.wishes


@dataclass(frozen=True, slots=True)
class DemandMap:
    """Everything on the page. `starts` are the first days of the buckets; `series` their tallies.

    `served`: wishes of the period that a zone in service covers by now; `nowhere`: questions whose
    address was not understood.
    """

    rows: tuple[CellRow, ...]
    shapes: dict[str, dict[str, object]]
    starts: tuple[date, ...]
    series: tuple[Tally, ...]
    total: Tally
    served: int
    nowhere: int


def askings(*, wanted: DemandFilter, at: datetime, area: bytes | None = None) -> list[Asking]:
    """Wishes and requests of the filter, each household once: its request stands for it."""
    wishes = coverage.demand_wishes(
        wanted=wanted, at=at, without_check_ids=crm.demand_settled_checks(), area=area
    )
    found = requests(wanted=wanted, at=at, area=area)
    return found + [Asking(wish, is_request=False) for wish in wishes]


def requests(*, wanted: DemandFilter, at: datetime, area: bytes | None = None) -> list[Asking]:
    """Open requests of the filter, one for each household of a place."""
    filed = crm.demand_requests(from_at=wanted.from_at, until_at=wanted.until_at)
    placed = coverage.demand_of_checks(
        wanted=wanted, at=at, check_ids=[each.check_id for each in filed], area=area
    )
    found = []
    seen: set[tuple[str, str]] = set()
    for request in filed:
        wish = placed.get(request.check_id)
        if wish is None or (wish.place, request.household) in seen:
            continue
        seen.add((wish.place, request.household))
        found.append(Asking(replace(wish, first_at=request.filed_at), is_request=True))
    return found


def counted(*, wanted: DemandFilter, at: datetime, area: bytes) -> tuple[Tally, int]:
    """How many of `askings` wait, and how many are served by now, without listing them."""
    filed = requests(wanted=wanted, at=at, area=area)
    waiting = tally_of(each for each in filed if not each.wish.is_served)
    kinds, served = coverage.demand_counts(
        wanted=wanted, at=at, without_check_ids=crm.demand_settled_checks(), area=area
    )
    failed, planned = kinds[Kind.FAILED], kinds[Kind.PLANNED]
    points = waiting.points + failed * POINTS_FAILED + planned * POINTS_PLANNED
    return Tally(waiting.requests, failed, planned, points), served + len(filed) - waiting.requests


def tally_of(asked: Iterable[Asking]) -> Tally:
    """How many of each kind."""
    requests = failed = planned = points = 0
    for each in asked:
        points += each.points
        if each.is_request:
            requests += 1
        elif each.wish.kind is Kind.FAILED:
            failed += 1
        else:
            planned += 1
    return Tally(requests, failed, planned, points)


def bucket_starts(*, from_date: date, until_date: date, step: str) -> tuple[date, ...]:
    """First days of the weeks (Monday) or months that a half-open period touches."""
    assert step in STEPS, step
    day = from_date - timedelta(days=from_date.weekday())
    if step == "month":
        day = from_date.replace(day=1)
    starts = []
    while day < until_date:
        starts.append(day)
        day += timedelta(days=7)
        if step == "month":
            day = (starts[-1] + timedelta(days=32)).replace(day=1)
    return tuple(starts)


def trend_of(buckets: Sequence[int]) -> str:
    """The younger half of the period against the older; the middle bucket counts for neither."""
    half = len(buckets) // 2
    older, younger = sum(buckets[:half]), sum(buckets[len(buckets) - half :])
    if younger >= older * RISE and younger - older >= LEAST_CHANGE:
        return "RISING"
    if older >= younger * RISE and older - younger >= LEAST_CHANGE:
        return "FALLING"
    return "STEADY"


def demand_map(*, wanted: DemandFilter, step: str, at: datetime, on_date: date) -> DemandMap:
    """The map, the ranking and the time line of a filter."""
    asked = askings(wanted=wanted, at=at)
    waiting = [each for each in asked if not each.wish.is_served]
    starts = bucket_starts(
        from_date=wanted.from_at.astimezone(KYIV).date(),
        until_date=(wanted.until_at - timedelta(microseconds=1)).astimezone(KYIV).date()
        + timedelta(days=1),
        step=step,
    )
    in_buckets: list[list[Asking]] = [[] for _start in starts]
    by_cell: dict[str, list[tuple[int, Asking]]] = {}
    for each in waiting:
        bucket = bucket_of(starts, each.wish.first_at)
        in_buckets[bucket].append(each)
        by_cell.setdefault(each.wish.cell, []).append((bucket, each))
    rows = sorted(
        (_row(cell, inside, len(starts)) for cell, inside in by_cell.items()),
        key=lambda row: (-row.tally.points, -row.tally.wishes, row.cell),
    )[:MAX_CELLS]
    shapes = coverage.demand_outlines(names=[row.cell for row in rows])
    ranked = grounded(rows[:MAX_RANKED], shapes, wanted.network_type, at, on_date)
    return DemandMap(
        rows=(*ranked, *rows[MAX_RANKED:]),
        shapes=shapes,
        starts=starts,
        series=tuple(tally_of(inside) for inside in in_buckets),
        total=tally_of(waiting),
        served=len(asked) - len(waiting),
        nowhere=coverage.demand_nowhere(wanted=wanted),
    )


def bucket_of(starts: Sequence[date], moment: datetime) -> int:
    """In which bucket a moment lies, by the calendar of Kyiv."""
    day = moment.astimezone(KYIV).date()
    for index, (_start, end) in enumerate(pairwise(starts)):
        if day < end:
            return index
    return len(starts) - 1


def _row(cell: str, inside: list[tuple[int, Asking]], count: int) -> CellRow:
    buckets = [0] * count
    for bucket, _asking in inside:
        buckets[bucket] += 1
    return CellRow(
        cell=cell,
        tally=tally_of(asking for _bucket, asking in inside),
        buckets=tuple(buckets),
        trend=trend_of(buckets),
    )


def grounded(
    rows: Sequence[CellRow],
    shapes: dict[str, dict[str, object]],
    network_type: str,
    at: datetime,
    on_date: date,
) -> list[CellRow]:
    """The rows with what stands in them and the price that would apply; six queries and few more.

    With no network chosen the price is the least of all networks.
    """
    grounds = coverage.demand_ground(
        shapes={row.cell: shapes[row.cell] for row in rows}, network_type=network_type, at=at
    )
    networks = [network_type] if network_type else list(NetworkType.values)
    localities = list({grounds[row.cell].locality_id for row in rows})
    prices = offers_if_built(network_types=networks, locality_ids=localities, on_date=on_date)
    landmarks = [ground.landmark_id for ground in grounds.values() if ground.landmark_id]
    labels = coverage.address_labels(building_ids=landmarks)
    names = coverage.unit_names(unit_ids=[unit for unit in localities if unit is not None])
    found = []
    for row in rows:
        ground = grounds[row.cell]
        offers = [o for n in networks for o in prices.get((ground.locality_id, n), [])]
        found.append(
            replace(
                row,
                ground=ground,
                place=labels.get(ground.landmark_id or 0, ""),
                locality=names.get(ground.locality_id or 0, ""),
                price_kopecks=least_price(offers),
            )
        )
    return found


def least_price(offers: Iterable[Forecast]) -> int | None:
    """The least monthly price in kopecks, None where nothing is priced."""
    return min((offer.price_kopecks for offer in offers), default=None)
