"""Publishing zones on a real PostGIS: versions, coverage, overlaps, staleness, rollback."""

from datetime import date, timedelta

import pytest
from shapely.geometry import box

from coverage import impact
from coverage.models import BuildingCoverage, Zone, ZoneChange, ZoneChangeSet, ZoneVersion
from coverage.zoning import operations, overlaps, queries
from coverage.zoning.shapes import to_shapely
from project.core.errors import NotFoundError
from project.core.models import AuditEntry, OutboxEvent
from tests.support.zones import (
    AT,
    LAT,
    LON,
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
def me():
    return actor(planner())


def test_a_new_zone_is_a_draft_that_only_drafts_show(me):
    draft = drafted(me, square(0, 0), name="Північна Салтівка")

    zone = Zone.objects.get(id=draft.zone_id)
    assert zone.code == "pivnichna-saltivka"
    assert not ZoneVersion.objects.exists()
    assert queries.zones_geojson(at=later(1))["features"] == []
    (feature,) = queries.zones_geojson(at=later(1), with_drafts=True)["features"]
    assert feature["properties"]["kind"] == "draft"
    assert feature["properties"]["changeset_id"] == draft.changeset_id


def test_codes_of_equal_names_differ(me):
    codes = [Zone.objects.get(id=drafted(me, square(x * 20, 0)).zone_id).code for x in range(3)]
    assert codes == ["zona", "zona-2", "zona-3"]


def test_publishing_opens_a_version_and_covers_the_buildings_inside_and_on_the_edge(me):
    city = locality()
    inside, edge, outside = (building(x, 5, city) for x in (5, 10, 11))

    zone = published(me, square(0, 0), planned_for_date=date(2026, 12, 31), comment="перша черга")

    version = ZoneVersion.objects.get(zone_id=zone.zone_id)
    assert (version.valid.lower, version.valid.upper) == (AT, None)
    assert version.comment == "перша черга"
    assert version.revision == zone.revision == Zone.objects.get(id=zone.zone_id).revision
    covered = set(BuildingCoverage.objects.values_list("building_id", flat=True))
    assert covered == {inside.id, edge.id}
    assert outside.id not in covered


def test_publishing_tells_audit_and_outbox_and_stores_the_impact(me):
    house = building(5, 5)
    zone = published(me, square(0, 0))

    entry = AuditEntry.objects.get(action="coverage.zone.published")
    assert (entry.object_type, entry.object_id) == ("zone", str(zone.zone_id))
    event = OutboxEvent.objects.get(topic="coverage.zone_published")
    assert event.payload["zones"][0]["zone_id"] == zone.zone_id
    changeset = ZoneChangeSet.objects.get(id=zone.changeset_id)
    assert changeset.state == "PUBLISHED"
    assert changeset.impact["zones"][0]["gained_ids"] == [house.id]


def test_redrawing_closes_the_old_version_where_the_new_one_begins(me):
    city = locality()
    building(5, 5, city)
    right = building(15, 5, city)
    zone = published(me, square(0, 0))
    draft = operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=me,
        at=later(1),
        geometry=square(10, 0),
        status="IN_SERVICE",
    )

    result = operations.publish(changeset_id=draft.changeset_id, actor=me, at=later(2))

    old, new = ZoneVersion.objects.filter(zone_id=zone.zone_id).order_by("revision")
    assert old.valid.upper == new.valid.lower == later(2)
    assert (result.impact["gained"], result.impact["lost"]) == (1, 1)
    assert list(new.buildings.values_list("building_id", flat=True)) == [right.id]
    then = queries.zones_geojson(at=later(1))["features"][0]
    now = queries.zones_geojson(at=later(2))["features"][0]
    assert then["properties"]["version_id"] == old.id
    assert now["properties"]["version_id"] == new.id


def test_two_versions_on_one_day_and_a_rollback_all_exist(me):
    building(5, 5)
    zone = published(me, square(0, 0))
    first = ZoneVersion.objects.get(zone_id=zone.zone_id)
    draft = operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=me,
        at=later(1),
        geometry=square(100, 100),
        status="SUSPENDED",
        priority=7,
    )
    operations.publish(changeset_id=draft.changeset_id, actor=me, at=later(2))

    operations.rollback(
        zone_id=zone.zone_id,
        to_version_id=first.id,
        base_revision=draft.revision + 1,
        actor=me,
        at=later(3),
    )

    versions = list(ZoneVersion.objects.filter(zone_id=zone.zone_id).order_by("revision"))
    assert [v.status for v in versions] == ["IN_SERVICE", "SUSPENDED", "IN_SERVICE"]
    assert [v.priority for v in versions] == [0, 7, 0]
    assert versions[2].geometry.equals_exact(first.geometry)
    assert versions[2].buildings.count() == 1
    assert {v.valid.lower.date() for v in versions} == {AT.date()}
    assert Zone.objects.get(id=zone.zone_id).priority == 0


