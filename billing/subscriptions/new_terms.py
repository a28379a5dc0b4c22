"""What a sold service would get by another map: its zone, its price, or nothing sold there. Reads.

A service is concerned by a publication when the zone that wins its building afterwards, or the
zone that it stands in, is one of the published ones. Of these some stay as they are (same zone,
same price rule), some get other terms, and where nothing is sold any more they keep theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db import connection

from billing.tariffs.price_book import PriceBook, PriceQuestion
from billing.tariffs.resolution import RuleFacts
from coverage.queries import Winner

# `price` and `rule` are those it is charged by on the day, else those it was sold by. The zone is
# that of the plan span: a service that moves keeps the zones of its earlier days.
SERVICES = """
    SELECT s.id, s.account_id, s.building_id, s.network_type, s.segment, building.locality_id,
        span.tariff_id, version.id, version.charge_type, zone_version.zone_id,
        COALESCE(basis.price_rule_id, span.sold_rule_id),
        COALESCE(basis.price_kopecks, span.sold_price_kopecks)
    FROM billing_subscription AS s
    JOIN coverage_building AS building ON building.id = s.building_id
    JOIN billing_plan_span AS span
      ON span.subscription_id = s.id AND span.during @> %(on_date)s::date
    JOIN billing_tariff_version AS sold ON sold.id = span.sold_version_id
    CROSS JOIN LATERAL (
        SELECT v.id, v.charge_type FROM billing_tariff_version AS v
        WHERE v.id = sold.id
           OR (v.tariff_id = sold.tariff_id AND v.published_at IS NOT NULL
               AND v.applies_existing_from <= %(on_date)s AND v.applies_from > sold.applies_from)
        ORDER BY v.applies_from DESC LIMIT 1
    ) AS version
    LEFT JOIN coverage_zoneversion AS zone_version ON zone_version.id = span.sold_zone_version_id
    LEFT JOIN billing_charge_basis AS basis
      ON basis.plan_span_id = span.id AND basis.tariff_version_id = version.id
     AND basis.discount_id IS NULL
    WHERE s.state = 'ACTIVE' AND version.charge_type <> 'ONE_OFF'
      AND s.building_id = ANY(%(buildings)s)
      AND s.network_type = ANY(%(networks)s)
      AND (%(accounts)s::bigint[] IS NULL OR s.account_id = ANY(%(accounts)s::bigint[]))
    ORDER BY s.account_id, s.id
"""


class Fate(StrEnum):
    """What another map means for a service."""

    SAME = "SAME"
    MOVED = "MOVED"
    NOT_SOLD = "NOT_SOLD"


@dataclass(frozen=True, slots=True)
class Service:
    """A sold service on a day: where it stands, and by what it is charged (kopecks a month).

    What was charged once for good is no service here: it has no terms to come.
    """

    id: int
    account_id: int
    building_id: int
    network_type: str
    segment: str
    locality_id: int
    tariff_id: int
    version_id: int
    charge_type: str
    zone_id: int | None
    rule_id: int
    price_kopecks: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A concerned service and what it would get; the rule is None when nothing is sold there."""

    service: Service
    fate: Fate
    winner: Winner | None
    rule: RuleFacts | None


def services_in(
    *,
    building_ids: Iterable[int],
    network_types: Iterable[str],
    on_date: date,
    account_ids: Iterable[int] | None = None,
) -> list[Service]:
    """Active services of these networks in these buildings as they are on that date."""
    with connection.cursor() as cursor:
        cursor.execute(
            SERVICES,
            {
                "on_date": on_date,
                "buildings": list(building_ids),
                "networks": list(network_types),
                "accounts": None if account_ids is None else list(account_ids),
            },
        )
        return [Service(*row) for row in cursor.fetchall()]


def outcomes(
    *,
    services: Iterable[Service],
    winners: Mapping[tuple[int, str], Winner],
    zone_ids: Iterable[int],
    on_date: date,
    book: PriceBook,
) -> list[Outcome]:
    """What the map behind `winners` means on that date for those that `zone_ids` concern."""
    published = frozenset(zone_ids)
    found = []
    services = list(services)
    book.read({service.tariff_id for service in services})
    for service in services:
        winner = winners.get((service.building_id, service.network_type))
        if service.zone_id in published or (winner is not None and winner.zone_id in published):
            found.append(outcome(service=service, winner=winner, on_date=on_date, book=book))
    return found


def outcome(*, service: Service, winner: Winner | None, on_date: date, book: PriceBook) -> Outcome:
    """What one service would get. Sold outside every zone on purpose, it stays so outside."""
    if winner is None or not winner.is_served:
        fate = Fate.SAME if service.zone_id is None else Fate.NOT_SOLD
        return Outcome(service=service, fate=fate, winner=winner, rule=None)
    question = PriceQuestion(
        tariff_id=service.tariff_id,
        network_type=service.network_type,
        segment=service.segment,
        zone_id=winner.zone_id,
        locality_id=service.locality_id,
    )
    rule = book.rule(question, on_date=on_date)
    if rule is None:
        return Outcome(service=service, fate=Fate.NOT_SOLD, winner=winner, rule=None)
    is_same = rule.id == service.rule_id and winner.zone_id == service.zone_id
    fate = Fate.SAME if is_same else Fate.MOVED
    return Outcome(service=service, fate=fate, winner=winner, rule=rule)
