"""The price map and the pages of single prices. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import shapely
from django.http import HttpRequest
from django.urls import reverse

from billing import money
from billing.models import PriceRule, Tariff
from billing.tariffs import copying, texts
from billing.tariffs.price_map import BadPlaceError, MapPiece, price_map
from coverage.models import AdminUnit, Zone
from frontend.workspace import params
from frontend.workspace.labels import NETWORK_LABELS
from frontend.workspace.queries.constructor import RulePage, rule_page
from frontend.workspace.tariff_forms import CopyForm
from project.core.errors import NotFoundError
from project.core.http import may, raise_forbidden
from project.core.roles import Permission

CLASSES = 6
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a tariff the map shows."""

    on_date: date
    network_type: str
    segment: str
    with_draft: bool


def asked(request: HttpRequest, *, today: date) -> Asked:
    """The question of the address line; what can't be understood is as if it were not there."""
    data = request.GET
    return Asked(
        on_date=params.date_of(data, "on") or today,
        network_type=params.choice_of(data, "network", NETWORK_LABELS),
        segment=params.text_of(data, "segment", 24),
        with_draft=data.get("draft") == "1",
    )


def point_of(request: HttpRequest) -> tuple[float, float]:
    """`lon` and `lat` of the address line; raises BadPlaceError."""
    try:
        lon, lat = (float(request.GET.get(name, "")) for name in ("lon", "lat"))
    except ValueError as error:
        raise BadPlaceError() from error
    if not (abs(lon) <= 180 and abs(lat) <= 90):  # also what is not a number
        raise BadPlaceError()
    return lon, lat


@dataclass(frozen=True, slots=True)
class PricedZone:
    """A piece of the map with its words; `bucket` is the class of its price, −1 for a hole."""

    piece: MapPiece
    locality: str
    bucket: int
    level_text: Any
    lon: float
    lat: float

    @property
    def price_text(self) -> str:
        """«250,00 ₴», or "" for a hole."""
        price = self.piece.price_kopecks
        return "" if price is None else money.format_uah(price)

    @property
    def rule_url(self) -> str:
        """Where the rule that sets the price is; a prepared price has no page yet."""
        rule = self.piece.rule
        return reverse("workspace:rule", args=[rule.id]) if rule and rule.id > 0 else ""


@dataclass(frozen=True, slots=True)
class PricedMap:
    """The map: its pieces and the prices of each class for the legend."""

    zones: Sequence[PricedZone]
    legend: Sequence[tuple[int, str]]
    holes: int


def zones_with_prices(*, tariff: Tariff, asked: Asked, at: datetime) -> PricedMap:
    """All pieces of the price map in words."""
    pieces = price_map(
        tariff_id=tariff.id,
        at=at,
        on_date=asked.on_date,
        network_type=asked.network_type,
        segment=asked.segment,
        with_draft=asked.with_draft,
    )
    prices = sorted({piece.price_kopecks for piece in pieces if piece.price_kopecks is not None})
    buckets = {price: _bucket(i, len(prices)) for i, price in enumerate(prices)}
    names = dict(
        AdminUnit.objects.filter(id__in={p.locality_id for p in pieces}).values_list("id", "name")
    )
    zones = []
    for piece in pieces:
        point = piece.geometry.representative_point()
        price = piece.price_kopecks
        zones.append(
            PricedZone(
                piece=piece,
                locality=names.get(piece.locality_id or 0, ""),
                bucket=-1 if price is None else buckets[price],
                level_text=texts.LEVEL_TEXTS[piece.rule.level] if piece.rule else "",
                lon=point.x,
                lat=point.y,
            )
        )
    return PricedMap(
        zones=sorted(zones, key=_list_order),
        legend=_legend(buckets),
        holes=sum(zone.bucket < 0 for zone in zones),
    )


def _list_order(zone: PricedZone) -> tuple[str, str, int]:
    return zone.piece.network_type, zone.piece.zone_name, zone.piece.zone_id


def _bucket(place: int, count: int) -> int:
    return place if count <= CLASSES else place * CLASSES // count


def _legend(buckets: dict[int, int]) -> list[tuple[int, str]]:
    found = []
    for bucket in sorted(set(buckets.values())):
        prices = [price for price, own in buckets.items() if own == bucket]
        least, most = money.format_uah(min(prices)), money.format_uah(max(prices))
        found.append((bucket, least if len(prices) == 1 else f"{least} – {most}"))
    return found


def as_features(found: PricedMap) -> dict[str, Any]:
    """GeoJSON, those that win over others last."""
    order = {id(zone.piece): i for i, zone in enumerate(found.zones)}
    drawn = sorted(found.zones, key=lambda zone: (-zone.piece.geometry.area, order[id(zone.piece)]))
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(
                    shapely.set_precision(zone.piece.geometry, 10**-DECIMALS)
                ),
                "properties": {
                    "zone_id": zone.piece.zone_id,
                    "name": zone.piece.zone_name,
                    "network": zone.piece.network_type,
                    "status": zone.piece.status,
                    "price": zone.price_text,
                    "bucket": zone.bucket,
                    "key": f"{zone.piece.zone_id}-{zone.piece.locality_id or 0}",
                },
            }
            for zone in drawn
        ],
    }


def checked_rule(*, code: str, rule_id: int, on_date: date) -> RulePage:
    """The page of a rule; raises NotFoundError also for a number that no key can be."""
    if not 0 < rule_id <= params.BIGINT_MAX:
        raise NotFoundError
    return rule_page(code=code, rule_id=rule_id, on_date=on_date)


def tariff_code_of_rule(*, rule_id: int) -> str:
    """The code of the tariff that a rule belongs to; raises NotFoundError."""
    if not 0 < rule_id <= params.BIGINT_MAX:
        raise NotFoundError
    found = PriceRule.objects.filter(id=rule_id).values_list("tariff__code", flat=True).first()
    if found is None:
        raise NotFoundError
    return found


def require_publish(request: HttpRequest) -> None:
    """Answer 403 to those who may look, or only draw up drafts."""
    if not may(request, Permission.TARIFFS_PUBLISH):
        raise_forbidden()


def copy_of(form: CopyForm) -> copying.CopyTo:
    """What the form asks for."""
    data = form.cleaned_data
    return copying.CopyTo(
        valid_from=data["valid_from"],
        zone_ids=tuple(data["zones"]),
        admin_unit_ids=data["admin_units"],
        segments=data["segments"],
        percent=data["percent"],
        round_to=data["round_to"],
    )


def named_copies(copies: Sequence[copying.Copy]) -> list[tuple[copying.Copy, str]]:
    """Each copy with the name of its place."""
    zones = dict(
        Zone.objects.filter(id__in={one.target.zone_id for one in copies}).values_list("id", "name")
    )
    units = dict(
        AdminUnit.objects.filter(id__in={one.target.admin_unit_id for one in copies}).values_list(
            "id", "name"
        )
    )
    return [
        (
            one,
            zones.get(one.target.zone_id or 0, "") or units.get(one.target.admin_unit_id or 0, ""),
        )
        for one in copies
    ]