def test_a_rollback_is_looked_at_as_a_draft_before_it_is_published(me):
    building(5, 5)
    building(105, 105)
    zone = published(me, square(0, 0))
    first = ZoneVersion.objects.get(zone_id=zone.zone_id)
    draft = operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=me,
        at=later(1),
        geometry=square(100, 100),
        status="SUSPENDED",
    )
    operations.publish(changeset_id=draft.changeset_id, actor=me, at=later(2))
    wanted = {
        "zone_id": zone.zone_id,
        "to_version_id": first.id,
        "base_revision": draft.revision + 1,
        "actor": me,
    }

    changeset_id = operations.draft_rollback(**wanted, at=later(3))

    assert operations.draft_rollback(**wanted, at=later(4)) == changeset_id  # asked twice
    assert ZoneVersion.objects.filter(zone_id=zone.zone_id).count() == 2
    seen = operations.preview_impact(changeset_id=changeset_id, at=later(4))
    assert (seen["gained"], seen["lost"], seen["can_publish"]) == (1, 1, True)
    operations.publish(changeset_id=changeset_id, actor=me, at=later(5))
    newest = ZoneVersion.objects.filter(zone_id=zone.zone_id).latest("id")
    assert newest.status == "IN_SERVICE"  # after SUSPENDED too: it was so before
    assert newest.geometry.equals_exact(first.geometry)
    with pytest.raises(operations.StaleRevisionError):
        operations.draft_rollback(**wanted, at=later(6))


def test_rollback_to_another_zones_version_is_not_found(me):
    one, two = published(me, square(0, 0)), published(me, square(50, 0), at=later(1))
    other = ZoneVersion.objects.get(zone_id=two.zone_id)
    with pytest.raises(operations.StaleRevisionError):
        operations.rollback(
            zone_id=two.zone_id, to_version_id=other.id, base_revision=1, actor=me, at=later(2)
        )
    with pytest.raises(NotFoundError):
        operations.rollback(
            zone_id=one.zone_id,
            to_version_id=other.id,
            base_revision=one.revision,
            actor=me,
            at=later(2),
        )


def test_a_retired_zone_covers_nothing_keeps_its_history_and_can_come_back(me):
    building(5, 5)
    zone = published(me, square(0, 0))
    first = ZoneVersion.objects.get(zone_id=zone.zone_id)

    done = operations.retire(
        zone_id=zone.zone_id, base_revision=zone.revision, actor=me, at=later(1)
    )

    assert done.impact["lost"] == 1
    assert queries.zones_geojson(at=later(1))["features"] == []
    assert Zone.objects.get(id=zone.zone_id).archived_at == later(1)
    retired = ZoneVersion.objects.get(zone_id=zone.zone_id, status="RETIRED")
    assert retired.buildings.count() == 0
    operations.rollback(
        zone_id=zone.zone_id,
        to_version_id=first.id,
        base_revision=zone.revision + 1,
        actor=me,
        at=later(2),
    )
    assert len(queries.zones_geojson(at=later(2))["features"]) == 1
    assert Zone.objects.get(id=zone.zone_id).archived_at is None


# --- overlaps --------------------------------------------------------------------------------


def test_an_overlap_of_equals_is_refused_with_its_shape_and_offers_and_changes_nothing(me):
    one = published(me, square(0, 0), name="Перша")
    two = drafted(me, square(8, 0), name="Друга", at=later(1))

    with pytest.raises(operations.OverlapRefusedError) as caught:
        operations.publish(changeset_id=two.changeset_id, actor=me, at=later(2))

    (overlap,) = caught.value.context["overlaps"]
    assert (overlap["zone_id"], overlap["other_zone_id"]) == (two.zone_id, one.zone_id)
    assert overlap["area_m2"] == pytest.approx(2 * 71.7 * 10 * 111.2, rel=0.01)
    assert overlap["offers"] == ["TRIM_MINE", "TRIM_THEIRS", "CHANGE_PRIORITY"]
    assert ZoneVersion.objects.count() == 1
    assert operations.preview_impact(changeset_id=two.changeset_id, at=later(2))["overlaps"]


@pytest.mark.parametrize("changes", [{"priority": 1}, {"network_type": "WIRELESS"}])
def test_another_priority_or_network_may_overlap(me, changes):
    published(me, square(0, 0))
    published(me, square(5, 0), at=later(1), **changes)
    assert ZoneVersion.objects.count() == 2


