"""By what a service is charged when its terms have moved on since it was sold.

A service keeps the price it was sold at. When a newer tariff version applies to existing clients,
the price is resolved once more, for the zone of the plan span, on the day from which that version
applies; the result is fixed in `ChargeBasis` and never resolved again. Where nothing is sold any
more, the price stays.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from billing.calendar import midnight
from billing.charging.models import ChargeBasis
from billing.subscriptions.creation import current_zone_version
from billing.subscriptions.models import PlanSpan
from billing.tariffs import queries as tariff_queries
from billing.tariffs.models import TariffVersion
from billing.tariffs.resolution import PricePlace
from coverage import queries as coverage_queries

_MISSING = "SELECT * FROM billing_unfixed_moved_prices(%s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class _Place:
    tariff_id: int
    zone_id: int | None
    network_type: str
    segment: str
    locality_id: int
    from_date: date


def fix_moved_prices(
    *, on_date: date, is_today: bool, first_account: int, last_account: int
) -> int:
    """Write the missing bases of services whose terms have moved on; how many were written."""
    if not TariffVersion.objects.filter(
        published_at__isnull=False, applies_existing_from__lte=on_date
    ).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _MISSING, [on_date, midnight(on_date), is_today, first_account, last_account]
        )
        rows = cursor.fetchall()
    by_place: dict[_Place, list[Sequence[int]]] = defaultdict(list)
    for row in rows:
        (_sub, _span, _version, tariff, zone, network, segment, locality, from_date, *_sold) = row
        by_place[_Place(tariff, zone, network, segment, locality, from_date)].append(row)
    written = [basis for place, same in by_place.items() for basis in _bases(place, same)]
    ChargeBasis.objects.bulk_create(written, ignore_conflicts=True, batch_size=5_000)
    return len(written)


def moved_price(*, span: PlanSpan, version: TariffVersion) -> int | None:
    """The full price that a plan gets with a newer version; None: it keeps the one it has."""
    assert version.applies_existing_from is not None
    sold_in, service = span.sold_zone_version, span.subscription
    place = _Place(
        tariff_id=span.tariff_id,
        zone_id=sold_in.zone_id if sold_in else None,
        network_type=service.network_type,
        segment=service.segment,
        locality_id=service.building.locality_id,
        from_date=version.applies_existing_from,
    )
    rule = _resolution(place).rule
    return rule.price_kopecks if rule else None


def _resolution(place: _Place) -> tariff_queries.Resolution:
    return tariff_queries.resolve_price(
        tariff_id=place.tariff_id,
        place=PricePlace(
            network_type=place.network_type,
            zone_ids_by_network=(
                {} if place.zone_id is None else {place.network_type: place.zone_id}
            ),
            admin_chain=tuple(coverage_queries.admin_chain(admin_unit_id=place.locality_id)),
            segment=place.segment,
        ),
        on_date=place.from_date,
    )


def _bases(place: _Place, rows: Sequence[Sequence[int]]) -> list[ChargeBasis]:
    resolution = _resolution(place)
    zone_version = current_zone_version(zone_id=place.zone_id, at=midnight(place.from_date))
    return [
        ChargeBasis(
            subscription_id=row[0],
            plan_span_id=row[1],
            tariff_version_id=row[2],
            price_rule_id=resolution.rule.id if resolution.rule else row[9],
            zone_version_id=zone_version or row[10],
            price_kopecks=resolution.rule.price_kopecks if resolution.rule else row[11],
        )
        for row in rows
    ]
