"""Checking and repairing outlines: reasons, places, repairs. Real broken polygons included."""

import gzip
import json
from pathlib import Path

import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from shapely import MultiPolygon, Polygon
from shapely.geometry import box

from coverage.zoning import geometry
from coverage.zoning.geometry import Checked, check, repair
from coverage.zoning.reading import UnreadableGeometryError

SQUARE = "POLYGON((36.3 50, 36.31 50, 36.31 50.01, 36.3 50.01, 36.3 50))"
GEO = Path(__file__).resolve().parents[3] / "fixtures" / "geo"


def broken() -> list[dict]:
    with gzip.open(GEO / "broken_polygons.geojson.gz", "rt", encoding="utf-8") as stream:
        return json.load(stream)["features"]


def codes(result: Checked) -> list[str]:
    return [problem.code for problem in result.problems]


def area_of(shape: MultiPolygon | None) -> float:
    assert shape is not None
    return float(shape.area)


@pytest.mark.parametrize(
    "given",
    [
        SQUARE,
        f"SRID=4326;{SQUARE}",
        f"  {SQUARE.lower()} ",
        json.dumps(shapely.geometry.mapping(shapely.from_wkt(SQUARE))),
        {
            "type": "Feature",
            "properties": {},
            "geometry": json.loads(shapely.to_geojson(shapely.from_wkt(SQUARE))),
        },
        GEOSGeometry(SQUARE, srid=4326),
        shapely.from_wkt(SQUARE),
    ],
    ids=["wkt", "ewkt", "lower", "geojson text", "feature", "geos", "shapely"],
)
def test_every_way_to_give_a_square_is_the_same_multipolygon(given):
    result = check(given)
    assert result.problems == ()
    assert isinstance(result.geometry, MultiPolygon)
    assert result.geometry.equals(shapely.from_wkt(SQUARE))


def test_height_is_dropped_and_coordinates_are_rounded_to_seven_digits():
    result = check("POLYGON Z((36.123456789 50 7, 36.31 50 7, 36.31 50.01 7, 36.123456789 50 7))")
    assert result.geometry is not None
    assert not result.geometry.has_z
    assert [36.1234568, 50.0] in shapely.get_coordinates(result.geometry).tolist()


@pytest.mark.parametrize(
    "given",
    [
        {"type": "Polygon", "coordinates": [[[37, 51], [36, 50], [37, 50]]]},
        "POLYGON((37 50, 37 51, 36 50))",
    ],
    ids=["geojson", "wkt"],
)
def test_an_open_ring_is_told_at_its_end_and_closing_it_is_offered(given):
    result = check(given)
    assert result.geometry is None
    assert codes(result) == ["RING_NOT_CLOSED"]
    assert (result.problems[0].lon, result.problems[0].lat) == (37, 50)
    assert area_of(result.repaired) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("given", "code", "place"),
    [
        ("POLYGON((0 0, 2 2, 2 0, 0 2, 0 0))", "SELF_INTERSECTION", (1, 1)),
        ("POLYGON((0 0, 4 0, 2 2, 4 4, 0 4, 2 2, 0 0))", "RING_SELF_INTERSECTION", (2, 2)),
        ("POLYGON((0 0, 1 0, 1 1, 0 0), (5 5, 6 5, 6 6, 5 5))", "HOLE_LIES_OUTSIDE_SHELL", (5, 5)),
        (
            "POLYGON((0 0,9 0,9 9,0 9,0 0),(1 1,8 1,8 8,1 8,1 1),(2 2,3 2,3 3,2 3,2 2))",
            "HOLES_ARE_NESTED",
            (2, 2),
        ),
        ("MULTIPOLYGON(((0 0,9 0,9 9,0 9,0 0)),((2 2,3 2,3 3,2 2)))", "NESTED_SHELLS", (2, 2)),
        ("POLYGON((10 50, 190 50, 190 51, 10 50))", "OUTSIDE_WORLD", (180, 50)),
        ("POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))", "TOO_LARGE", (-180, -90)),
        ("POLYGON((-180 0, 0 0, 180 0.1, -180 0))", "TOO_LARGE", (-180, 0)),
        ("POINT(36 50)", "NOT_AN_AREA", (36, 50)),
        ("LINESTRING(36 50, 37 51)", "NOT_AN_AREA", (36, 50)),
        ("GEOMETRYCOLLECTION(POLYGON((0 0,1 0,1 1,0 0)), POINT(7 8))", "NOT_AN_AREA", (7, 8)),
        ("POLYGON EMPTY", "EMPTY", (None, None)),
        ("POLYGON((1 1, 1.00000001 1, 1 1.00000001, 1 1))", "EMPTY", (None, None)),
    ],
)
def test_each_fault_has_a_reason_and_a_place(given, code, place):
    result = check(given)
    assert result.geometry is None
    assert codes(result) == [code]
    assert (result.problems[0].lon, result.problems[0].lat) == place
    assert str(result.problems[0].message)


