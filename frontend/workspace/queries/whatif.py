"""The answer of a what-if in words: zones with names, clients with contracts. Reads only."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing.ledger import queries as ledger_queries
from billing.whatif import AccountLine, Report, ZoneLine
from coverage.models import Zone, ZoneVersion
from crm import queries as crm_queries

CLASSES = 3  # on each side of zero


@dataclass(frozen=True, slots=True)
class ZoneShown:
    """A zone of the answer; `shade` from −3 (much cheaper) to 3 (much dearer)."""

    line: ZoneLine
    name: str
    network_type: str
    shade: int


@dataclass(frozen=True, slots=True)
class AccountShown:
    """A client of the answer."""

    line: AccountLine
    contract: str
    holder: str
    customer_id: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The whole answer for the page."""

    on_date: date
    report: Report
    total: ZoneLine
    zones: Sequence[ZoneShown]
    worst: Sequence[AccountShown]
    best: Sequence[AccountShown]
    short: Sequence[AccountShown]

    @property
    def first_difference_kopecks(self) -> int:
        """How much more the first day brings."""
        return self.report.first_after_kopecks - self.report.first_before_kopecks


def shown(*, report: Report, on_date: date) -> Shown:
    """The report with names; four queries."""
    lines = sorted(
        report.zones.values(), key=lambda line: (-abs(line.difference_kopecks), line.zone_id or 0)
    )
    zones = Zone.objects.in_bulk([line.zone_id for line in lines if line.zone_id])
    most = max((abs(line.difference_kopecks) for line in lines), default=0)
    ids = {one.account_id for one in (*report.worst, *report.best, *report.short)}
    accounts = ledger_queries.accounts(ids=ids)
    holders = crm_queries.customers_of_accounts(account_ids=list(ids))

    def people(found: Iterable[AccountLine]) -> list[AccountShown]:
        return [
            AccountShown(
                line=one,
                contract=accounts[one.account_id].code,
                holder=(holders.get(one.account_id) or (0, accounts[one.account_id].holder_name))[
                    1
                ],
                customer_id=(holders.get(one.account_id) or (None,))[0],
            )
            for one in found
            if one.account_id in accounts
        ]

    return Shown(
        on_date=on_date,
        report=report,
        total=report.total(),
        zones=[
            ZoneShown(
                line=line,
                name=zones[line.zone_id].name if line.zone_id in zones else "",
                network_type=zones[line.zone_id].network_type if line.zone_id in zones else "",
                shade=shade(line.difference_kopecks, most),
            )
            for line in lines
        ],
        worst=people(report.worst),
        best=people(report.best),
        short=people(report.short),
    )


def shade(difference: int, most: int) -> int:
    """The class of a difference beside the greatest one: −3 to 3, 0 for none."""
    if not difference or not most:
        return 0
    size = min(abs(difference) * CLASSES // most + 1, CLASSES)
    return size if difference > 0 else -size


def zones_with_differences(*, found: Shown, at: datetime) -> dict[str, Any]:
    """The zones of the answer as GeoJSON."""
    shades = {zone.line.zone_id: zone for zone in found.zones if zone.line.zone_id}
    versions = (
        ZoneVersion.objects.filter(zone_id__in=shades, valid__contains=at)
        .exclude(status="DRAFT")
        .order_by("-area_m2")
    )
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": _geometry(version),
                "properties": {
                    "zone_id": version.zone_id,
                    "name": shades[version.zone_id].name,
                    "network": shades[version.zone_id].network_type,
                    "shade": shades[version.zone_id].shade,
                    "difference": shades[version.zone_id].line.difference_kopecks,
                },
            }
            for version in versions
        ],
    }


def _geometry(version: ZoneVersion) -> Any:
    return json.loads(version.geometry.geojson)
