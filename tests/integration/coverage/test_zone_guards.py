"""What the database itself refuses, whoever writes past the application."""

import pytest
from django.contrib.gis.geos import GEOSGeometry
from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from psycopg.types.range import TimestamptzRange
from shapely import MultiPolygon

from coverage.models import Zone, ZoneChange, ZoneVersion
from coverage.zoning.shapes import to_geos
from tests.support.zones import AT, actor, drafted, later, planner, published, square

pytestmark = pytest.mark.django_db
BOWTIE = "MULTIPOLYGON(((36 50, 36.1 50.1, 36.1 50, 36 50.2, 36 50)))"
SQUARE = to_geos(MultiPolygon([square(0, 0)]))


@pytest.fixture
def zone():
    return published(actor(planner()), square(0, 0))


def run(*statements):
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def insert(zone_id, geometry, revision=99, **changes):
    values = {
        "status": "PLANNED",
        "valid": TimestamptzRange(later(60), None),
        "area_m2": 1,
        **changes,
    }
    with transaction.atomic():
        return ZoneVersion.objects.create(
            zone_id=zone_id, geometry=geometry, revision=revision, **values
        )


@pytest.mark.parametrize(
    ("wkt", "constraint"),
    [
        (BOWTIE, "valid_shape"),
        ("MULTIPOLYGON EMPTY", "not_empty|min_area|in_world"),
        ("MULTIPOLYGON(((36 50, 36.00001 50, 36.00001 50.00001, 36 50)))", "min_area"),
        ("MULTIPOLYGON(((179 50, 181 50, 181 51, 179 50)))", "in_world"),
        ("MULTIPOLYGON(((36 89, 37 89, 37 91, 36 89)))", "in_world|min_area"),
    ],
    ids=["bow tie", "empty", "tiny", "beyond 180", "beyond the pole"],
)
def test_bad_outlines_are_refused(wkt, constraint):
    zone = Zone.objects.create(code="z", name="z", network_type="GPON", created_at=AT, revision=1)
    geometry = GEOSGeometry(wkt, srid=4326)
    with pytest.raises(DatabaseError, match=constraint):
        insert(zone.id, geometry)


def test_50001_points_are_refused(zone):
    import shapely

    circle = shapely.MultiPolygon([shapely.Point(36, 50).buffer(1, quad_segs=12_501)])
    assert shapely.get_num_coordinates(circle) > 50_000
    with pytest.raises(IntegrityError, match="coverage_zoneversion_points"):
        insert(zone.zone_id, to_geos(circle))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'LINESTRING(36 50, 37 51)'::geometry",
        "SELECT ST_Force3D(geometry) FROM coverage_zoneversion",
        "SELECT ST_Transform(geometry, 3857) FROM coverage_zoneversion",
    ],
    ids=["line", "height", "web mercator"],
)
def test_lines_height_and_other_projections_do_not_fit_the_column(zone, sql):
    with (
        pytest.raises((DataError, DatabaseError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO coverage_zonechange (changeset_id, zone_id, base_revision, name,"
            " network_type, priority, geometry, status, comment, updated_at)"
            f" VALUES (%s, %s, 1, '', 'GPON', 0, ({sql} LIMIT 1), 'PLANNED', '', now())",
            [zone.changeset_id, zone.zone_id],
        )


def test_drafts_are_guarded_too(zone):
    with pytest.raises(IntegrityError, match="valid_shape"), transaction.atomic():
        ZoneChange.objects.update(geometry=GEOSGeometry(BOWTIE, srid=4326))


@pytest.mark.parametrize(
    "change",
    [
        {"status": "SUSPENDED"},
        {"priority": 5},
        {"comment": "задним числом"},
        {"area_m2": 5},
        {"revision": 77},
        {"geometry": to_geos(MultiPolygon([square(1, 1)]))},
        {"valid": TimestamptzRange(later(-5), None)},
        {"valid": TimestamptzRange(later(-5), later(5))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_published_version_cannot_be_changed(zone, change):
    with pytest.raises(DatabaseError), transaction.atomic():
        ZoneVersion.objects.filter(zone_id=zone.zone_id).update(**change)


def test_its_end_may_be_set_once(zone):
    rows = ZoneVersion.objects.filter(zone_id=zone.zone_id)
    assert rows.update(valid=TimestamptzRange(AT, later(5))) == 1
    for again in (TimestamptzRange(AT, later(9)), TimestamptzRange(AT, None)):
        with pytest.raises(DatabaseError, match="only once"), transaction.atomic():
            rows.update(valid=again)


def test_versions_of_one_zone_cannot_overlap_in_time(zone):
    with pytest.raises(IntegrityError, match="coverage_zoneversion_no_overlap"):
        insert(zone.zone_id, SQUARE)


@pytest.mark.parametrize(
    "span",
    [
        TimestamptzRange(later(5), later(5)),
        TimestamptzRange(None, later(5)),
        TimestamptzRange(later(5), later(6), "[]"),
    ],
    ids=["empty", "no beginning", "closed end"],
)
def test_a_span_is_half_open_and_begins(span):
    zone = Zone.objects.create(code="z", name="z", network_type="GPON", created_at=AT)
    with pytest.raises(IntegrityError, match="coverage_zoneversion_span"):
        insert(zone.id, SQUARE, valid=span)


@pytest.mark.parametrize("table", ["coverage_zoneversion", "coverage_zone"])
def test_nothing_published_is_deleted(zone, table):
    with pytest.raises(DatabaseError, match="never deleted"):
        run("DELETE FROM coverage_buildingcoverage", f"DELETE FROM {table}")


def test_truncate_is_refused(zone):
    with pytest.raises(DatabaseError, match="never deleted"):
        run("SET CONSTRAINTS ALL IMMEDIATE", "TRUNCATE coverage_zoneversion CASCADE")


def test_the_revision_only_grows_and_the_network_type_is_fixed(zone):
    rows = Zone.objects.filter(id=zone.zone_id)
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        rows.update(revision=1)
    with pytest.raises(DatabaseError, match="network type is fixed"), transaction.atomic():
        rows.update(network_type="WIRELESS")


def test_the_running_system_can_publish_but_not_rewrite(as_app_role):
    with as_app_role():
        zone = published(actor(planner()), square(0, 0))
        drafted(actor(planner("two")), square(50, 0))
    with pytest.raises(DatabaseError, match="permission denied"), as_app_role():
        ZoneVersion.objects.filter(zone_id=zone.zone_id).update(comment="x")
    with pytest.raises(DatabaseError, match="permission denied"), as_app_role():
        ZoneVersion.objects.filter(zone_id=zone.zone_id).delete()