def test_neighbours_that_share_an_edge_or_a_sliver_under_50_m2_are_fine(me):
    published(me, square(0, 0))
    published(me, square(10, 0), at=later(1))
    sliver = 0.0005  # of a step: 4 cm wide over 1.1 km is 40 m²
    published(me, square(-10, 0, width=10 + sliver), at=later(2))
    assert ZoneVersion.objects.count() == 3


def test_two_overlapping_drafts_of_one_change_set_are_told_once(me):
    one = drafted(me, square(0, 0))
    two = drafted(me, square(5, 0))
    assert one.changeset_id == two.changeset_id
    with pytest.raises(operations.OverlapRefusedError) as caught:
        operations.publish(changeset_id=one.changeset_id, actor=me, at=AT)
    assert len(caught.value.context["overlaps"]) == 1


def test_swapping_ground_between_two_zones_in_one_change_set_is_no_overlap(me):
    one, two = published(me, square(0, 0)), published(me, square(10, 0), at=later(1))
    for zone, shape in ((one, square(10, 0)), (two, square(0, 0))):
        draft = operations.save_draft(
            zone_id=zone.zone_id,
            base_revision=zone.revision,
            actor=me,
            at=later(2),
            geometry=shape,
            status="IN_SERVICE",
        )
    operations.publish(changeset_id=draft.changeset_id, actor=me, at=later(3))
    assert ZoneVersion.objects.filter(valid__endswith=None).count() == 2


@pytest.mark.parametrize("mine_first", [True, False])
def test_trimming_either_side_makes_it_publishable(me, mine_first):
    one = published(me, square(0, 0))
    two = drafted(me, square(8, 0), at=later(1))
    theirs, mine = (
        overlaps.outline_of(zone_id=z.zone_id, changeset_id=two.changeset_id) for z in (one, two)
    )
    if mine_first:
        zone, shape = two, operations.trimmed(keep=mine, cut=theirs)
    else:
        zone, shape = one, operations.trimmed(keep=theirs, cut=mine)
    operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=me,
        at=later(2),
        geometry=shape,
        status="IN_SERVICE",
    )
    operations.publish(changeset_id=two.changeset_id, actor=me, at=later(3))
    assert ZoneVersion.objects.filter(valid__endswith=None).count() == 2


def test_trimming_away_everything_is_refused():
    with pytest.raises(operations.NothingLeftError):
        operations.trimmed(keep=square(1, 1, 2, 2), cut=square(0, 0))


# --- staleness -------------------------------------------------------------------------------


def test_a_stale_save_gets_the_present_state_and_the_difference_and_loses_nothing(me):
    other = actor(planner("other"))
    zone = published(me, square(0, 0), name="Салтівка")
    theirs = operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=other,
        at=later(1),
        geometry=square(0, 0, width=12),
        status="SUSPENDED",
    )

    with pytest.raises(operations.StaleRevisionError) as caught:
        operations.save_draft(
            zone_id=zone.zone_id,
            base_revision=zone.revision,
            actor=me,
            at=later(2),
            geometry=square(0, 0, width=11),
            status="IN_SERVICE",
            name="Салтівка-2",
        )

    assert caught.value.http_status == 412
    current, difference = caught.value.context["current"], caught.value.context["difference"]
    assert current["revision"] == theirs.revision
    assert difference["fields"]["status"] == ["SUSPENDED", "IN_SERVICE"]
    assert difference["fields"]["name"] == ["Салтівка", "Салтівка-2"]
    assert difference["only_mine_m2"] == 0
    assert difference["only_theirs_m2"] == pytest.approx(71.7 * 1112, rel=0.01)
    kept = ZoneChange.objects.get(id=theirs.change_id)
    assert to_shapely(kept.geometry).equals(square(0, 0, width=12))


def test_a_draft_that_the_zone_has_left_behind_cannot_be_published(me):
    other = actor(planner("other"))
    zone = published(me, square(0, 0))
    mine = operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=me,
        at=later(1),
        geometry=square(0, 0, width=11),
        status="IN_SERVICE",
    )
    theirs = operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=mine.revision,
        actor=other,
        at=later(2),
        geometry=square(0, 0, width=12),
        status="IN_SERVICE",
    )
    assert mine.changeset_id != theirs.changeset_id
    with pytest.raises(operations.StaleRevisionError):
        operations.publish(changeset_id=mine.changeset_id, actor=me, at=later(3))
    operations.publish(changeset_id=theirs.changeset_id, actor=other, at=later(3))


def test_a_published_change_set_is_closed(me):
    zone = published(me, square(0, 0))
    with pytest.raises(operations.ChangeSetClosedError):
        operations.publish(changeset_id=zone.changeset_id, actor=me, at=later(1))
    with pytest.raises(operations.ChangeSetClosedError):
        operations.discard_draft(
            zone_id=zone.zone_id, changeset_id=zone.changeset_id, actor=me, at=later(1)
        )


