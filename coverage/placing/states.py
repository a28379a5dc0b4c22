"""What a building, a street and a premise are, as JSON: for the API, for history, for undo."""

import json
from collections.abc import Iterable
from typing import Any

from coverage.addresses import street_label
from coverage.labels import address_labels
from coverage.models import Building, BuildingAddress, Premise, Street, StreetAlias

# What history compares and undo puts back; other keys of a state are for show.
BUILDING_KEYS = (
    *("street_id", "number", "other_addresses", "lon", "lat", "wiring", "flats", "levels"),
    *("entrances", "kind", "access_note", "location_source", "location_accuracy_m", "footprint"),
    "locality_id",
)
STREET_KEYS = ("type", "name", "retired")
PREMISE_KEYS = ("unit", "entrance", "floor", "retired")


def building_state(building: Building) -> dict[str, Any]:
    """A building in full; `footprint` is left to the map."""
    values = building_values(building)
    del values["footprint"]
    return {
        "building_id": building.id,
        "revision": building.revision,
        "label": address_labels(building_ids=[building.id])[building.id],
        "locality": building.locality.name,
        **values,
        "retired": building.retired_at is not None,
        "merged_into": building.merged_into_id,
        "has_outline": building.footprint is not None,
    }


def building_values(building: Building) -> dict[str, Any]:
    """The values that a change may change (BUILDING_KEYS), streets with their names."""
    lon, lat = building.point.coords
    return {
        "locality_id": building.locality_id,
        "street_id": building.street_id,
        "street": label_of(building.street) if building.street is not None else "",
        "number": building.number or "",
        "other_addresses": other_addresses(building_id=building.id),
        "lon": round(lon, 7),
        "lat": round(lat, 7),
        "wiring": str(building.wiring),
        "flats": building.flats,
        "levels": building.levels,
        "entrances": building.entrances,
        "kind": building.kind,
        "access_note": building.access_note,
        "location_source": str(building.location_source),
        "location_accuracy_m": building.location_accuracy_m,
        "footprint": json.loads(building.footprint.geojson) if building.footprint else None,
    }


def other_addresses(*, building_id: int) -> list[dict[str, Any]]:
    """Further addresses of a building."""
    rows = BuildingAddress.objects.filter(building_id=building_id).select_related("street")
    return [
        {"street_id": row.street_id, "street": label_of(row.street), "number": row.number}
        for row in rows.order_by("id")
    ]


def street_state(street: Street) -> dict[str, Any]:
    """A street with its other names."""
    aliases = StreetAlias.objects.filter(street=street).order_by("until_date", "id")
    return {
        "street_id": street.id,
        "revision": street.revision,
        "label": label_of(street),
        "locality_id": street.locality_id,
        "locality": street.locality.name,
        **street_values(street),
        "has_line": street.geom is not None,
        "merged_into": street.merged_into_id,
        "aliases": [
            {
                "label": street_label(street_type=alias.type, name=alias.name),
                "kind": alias.kind,
                "until_date": alias.until_date.isoformat() if alias.until_date else None,
            }
            for alias in aliases
        ],
    }


def street_values(street: Street) -> dict[str, Any]:
    """The values that a change may change (STREET_KEYS)."""
    return {"type": street.type, "name": street.name, "retired": street.retired_at is not None}


def premise_state(premise: Premise, *, living: int) -> dict[str, Any]:
    """A premise; `living`: how many services keep it in use."""
    return {"premise_id": premise.id, **premise_values(premise), "living": living}


def premise_values(premise: Premise) -> dict[str, Any]:
    """The values that a change may change (PREMISE_KEYS)."""
    return {
        "unit": premise.unit,
        "entrance": premise.entrance,
        "floor": premise.floor,
        "retired": premise.retired_at is not None,
    }


def label_of(street: Street) -> str:
    """«вулиця Бучми»."""
    return street_label(street_type=street.type, name=street.name)


def changed(
    before: dict[str, Any], after: dict[str, Any], keys: Iterable[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both reduced to what differs; a street's name goes with its id."""
    differing = [key for key in keys if before.get(key) != after.get(key)]
    if "street_id" in differing:
        differing.append("street")
    return {key: before.get(key) for key in differing}, {key: after.get(key) for key in differing}
