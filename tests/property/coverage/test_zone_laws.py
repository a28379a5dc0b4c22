"""Laws of zones for any sequence of a planner's actions, and of repairs for any outline."""

from itertools import combinations, pairwise

import pytest
import shapely
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Polygon

from coverage.models import BuildingCoverage, Zone, ZoneVersion
from coverage.zoning import geometry, operations, queries
from coverage.zoning.reading import UnreadableGeometryError
from coverage.zoning.shapes import to_shapely
from project.core.errors import DomainError
from tests.support.zones import actor, building, later, locality, square

whole = st.integers(0, 12)
corner = st.tuples(
    st.floats(36, 36.02, allow_nan=False).map(lambda n: round(n, 8)),
    st.floats(50, 50.02, allow_nan=False).map(lambda n: round(n, 8)),
)


@given(st.lists(corner, min_size=3, max_size=14))
@settings(max_examples=300, deadline=None)
def test_an_outline_is_good_or_told_at_a_place_and_a_repair_is_good(corners):
    try:
        result = geometry.check(Polygon(corners))
    except ValueError:
        return
    if result.geometry is not None:
        assert shapely.is_valid(result.geometry)
        assert not result.problems
        again = geometry.check(result.geometry)
        assert again.geometry is not None
        assert again.geometry.equals(result.geometry)
        return
    assert result.problems
    if result.repaired is not None:
        assert geometry.check(result.repaired).geometry is not None
        west, south, east, north = Polygon(corners).bounds
        inside = shapely.box(west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6)
        assert inside.covers(result.repaired)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "coordinates", "geometry", "geometries", "features", "crs"]
                ),
                inner | st.sampled_from(["Polygon", "MultiPolygon", "Point", "Feature"]),
                max_size=4,
            )
        ),
        max_leaves=25,
    )
)
@settings(max_examples=400, deadline=None)
def test_anything_at_all_is_judged_or_called_unreadable(value):
    try:
        result = geometry.check(value)
    except UnreadableGeometryError:
        return
    assert (result.geometry is None) == bool(result.problems)


STEP = st.one_of(
    st.tuples(st.just("new"), whole, whole, st.integers(2, 6), st.integers(0, 1)),
    st.tuples(st.just("move"), st.integers(0, 5), whole, whole, st.integers(2, 6)),
    st.tuples(st.just("status"), st.integers(0, 5), st.sampled_from(["SUSPENDED", "IN_SERVICE"])),
    st.tuples(st.just("retire"), st.integers(0, 5)),
    st.tuples(st.just("back"), st.integers(0, 5), st.integers(0, 9)),
)


def act(step, moment):
    """One action as far as it is allowed; refusals are part of the game."""
    who = actor()
    kind = step[0]
    if kind == "new":
        _kind, x, y, size, priority = step
        draft = operations.create_zone(
            actor=who,
            at=moment,
            name="Зона",
            network_type="GPON",
            priority=priority,
            status="IN_SERVICE",
            geometry=square(x, y, size, size),
        )
        publish_or_discard(draft, who, moment)
        return
    zones = list(Zone.objects.order_by("id"))
    if not zones:
        return
    zone = zones[step[1] % len(zones)]
    versions = list(ZoneVersion.objects.filter(zone=zone).order_by("id"))
    if not versions:
        return
    common = {"zone_id": zone.id, "base_revision": zone.revision, "actor": who, "at": moment}
    if kind == "move":
        draft = operations.save_draft(
            geometry=square(step[2], step[3], step[4], step[4]), status="IN_SERVICE", **common
        )
        publish_or_discard(draft, who, moment)
    elif kind == "status":
        shape = to_shapely(versions[-1].geometry)
        draft = operations.save_draft(geometry=shape, status=step[2], **common)
        publish_or_discard(draft, who, moment)
    elif kind == "retire":
        operations.retire(**common)
    else:
        operations.rollback(to_version_id=versions[step[2] % len(versions)].id, **common)


def publish_or_discard(draft, who, moment):
    try:
        operations.publish(changeset_id=draft.changeset_id, actor=who, at=moment)
    except DomainError:
        operations.discard_draft(
            zone_id=draft.zone_id, changeset_id=draft.changeset_id, actor=who, at=moment
        )


def refused_is_fine(step, moment):
    try:
        with transaction.atomic():
            act(step, moment)
    except DomainError:
        return


@pytest.mark.django_db
@given(steps=st.lists(STEP, min_size=1, max_size=9))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_planners_do_the_map_keeps_its_laws(steps):
    with transaction.atomic():
        city = locality()
        houses = [
            building(x + 0.5, y + 0.5, city) for x in range(0, 18, 3) for y in range(0, 18, 3)
        ]
        for number, step in enumerate(steps, start=1):
            refused_is_fine(step, later(number))
        laws(houses, last=later(len(steps) + 1))
        with connection.cursor() as cursor:  # the deferred constraints hold as well
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def laws(houses, last):
    versions = list(ZoneVersion.objects.select_related("zone").order_by("zone_id", "revision"))
    by_zone: dict[int, list[ZoneVersion]] = {}
    for version in versions:
        by_zone.setdefault(version.zone_id, []).append(version)
    for history in by_zone.values():
        # The story of a zone has no gap and no overlap, and only its last page is open.
        for earlier, next_one in pairwise(history):
            assert earlier.valid.upper == next_one.valid.lower
        assert history[-1].valid.upper is None
    now = [history[-1] for history in by_zone.values() if history[-1].status != "RETIRED"]
    for one, two in combinations(now, 2):
        if one.priority == two.priority:
            shared = to_shapely(one.geometry).intersection(to_shapely(two.geometry))
            assert queries.area_m2(shared) <= 50
    # So each place has one winner at most: equals meet on their edges only.
    for house in houses:
        point = shapely.Point(house.point.x, house.point.y)
        inside = [v for v in now if to_shapely(v.geometry).covers(point)]
        ranks = [v.priority for v in inside if to_shapely(v.geometry).contains_properly(point)]
        assert len(ranks) == len(set(ranks))
    # What is derived equals what it is derived from.
    stored = set(BuildingCoverage.objects.values_list("building_id", "zone_version_id"))
    assert stored == {
        (house.id, version.id)
        for version in versions
        if version.status != "RETIRED"
        for house in houses
        if to_shapely(version.geometry).covers(shapely.Point(house.point.x, house.point.y))
    }
    operations.rebuild_building_coverage()
    assert set(BuildingCoverage.objects.values_list("building_id", "zone_version_id")) == stored
    shown = {f["properties"]["version_id"] for f in queries.zones_geojson(at=last)["features"]}
    assert shown == {version.id for version in now}