# --- the rest --------------------------------------------------------------------------------


def test_a_discarded_draft_is_kept_aside_and_its_unpublished_zone_archived(me):
    draft = drafted(me, square(0, 0))
    operations.discard_draft(
        zone_id=draft.zone_id, changeset_id=draft.changeset_id, actor=me, at=later(1)
    )
    change = ZoneChange.objects.get(id=draft.change_id)
    assert change.changeset.state == "CANCELLED"
    assert Zone.objects.get(id=draft.zone_id).archived_at == later(1)
    with pytest.raises(operations.NothingToPublishError):
        operations.publish(changeset_id=draft.changeset_id, actor=me, at=later(2))


@pytest.mark.parametrize(
    ("old", "new"),
    [(None, "DRAFT"), (None, "RETIRED"), ("IN_SERVICE", "PLANNED"), ("PLANNED", "SUSPENDED")],
)
def test_a_status_that_cannot_follow_is_refused(me, old, new):
    if old is None:
        draft = drafted(me, square(0, 0), status=new)
    else:
        zone = published(me, square(0, 0), status=old)
        draft = operations.save_draft(
            zone_id=zone.zone_id,
            base_revision=zone.revision,
            actor=me,
            at=later(1),
            geometry=square(0, 0),
            status=new,
        )
    with pytest.raises(operations.StatusRefusedError):
        operations.publish(changeset_id=draft.changeset_id, actor=me, at=later(2))


def test_the_network_type_is_fixed_once_published(me):
    draft = drafted(me, square(0, 0), network_type="GPON")
    again = operations.save_draft(
        zone_id=draft.zone_id,
        base_revision=draft.revision,
        actor=me,
        at=AT,
        geometry=square(0, 0),
        status="IN_SERVICE",
        network_type="FTTB",
    )
    operations.publish(changeset_id=again.changeset_id, actor=me, at=AT)
    assert Zone.objects.get(id=draft.zone_id).network_type == "FTTB"
    with pytest.raises(operations.BadZoneError) as caught:
        operations.save_draft(
            zone_id=draft.zone_id,
            base_revision=again.revision + 1,
            actor=me,
            at=later(1),
            geometry=square(0, 0),
            status="IN_SERVICE",
            network_type="GPON",
        )
    assert caught.value.field == "network_type"


def test_publishing_before_the_present_version_began_is_refused(me):
    zone = published(me, square(0, 0))
    with pytest.raises(operations.PublishedLaterError):
        operations.retire(
            zone_id=zone.zone_id, base_revision=zone.revision, actor=me, at=AT - timedelta(hours=1)
        )


def test_probes_are_asked_before_and_their_lines_are_stored(me):
    class Probe:
        name = "test"

        def probe(self, *, changes, at):
            (move,) = changes
            text = f"{len(move.gained)} будинків, {len(move.sellable_after)} у продажу"
            return [impact.ImpactLine(self.name, text, 3, impact.Level.WARNING)]

    building(5, 5)
    impact.register(Probe())
    try:
        draft = drafted(me, square(0, 0))
        preview = operations.preview_impact(changeset_id=draft.changeset_id, at=AT)
        done = operations.publish(changeset_id=draft.changeset_id, actor=me, at=AT)
    finally:
        impact.unregister("test")
    (line,) = preview["lines"]
    assert (line["text"], line["count"], line["level"]) == (
        "1 будинків, 1 у продажу",
        3,
        "WARNING",
    )
    assert done.impact["lines"] == [line]
    assert preview["can_publish"]


def test_a_preview_changes_nothing(me):
    building(5, 5)
    draft = drafted(me, square(0, 0))
    operations.preview_impact(changeset_id=draft.changeset_id, at=later(5))
    assert not ZoneVersion.objects.exists()
    assert not BuildingCoverage.objects.exists()


def test_building_coverage_can_be_derived_anew(me):
    city = locality()
    house = building(5, 5, city)
    zone = published(me, square(0, 0))
    late = building(6, 6, city)
    BuildingCoverage.objects.all().delete()

    operations.rebuild_building_coverage()

    rows = BuildingCoverage.objects.filter(zone_version__zone_id=zone.zone_id)
    assert set(rows.values_list("building_id", flat=True)) == {house.id, late.id}


def test_the_smallest_zone_is_100_m2(me):
    hut = box(LON, LAT, LON + 0.0001, LAT + 0.0001)  # 7 by 11 m
    with pytest.raises(operations.InvalidGeometryError) as caught:
        drafted(me, hut)
    assert caught.value.context["problems"][0]["code"] == "TOO_SMALL"
