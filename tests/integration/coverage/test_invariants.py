"""The standing list of what must hold on the map, and how it can block a publication."""

import pytest
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Polygon
from psycopg.types.range import TimestamptzRange

from coverage import invariants
from coverage.invariants import Violation
from coverage.models import AdminUnit, Building, Street, ZoneVersion
from coverage.zoning import operations
from project.core.models import AuditEntry
from tests.support.zones import (
    LAT,
    LON,
    STEP,
    actor,
    building,
    drafted,
    later,
    locality,
    planner,
    published,
    square,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def olena():
    return actor(planner("olena"))


def rule(name, at=None):
    found = {each["name"]: each for each in invariants.standing(at=at or later(60))}
    return found[name]


def outline(width=10.0):
    corners = (LON, LAT, LON + width * STEP, LAT + width * STEP)
    return MultiPolygon(Polygon.from_bbox(corners), srid=4326)


def street(city, *points):
    line = LineString([(LON + x * STEP, LAT + y * STEP) for x, y in points])
    return Street.objects.create(
        locality=city,
        type="вулиця",
        name="Лісова",
        name_norm="лісова",
        search_key="лісова",
        geom=MultiLineString(line, srid=4326),
    )


def test_overlapping_zones_are_found_although_publishing_would_refuse_them(olena):
    published(olena, square(0, 0), name="А")
    other = published(olena, square(8, 0), name="Б", priority=1, at=later(1))
    assert rule("overlapping_zones")["total"] == 0
    # What somebody with psql could do.
    version = ZoneVersion.objects.get(zone_id=other.zone_id)
    ZoneVersion.objects.filter(id=version.id).update(
        valid=TimestamptzRange(version.valid.lower, later(2))
    )
    version.pk, version.priority, version.revision = None, 0, 100
    version.valid = TimestamptzRange(later(2), None)
    version.save(force_insert=True)
    found = rule("overlapping_zones")
    assert (found["total"], found["level"], found["always"]) == (1, "BLOCK", True)
    (violation,) = found["violations"]
    assert len(violation["zone_ids"]) == 2
    assert violation["geometry"]["type"] == "Polygon"
    assert LON + 8 * STEP < violation["lon"] < LON + 10 * STEP


def test_a_building_belongs_inside_its_settlement():
    city = locality()
    AdminUnit.objects.filter(id=city.id).update(geom=outline())
    building(5, 5, city)
    building(10, 5, city)  # on the edge: inside
    out = building(12, 5, city)
    found = rule("building_outside_place")
    assert found["total"] == 1
    assert found["violations"][0]["building_id"] == out.id
    assert "143" in found["violations"][0]["text"]
    Building.objects.filter(id=out.id).update(retired_at=later(0))
    assert rule("building_outside_place")["total"] == 0


def test_where_the_settlement_has_no_outline_its_hromada_stands_in():
    hromada = AdminUnit.objects.create(
        category="HROMADA", name="Громада", search_key="громада", path="x", depth=2, geom=outline()
    )
    AdminUnit.objects.filter(id=hromada.id).update(path=f"/{hromada.id}/")
    raion = outline(100)
    village = locality()
    AdminUnit.objects.filter(id=village.id).update(
        path=f"/{hromada.id}/{village.id}/", depth=3, parent=hromada
    )
    AdminUnit.objects.create(
        category="RAION", name="Район", search_key="район", path="/r/", depth=1, geom=raion
    )
    building(5, 5, village)
    out = building(50, 50, village)
    (violation,) = rule("building_outside_place")["violations"]
    assert violation["building_id"] == out.id
    assert "Громада" in violation["text"]
    AdminUnit.objects.filter(id=hromada.id).update(geom=None)
    assert rule("building_outside_place")["total"] == 0


def test_a_building_far_from_its_street_is_told_where_the_street_has_a_line():
    city = locality()
    road = street(city, (0, 0), (10, 0))
    near, far = building(5, 2.6, city), building(5, 2.8, city)  # 289 and 311 metres
    elsewhere = building(5, 9, city)
    Building.objects.filter(id__in=[near.id, far.id]).update(street=road)
    found = rule("building_far_from_street")
    assert [violation["building_id"] for violation in found["violations"]] == [far.id]
    Building.objects.filter(id=elsewhere.id).update(street=road)
    assert rule("building_far_from_street")["total"] == 2
    Street.objects.filter(id=road.id).update(geom=None)
    assert rule("building_far_from_street")["total"] == 0


class NobodyLosesCover:
    """A rule for tests: buildings that no zone covers."""

    name = "test_rule"
    title = "Правило"
    hint = "Підказка"
    follows_zones = True
    always = False

    def find(self, *, at, limit):
        keys = self.among(at=at, building_ids=list(Building.objects.values_list("id", flat=True)))
        found = [Violation(key, text, LON, LAT, int(key)) for key, text in keys.items()]
        return len(found), found[:limit]

    def among(self, *, at, building_ids):
        covered = set(
            Building.objects.filter(
                id__in=building_ids, coverage__zone_version__valid__contains=at
            ).values_list("id", flat=True)
        )
        return {str(id_): f"будинок {id_}" for id_ in building_ids if id_ not in covered}


@pytest.fixture
def nobody_loses_cover():
    invariants.register(NobodyLosesCover())
    yield "test_rule"
    invariants.unregister("test_rule")


def shrink(who, zone, at):
    return operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=who,
        at=at,
        geometry=square(0, 0, 4, 10),
        status="IN_SERVICE",
    )


