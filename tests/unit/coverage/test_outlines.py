"""Real broken polygons: each is told with its reason and place, and repaired."""

import gzip
import json
import re
from pathlib import Path

import pytest
import shapely

from coverage.importers.outlines import point_inside, read_outline

GEO = Path(__file__).resolve().parents[3] / "fixtures" / "geo"
PLACE = re.compile(r"\[([\d.]+) ([\d.]+)\]$")


def broken() -> list[dict]:
    with gzip.open(GEO / "broken_polygons.geojson.gz", "rt", encoding="utf-8") as stream:
        return json.load(stream)["features"]


@pytest.mark.parametrize("feature", broken(), ids=lambda f: f["properties"]["name"])
def test_each_real_fault_is_told_and_repaired(feature: dict) -> None:
    told = feature["properties"]["error"]
    outline = read_outline(feature["geometry"])
    assert outline.faults
    assert outline.geometry is not None
    assert shapely.is_valid(outline.geometry)
    first = outline.faults[0]
    assert first.lon is not None
    assert first.lat is not None
    if "closed linestring" in told:
        assert first.code == "RING_NOT_CLOSED"
        assert "gap" in first.detail
    else:
        assert first.code == "INVALID_GEOMETRY"
        assert told.split("[")[0].lower() in first.detail.lower()
        place = PLACE.search(told)
        assert place is not None
        assert (first.lon, first.lat) == pytest.approx((float(place[1]), float(place[2])), abs=1e-6)
    assert shapely.is_valid(shapely.transform(outline.geometry, lambda xy: xy.round(7)))
    assert outline.geometry.covers(point_inside(outline.geometry))


def test_a_wide_gap_is_not_closed_by_a_straight_line() -> None:
    ring = [[36.0, 50.0], [36.1, 50.0], [36.1, 50.1]]
    outline = read_outline({"type": "Polygon", "coordinates": [ring]})
    assert outline.geometry is None
    assert [fault.action for fault in outline.faults] == ["SKIPPED"]


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        {},
        "text",
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[]]},
        {"type": "Polygon", "coordinates": [[[1, 2], [1, 2], [1, 2]]]},
        {"type": "Polygon", "coordinates": [["a", "b"]]},
        {"type": "Polygon", "coordinates": {"a": 1}},
        {"type": "Polygon", "coordinates": [[[float("nan"), 1], [2, 3], [4, 5], [2, 2]]]},
        {"type": "Polygon", "coordinates": [[[1000, 1], [2, 3], [4, 5], [1000, 1]]]},
        {"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [3, 3], [1, 1]]]},
        {"type": "MultiPolygon", "coordinates": [1, 2]},
    ],
)
def test_hostile_geometry_is_a_fault_not_a_crash(hostile: object) -> None:
    outline = read_outline(hostile)
    assert outline.geometry is None
    assert outline.faults
