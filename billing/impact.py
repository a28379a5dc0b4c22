"""What a publication of zones means for billing: who falls out, which prices, how much money.

Registered with `coverage.impact` in project/wiring.py. Publishing re-prices nobody by itself: a
service keeps its zone and price unless the planner moves existing clients on purpose; the lines and
the figures of `existing` tell him what that would mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from billing import existing_clients, money
from billing.calendar import kyiv_date
from billing.tariffs.models import PriceRule
from coverage.impact import ImpactLine, Level, ZoneMove


@dataclass(frozen=True, slots=True)
class _Services:
    count: int
    month_kopecks: int
    building_ids: tuple[int, ...]


class BillingProbe:
    """Services of these zones that would lose coverage, price rules that hang on the zones."""

    name = "billing"

    def probe(self, *, changes: Sequence[ZoneMove], at: datetime) -> list[ImpactLine]:
        """Lines about these changes, were they published at `at`."""
        on_date = kyiv_date(at)
        lines: list[ImpactLine] = []
        for change in changes:
            lost = change.sellable_before - change.sellable_after
            fallen = _services(
                network_type=change.network_type,
                zone_id=change.zone_id,
                building_ids=lost,
                on_date=on_date,
            )
            if fallen.count:
                lines += _fallen_lines(self.name, change, fallen)
            rules = _rules(zone_id=change.zone_id, on_date=on_date)
            if rules:
                lines.append(
                    ImpactLine(
                        probe=self.name,
                        text=_("Prices set for the zone %(zone)s: %(count)s")
                        % {"zone": change.zone_name, "count": rules},
                        count=rules,
                    )
                )
        return lines

    def existing(
        self, *, changes: Sequence[ZoneMove], at: datetime, move_on: date
    ) -> dict[str, Any]:
        """What moving existing clients to the new terms on that day would mean."""
        return existing_clients.preview(changes=changes, at=at, move_on=move_on)


def _fallen_lines(probe: str, change: ZoneMove, fallen: _Services) -> list[ImpactLine]:
    return [
        ImpactLine(
            probe=probe,
            text=_("Active services that fall out of the zone %(zone)s: %(count)s")
            % {"zone": change.zone_name, "count": fallen.count},
            count=fallen.count,
            level=Level.WARNING,
            building_ids=fallen.building_ids,
        ),
        ImpactLine(
            probe=probe,
            text=_("Their income: %(amount)s a month")
            % {"amount": money.format_uah(fallen.month_kopecks)},
            count=fallen.count,
            level=Level.WARNING,
        ),
    ]


def _services(
    *, network_type: str, zone_id: int, building_ids: frozenset[int], on_date: date
) -> _Services:
    """Services of the zone in these buildings, and what they bring in a month."""
    if not building_ids:
        return _Services(0, 0, ())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE s.parent_id IS NULL),
                   COALESCE(sum(span.sold_price_kopecks)
                            FILTER (WHERE v.charge_type <> 'ONE_OFF'), 0)::bigint,
                   COALESCE(array_agg(DISTINCT s.building_id), '{}')
            FROM billing_subscription AS s
            LEFT JOIN billing_plan_span AS span
              ON span.subscription_id = s.id AND span.during @> %(on_date)s::date
            LEFT JOIN billing_tariff_version AS v ON v.id = span.sold_version_id
            LEFT JOIN coverage_zoneversion AS sold_in ON sold_in.id = span.sold_zone_version_id
            WHERE s.state = 'ACTIVE' AND s.network_type = %(network_type)s
              AND (sold_in.zone_id = %(zone_id)s OR sold_in.zone_id IS NULL)
              AND s.building_id = ANY (%(buildings)s)
            """,
            {
                "on_date": on_date,
                "network_type": network_type,
                "zone_id": zone_id,
                "buildings": list(building_ids),
            },
        )
        count, kopecks, buildings = cursor.fetchone()
    return _Services(count, kopecks, tuple(sorted(buildings)))


def _rules(*, zone_id: int, on_date: date) -> int:
    return PriceRule.objects.filter(zone_id=zone_id, valid__contains=on_date).count()
