"""What a drawn polygon would give: composed of coverage, crm and billing. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import shapely
from shapely import MultiPolygon

from billing.tariffs.forecast import Forecast, offers_if_built
from coverage import queries as coverage
from coverage.demand.area import AreaTotals, MetZone
from coverage.demand.privacy import LEAST_HOUSEHOLDS, households_of
from coverage.demand.wanted import DemandFilter
from frontend.planner.demand.queries import Tally, askings, counted

TAKE_UP_PERCENT = (10, 20, 30)
MAX_LOCALITIES = 5  # with prices of their own in the answer
HISTORY_DAYS = 365


@dataclass(frozen=True, slots=True)
class Question:
    """The polygon and what would be built in it; `zone_id`: the zone that it is drawn for."""

    shape: MultiPolygon
    network_type: str
    zone_id: int | None = None
    take_up_percent: tuple[int, ...] = TAKE_UP_PERCENT


@dataclass(frozen=True, slots=True)
class LocalityPrices:
    """One locality of the polygon: its buildings, and the tariffs that would be sold there."""

    locality_id: int
    name: str
    homes: int
    offers: tuple[Forecast, ...]


@dataclass(frozen=True, slots=True)
class Income:
    """A month's income in kopecks at a take-up: all at the least price, all at the greatest."""

    percent: int
    subscribers: int
    least_kopecks: int | None
    most_kopecks: int | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer. `waiting` households are not served yet; `served` were, since they asked.

    `homes`: flats in buildings that no network of ours serves today: counted, else estimated, else
    one a house.
    """

    totals: AreaTotals
    waiting: Tally
    served: int
    met: tuple[MetZone, ...]
    prices: tuple[LocalityPrices, ...]
    income: tuple[Income, ...]
    area_m2: float


def what_if(*, question: Question, at: datetime, on_date: date) -> WhatIf:
    """Buildings, flats, wishes of the last year, tariffs and income of a polygon."""
    area = coverage.demand_area(shape=question.shape, at=at, zone_id=question.zone_id)
    wanted = history_of(question, at)
    waiting, served = counted(wanted=wanted, at=at, area=shapely.to_wkb(question.shape))
    chosen = area.by_locality[:MAX_LOCALITIES]
    offers = offers_if_built(
        network_types=[question.network_type],
        locality_ids=[row.locality_id for row in chosen],
        on_date=on_date,
        zone_id=question.zone_id,
    )
    names = coverage.unit_names(unit_ids=[row.locality_id for row in chosen])
    prices = tuple(
        LocalityPrices(
            locality_id=row.locality_id,
            name=names.get(row.locality_id, ""),
            homes=row.homes,
            offers=tuple(offers[row.locality_id, question.network_type]),
        )
        for row in chosen
    )
    return WhatIf(
        totals=_summed(area.by_locality),
        waiting=waiting,
        served=served,
        met=area.met,
        prices=prices,
        income=tuple(_income(percent, prices) for percent in question.take_up_percent),
        area_m2=coverage.area_m2(question.shape),
    )


def history_of(question: Question, at: datetime) -> DemandFilter:
    """The questions and requests that the polygon answers: those of the last year."""
    return DemandFilter(
        from_at=at - timedelta(days=HISTORY_DAYS),
        until_at=at + timedelta(seconds=1),
        network_type=question.network_type,
    )


def few_wait(question: Question, at: datetime) -> bool:
    """Whether somebody waits in the polygon, but fewer households than may be told outside."""
    asked = askings(wanted=history_of(question, at), at=at, area=shapely.to_wkb(question.shape))
    waiting = [each.wish for each in asked if not each.wish.is_served]
    return bool(waiting) and households_of(waiting) < LEAST_HOUSEHOLDS


def _income(percent: int, prices: tuple[LocalityPrices, ...]) -> Income:
    """Homes of a locality without any price bring nothing; with no price at all it is unknown."""
    subscribers = least = most = 0
    is_priced = False
    for locality in prices:
        count = locality.homes * percent // 100
        subscribers += count
        if locality.offers:
            is_priced = True
            least += count * locality.offers[0].price_kopecks
            most += count * locality.offers[-1].price_kopecks
    if not is_priced:
        return Income(percent, subscribers, None, None)
    return Income(percent, subscribers, least, most)


def _summed(rows: Sequence[AreaTotals]) -> AreaTotals:
    columns = ("buildings", "numbered", "flats", "with_flats", "guessed", "with_guess", "served",
               "homes", "premises")  # fmt: skip
    return AreaTotals(0, *(sum(getattr(row, name) for row in rows) for name in columns))