def test_a_broken_rule_warns_by_default_and_blocks_when_set_so(olena, nobody_loses_cover):
    building(2, 5)
    lost = building(8, 5)
    building(50, 50)  # was outside before: no reason to refuse anything
    zone = published(olena, square(0, 0))
    draft = shrink(olena, zone, later(1))
    impact = operations.preview_impact(changeset_id=draft.changeset_id, at=later(2))
    (breach,) = impact["invariants"]
    assert (breach["count"], breach["blocks"], impact["can_publish"]) == (1, False, True)
    assert breach["texts"] == [f"будинок {lost.id}"]
    assert ZoneVersion.objects.count() == 1, "a preview publishes nothing"

    invariants.set_level(name=nobody_loses_cover, level="BLOCK", actor=olena, at=later(3))
    impact = operations.preview_impact(changeset_id=draft.changeset_id, at=later(4))
    assert not impact["can_publish"]
    assert impact["refusals"][0]["code"] == "invariant_refused"
    with pytest.raises(invariants.InvariantRefusedError):
        operations.publish(changeset_id=draft.changeset_id, actor=olena, at=later(5))
    assert ZoneVersion.objects.count() == 1
    assert ZoneVersion.objects.get().valid.upper is None

    invariants.set_level(name=nobody_loses_cover, level="OFF", actor=olena, at=later(6))
    done = operations.publish(changeset_id=draft.changeset_id, actor=olena, at=later(7))
    assert done.impact["invariants"] == []
    assert AuditEntry.objects.filter(action="coverage.invariant.level_set").count() == 2


def test_a_fact_about_a_building_blocks_only_zones_around_it(olena):
    city = locality()
    AdminUnit.objects.filter(id=city.id).update(geom=outline(2))
    building(5, 5, city)
    invariants.set_level(name="building_outside_place", level="BLOCK", actor=olena, at=later(0))
    around = drafted(olena, square(0, 0), at=later(1))
    with pytest.raises(invariants.InvariantRefusedError) as refused:
        operations.publish(changeset_id=around.changeset_id, actor=olena, at=later(2))
    assert refused.value.context["invariants"][0]["count"] == 1
    operations.discard_draft(
        zone_id=around.zone_id, actor=olena, at=later(3), changeset_id=around.changeset_id
    )
    published(olena, square(20, 0), at=later(4))


def test_levels_are_refused_where_they_make_no_sense(olena):
    for name, level in (("overlapping_zones", "OFF"), ("building_outside_place", "MAYBE")):
        with pytest.raises(invariants.BadLevelError):
            invariants.set_level(name=name, level=level, actor=olena, at=later(0))
    with pytest.raises(invariants.NotFoundError):
        invariants.set_level(name="none", level="OFF", actor=olena, at=later(0))