def test_each_broken_part_is_told():
    bow = "((0 0, 2 2, 2 0, 0 2, 0 0))"
    far = "((10 10, 12 12, 12 10, 10 12, 10 10))"
    result = check(f"MULTIPOLYGON({bow},{far})")
    assert [(p.lon, p.lat) for p in result.problems] == [(1, 1), (11, 11)]


def test_a_repair_is_offered_not_applied():
    result = check("POLYGON((0 0, 2 2, 2 0, 0 2, 0 0))")
    assert result.geometry is None
    assert area_of(result.repaired) == pytest.approx(2)
    assert check(result.repaired).geometry is not None


def test_overlapping_parts_are_repaired_to_their_union():
    result = check(MultiPolygon([box(0, 0, 2, 2), box(1, 1, 3, 3)]))
    assert area_of(result.repaired) == pytest.approx(7)


def test_swapped_coordinates_are_offered_the_right_way_round():
    result = check("POLYGON((50 136.2, 50.01 136.2, 50.01 136.21, 50 136.2))")
    assert codes(result) == ["OUTSIDE_WORLD"]
    assert result.repaired is not None
    assert result.repaired.bounds == pytest.approx((136.2, 50, 136.21, 50.01))


def test_more_than_50000_points_are_refused():
    circle = shapely.Point(36, 50).buffer(1, quad_segs=13_000)
    assert codes(check(circle)) == ["TOO_MANY_POINTS"]


def test_rounding_that_breaks_a_polygon_is_seen():
    # A spike thinner than the grid: valid as given, no area in the spike once rounded.
    spike = Polygon([(0, 0), (1, 0), (1, 0.5), (2, 0.50000001), (1, 0.50000002), (1, 1), (0, 1)])
    assert shapely.is_valid(spike)
    result = check(spike)
    assert result.geometry is None
    assert area_of(result.repaired) == pytest.approx(1)


def test_polygons_are_pulled_out_of_nested_collections():
    nested = shapely.GeometryCollection(
        [
            shapely.Point(0, 0),
            shapely.GeometryCollection([box(0, 0, 1, 1), MultiPolygon([box(2, 2, 3, 3)])]),
        ]
    )
    assert len(list(geometry.polygons_of(nested))) == 2


@pytest.mark.parametrize(
    "given",
    ["", "hello", "POLYGON(", "SRID=3857;" + SQUARE, "{", "[1]", 5, None, "x" * 6_000_001],
    ids=lambda given: str(given)[:12],
)
def test_what_is_no_geometry_is_unreadable(given):
    with pytest.raises(UnreadableGeometryError):
        check(given)


def test_another_crs_is_refused_and_wgs84_by_any_name_taken():
    square = json.loads(shapely.to_geojson(shapely.from_wkt(SQUARE)))
    for name in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"):
        assert check({**square, "crs": {"properties": {"name": name}}}).geometry is not None
    with pytest.raises(UnreadableGeometryError):
        check({**square, "crs": {"properties": {"name": "EPSG:3857"}}})


@pytest.mark.parametrize("feature", broken(), ids=lambda f: f["properties"]["name"])
def test_real_broken_polygons_are_explained_at_a_place_and_repaired(feature):
    result = check(feature["geometry"])
    assert result.geometry is None
    first = result.problems[0]
    assert first.lon is not None
    assert first.lat is not None
    assert result.repaired is not None
    west, south, east, north = result.repaired.bounds
    assert west - 1e-6 <= first.lon <= east + 1e-6
    assert south - 1e-6 <= first.lat <= north + 1e-6
    assert check(result.repaired).geometry is not None


def test_a_repair_that_leaves_nothing_is_none():
    assert repair(Polygon([(0, 0), (1, 1), (2, 2)])) is None
