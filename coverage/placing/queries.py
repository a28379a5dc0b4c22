"""What the page of places reads: streets, houses of a street, one building, premises, history."""

from typing import Any

from django.db.models import Case, Count, F, Q, Value, When

from coverage.addresses import parse_street
from coverage.addresses.text import place_key
from coverage.models import AdminUnit, Building, Street
from coverage.places import BadTextError, checked_text
from coverage.placing import movers, states
from coverage.placing.guards import UnknownPlaceError
from coverage.placing.guess import guess_address, next_number
from coverage.placing.history import building_history, street_history
from coverage.placing.merging import resolve
from coverage.placing.premises import list_premises

__all__ = [
    "building_card",
    "building_history",
    "guess_address",
    "houses",
    "list_premises",
    "list_streets",
    "localities",
    "next_number",
    "resolve",
    "street_card",
    "street_history",
]
MAX_PAGE = 200


def building_card(*, building_id: int) -> dict[str, Any]:
    """A building with what hangs on it; retired and merged ones too."""
    building = _building(building_id)
    return {
        **states.building_state(building),
        "held": [held.as_json() for held in movers.held_at(building_id=building_id)],
        "premises": building.premises.filter(retired_at__isnull=True).count(),
    }


def street_card(*, street_id: int) -> dict[str, Any]:
    """A street with its other names, its extent, and how many houses it has."""
    street = Street.objects.select_related("locality").filter(id=street_id).first()
    if street is None:
        raise UnknownPlaceError
    count = Building.objects.filter(street=street, retired_at__isnull=True).count()
    west, south, east, north = street.geom.extent if street.geom is not None else (0, 0, 0, 0)
    return {
        **states.street_state(street),
        "buildings": count,
        "bounds": [[south, west], [north, east]] if street.geom is not None else None,
    }


def list_streets(
    *, text: str = "", locality_id: int | None = None, after: str = "", limit: int = 50
) -> dict[str, Any]:
    """Streets by name, keyset paged; `text` looks into present and other names.

    `next` is the `after` of the next page. Retired streets are listed when they are looked for.
    """
    limit = max(1, min(limit, MAX_PAGE))
    rows = Street.objects.select_related("locality").filter(merged_into__isnull=True)
    if locality_id is not None:
        rows = rows.filter(locality_id=locality_id)
    name = parse_street(checked_text(text))
    if name.search_key:
        like = Q(search_key__contains=name.search_key)
        rows = rows.filter(like | Q(aliases__search_key__contains=name.search_key)).distinct()
        if name.type:
            rows = rows.filter(type=name.type)
    else:
        rows = rows.filter(retired_at__isnull=True)
    if after:
        key, last_id = _read_key(after)
        rows = rows.filter(Q(search_key__gt=key) | Q(search_key=key, id__gt=last_id))
    found = list(rows.order_by("search_key", "id")[: limit + 1])
    counts = _house_counts([street.id for street in found])
    return {
        "streets": [
            {
                "street_id": street.id,
                "label": states.label_of(street),
                "type": street.type,
                "name": street.name,
                "locality_id": street.locality_id,
                "locality": street.locality.name,
                "revision": street.revision,
                "retired": street.retired_at is not None,
                "buildings": counts.get(street.id, 0),
            }
            for street in found[:limit]
        ],
        "next": _key(found[limit - 1].search_key, found[limit - 1].id)
        if len(found) > limit
        else None,
    }


def houses(
    *, street_id: int, after: str = "", limit: int = 100, with_retired: bool = False
) -> dict[str, Any]:
    """Buildings of a street in the order of houses, keyset paged.

    Houses whose further address is in the street stand with the number that they have there;
    houses without a number come last.
    """
    limit = max(1, min(limit, MAX_PAGE))
    street = Street.objects.filter(id=street_id).first()
    if street is None:
        raise UnknownPlaceError
    rows = Building.objects.filter(street_id=street_id, merged_into__isnull=True)
    if not with_retired:
        rows = rows.filter(retired_at__isnull=True)
    rows = rows.annotate(order=_order_of_houses())
    if after:
        key, last_id = _read_key(after)
        rows = rows.filter(Q(order__gt=key) | Q(order=key, id__gt=last_id))
    found = list(rows.order_by("order", "id")[: limit + 1])
    further = [] if after else _further(street_id)
    return {
        "street_id": street_id,
        "houses": [_house(building) for building in found[:limit]],
        "further": further,
        "next": _key(found[limit - 1].order, found[limit - 1].id)  # type: ignore[attr-defined]
        if len(found) > limit
        else None,
    }


def localities(*, text: str = "", limit: int = 20) -> list[dict[str, Any]]:
    """Settlements and hromadas whose name begins so; those with streets first."""
    key = place_key(checked_text(text))
    rows = AdminUnit.objects.filter(valid_until__isnull=True).exclude(
        category__in=["OBLAST", "RAION"]
    )
    if key:
        rows = rows.filter(search_key__startswith=key)
    rows = rows.annotate(known=Count("streets")).order_by("-known", "search_key", "id")
    return [
        {
            "locality_id": unit.id,
            "name": unit.name,
            "parent": unit.parent.name if unit.parent else "",
        }
        for unit in rows.select_related("parent")[: max(1, min(limit, 50))]
    ]


def _building(building_id: int) -> Building:
    rows = Building.objects.select_related("street", "locality")
    found = rows.filter(id=building_id).first()
    if found is None:
        raise UnknownPlaceError
    return found


def _house(building: Building) -> dict[str, Any]:
    lon, lat = building.point.coords
    return {
        "building_id": building.id,
        "number": building.number or "",
        "lon": round(lon, 7),
        "lat": round(lat, 7),
        "revision": building.revision,
        "wiring": building.wiring,
        "retired": building.retired_at is not None,
    }


def _further(street_id: int) -> list[dict[str, Any]]:
    rows = Building.objects.filter(
        other_addresses__street_id=street_id, retired_at__isnull=True
    ).annotate(there=F("other_addresses__number"))
    return [
        {**_house(building), "number": building.there}  # type: ignore[attr-defined]
        for building in rows.order_by("there", "id")[:MAX_PAGE]
    ]


def _order_of_houses() -> Any:
    """Keys of numbers begin with 0 (five digits in six): "9" comes after them all."""
    return Case(When(number_sort="", then=Value("9")), default=F("number_sort"))


def _house_counts(street_ids: list[int]) -> dict[int, int]:
    rows = Building.objects.filter(street_id__in=street_ids, retired_at__isnull=True)
    return dict(rows.values_list("street_id").annotate(Count("id")))


def _key(text: str, row_id: int) -> str:
    return f"{row_id}:{text}"


def _read_key(after: str) -> tuple[str, int]:
    row_id, _colon, text = checked_text(after).partition(":")
    if not (row_id.isascii() and row_id.isdigit() and len(row_id) <= 18):
        raise BadTextError(field="after")
    return text, int(row_id)
