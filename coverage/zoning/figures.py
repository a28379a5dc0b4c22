"""An outline in figures while it is drawn: area, corners, buildings in and out, what is in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely import MultiPolygon

from coverage import counters
from coverage.models import ZoneStatus
from coverage.zoning import covering, geometry, queries
from coverage.zoning.shapes import to_shapely

MAX_IDS = 5_000
UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(("area_m2", "points", "parts", "buildings", "gained", "lost")),
    "building_ids": [],
    "lost_ids": [],
    "counts": [],
}


@dataclass(frozen=True, slots=True)
class Against:
    """What the figures are held against: the published state of a zone, and the network counted."""

    at: datetime
    zone_id: int | None = None
    network_type: str = ""


def figures(shape: MultiPolygon, against: Against) -> dict[str, Any]:
    """Figures of a checked outline.

    `buildings` inside, `gained` and `lost` against the published outline of the zone (all gained
    where there is none), `counts` of the registered counters, ids of at most 5,000 buildings.
    """
    inside = frozenset(covering.buildings_inside(shape))
    before = _published_buildings(against.zone_id)
    return {
        "area_m2": queries.area_m2(shape),
        "points": int(shapely.get_num_coordinates(shape)),
        "parts": len(shape.geoms),
        "buildings": len(inside),
        "building_ids": sorted(inside)[:MAX_IDS],
        "gained": len(inside - before),
        "lost": len(before - inside),
        "lost_ids": sorted(before - inside)[:MAX_IDS],
        "counts": [
            count.as_json()
            for count in counters.counts(
                inside=inside, before=before, network_type=against.network_type, at=against.at
            )
        ],
    }


def preview(shape: MultiPolygon, against: Against) -> dict[str, Any]:
    """The answer of every tool: the outline it would make, and its figures. Nothing is stored."""
    return {"geometry": geometry.as_geojson(shape), **figures(shape, against)}


def check_for_editor(value: Any, against: Against) -> dict[str, Any]:
    """What the editor's live panel shows: problems with places, the repair, figures.

    Nothing is stored. Figures are those of the repair when only that is good, else null.
    """
    result = queries.check_geometry(value)
    shape = result.geometry if result.geometry is not None else result.repaired
    known = figures(shape, against) if shape is not None else UNKNOWN
    return {
        **known,
        "valid": result.geometry is not None,
        "problems": [problem.as_json() for problem in result.problems],
        "geometry": geometry.as_geojson(result.geometry) if result.geometry is not None else None,
        "repaired": geometry.as_geojson(result.repaired) if result.repaired is not None else None,
    }


def _published_buildings(zone_id: int | None) -> frozenset[int]:
    version = queries.current_version(zone_id=zone_id) if zone_id is not None else None
    if version is None or version.status == ZoneStatus.RETIRED:
        return frozenset()
    return frozenset(covering.buildings_inside(to_shapely(version.geometry)))
