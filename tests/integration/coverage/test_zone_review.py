"""A second person, planned publishing, the story of a change set, the map in time."""

from datetime import timedelta

import pytest
from django.test import override_settings

from coverage.models import Zone, ZoneChange, ZoneChangeSet, ZoneChangeSetNote, ZoneVersion
from coverage.zoning import changesets, operations, queries, review, scheduling, shelf, timeline
from coverage.zoning.publishing import NothingToPublishError
from project.core.models import AuditEntry, OutboxEvent
from tests.support.zones import AT, actor, building, drafted, later, planner, published, square

pytestmark = pytest.mark.django_db
needs_review = override_settings(GEOBILL_ZONES_NEED_REVIEW=True)


@pytest.fixture
def olena():
    return actor(planner("olena"))


@pytest.fixture
def ivan():
    return actor(planner("ivan"))


def redraw(who, zone, shape, at, **changes):
    base = Zone.objects.get(id=zone.zone_id).revision
    wanted = {"status": "IN_SERVICE", **changes}
    return operations.save_draft(
        zone_id=zone.zone_id, base_revision=base, actor=who, at=at, geometry=shape, **wanted
    )


def kinds(changeset_id):
    return list(
        ZoneChangeSetNote.objects.filter(changeset_id=changeset_id)
        .order_by("id")
        .values_list("kind", flat=True)
    )


def test_one_person_publishes_alone_unless_review_is_asked_for(olena):
    draft = drafted(olena, square(0, 0))
    with needs_review, pytest.raises(review.ReviewNeededError):
        operations.publish(changeset_id=draft.changeset_id, actor=olena, at=later(1))
    assert not ZoneVersion.objects.exists()
    assert operations.publish(changeset_id=draft.changeset_id, actor=olena, at=later(1))


@needs_review
def test_the_author_may_not_approve_his_own_but_another_may(olena, ivan):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    with pytest.raises(review.NotInReviewError):
        review.approve(changeset_id=number, actor=ivan, at=later(1))
    review.submit(changeset_id=number, actor=olena, at=later(1), text="друга черга")
    with pytest.raises(review.SameHandError):
        review.approve(changeset_id=number, actor=olena, at=later(2))
    with pytest.raises(review.ReviewNeededError):
        operations.publish(changeset_id=number, actor=olena, at=later(2))
    review.approve(changeset_id=number, actor=ivan, at=later(3))
    operations.publish(changeset_id=number, actor=olena, at=later(4))
    assert kinds(number) == ["SUBMITTED", "APPROVED", "PUBLISHED"]


@needs_review
def test_a_second_person_who_publishes_approves_by_that(olena, ivan):
    draft = drafted(olena, square(0, 0))
    with pytest.raises(review.ReviewNeededError):
        operations.publish(changeset_id=draft.changeset_id, actor=ivan, at=later(1))
    review.submit(changeset_id=draft.changeset_id, actor=olena, at=later(1))
    operations.publish(changeset_id=draft.changeset_id, actor=ivan, at=later(2))
    assert ZoneChangeSet.objects.get(id=draft.changeset_id).approved_by_id == ivan.user_id


@needs_review
def test_who_drew_in_it_is_no_second_person_and_an_edit_takes_the_approval_back(olena, ivan):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    review.submit(changeset_id=number, actor=olena, at=later(1))
    review.approve(changeset_id=number, actor=ivan, at=later(2))
    redraw(ivan, draft, square(1, 0), later(3), changeset_id=number)
    changeset = ZoneChangeSet.objects.get(id=number)
    assert (changeset.state, changeset.approved_by_id) == ("DRAFT", None)
    review.submit(changeset_id=number, actor=olena, at=later(4))
    with pytest.raises(review.SameHandError):
        review.approve(changeset_id=number, actor=ivan, at=later(5))
    assert kinds(number) == ["SUBMITTED", "APPROVED", "EDITED", "SUBMITTED"]


@needs_review
def test_who_was_drawn_over_is_no_second_person_either(olena, ivan):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    redraw(ivan, draft, square(1, 0), later(1), changeset_id=number)
    redraw(olena, draft, square(2, 0), later(2), changeset_id=number)
    review.submit(changeset_id=number, actor=olena, at=later(3))
    with pytest.raises(review.SameHandError):
        review.approve(changeset_id=number, actor=ivan, at=later(4))


@needs_review
def test_giving_up_a_draft_takes_the_approval_back_too(olena, ivan):
    first, second = drafted(olena, square(0, 0)), drafted(olena, square(20, 0))
    number = first.changeset_id
    review.submit(changeset_id=number, actor=olena, at=later(1))
    review.approve(changeset_id=number, actor=ivan, at=later(2))
    operations.discard_draft(zone_id=second.zone_id, actor=olena, at=later(3), changeset_id=number)
    assert ZoneChangeSet.objects.get(id=number).state == "DRAFT"


def test_sending_back_needs_a_reason_and_comments_are_kept(olena, ivan):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    with pytest.raises(review.NotInReviewError):
        review.send_back(changeset_id=number, actor=ivan, at=later(1), text="ні")
    review.submit(changeset_id=number, actor=olena, at=later(1))
    for text in ("", "  ", "я" * 1001):
        with pytest.raises(review.BadTextError):
            review.send_back(changeset_id=number, actor=ivan, at=later(2), text=text)
    review.send_back(changeset_id=number, actor=ivan, at=later(2), text="будинок 7 не наш")
    review.comment(changeset_id=number, actor=olena, at=later(3), text="виправлю")
    found = shelf.opened(changeset_id=number, user_id=olena.user_id)
    assert found["state"] == "DRAFT"
    assert [note["text"] for note in found["notes"]] == ["", "будинок 7 не наш", "виправлю"]
    assert found["drawn_by_me"]
    assert AuditEntry.objects.filter(action="coverage.changeset.sent_back").count() == 1


def test_an_empty_change_set_is_not_handed_over(olena):
    draft = drafted(olena, square(0, 0))
    operations.discard_draft(
        zone_id=draft.zone_id, actor=olena, at=later(1), changeset_id=draft.changeset_id
    )
    with pytest.raises(NothingToPublishError):
        review.submit(changeset_id=draft.changeset_id, actor=olena, at=later(2))
    assert shelf.listed()["changesets"] == []


@needs_review
def test_rollback_and_retirement_wait_for_the_second_person(olena, ivan):
    with override_settings(GEOBILL_ZONES_NEED_REVIEW=False):
        zone = published(olena, square(0, 0))
        changed = redraw(olena, zone, square(0, 0, 20, 10), later(5), status="SUSPENDED")
        operations.publish(changeset_id=changed.changeset_id, actor=olena, at=later(6))
    first = ZoneVersion.objects.filter(zone_id=zone.zone_id).order_by("revision").first()
    assert first is not None
    waiting = operations.rollback(
        zone_id=zone.zone_id,
        to_version_id=first.id,
        base_revision=Zone.objects.get(id=zone.zone_id).revision,
        actor=olena,
        at=later(7),
    )
    assert (waiting.waits, waiting.version_ids) == (True, {})
    assert ZoneVersion.objects.count() == 2
    operations.publish(changeset_id=waiting.changeset_id, actor=ivan, at=later(8))
    assert ZoneVersion.objects.count() == 3
    gone = operations.retire(
        zone_id=zone.zone_id,
        base_revision=Zone.objects.get(id=zone.zone_id).revision,
        actor=olena,
        at=later(9),
    )
    assert gone.waits


def test_a_retired_zone_comes_back_by_an_approved_rollback(olena, ivan):
    zone = published(olena, square(0, 0))
    revision = Zone.objects.get(id=zone.zone_id).revision
    operations.retire(zone_id=zone.zone_id, base_revision=revision, actor=olena, at=later(1))
    (gone,) = timeline.retired()
    assert gone["zone_id"] == zone.zone_id
    assert len(queries.versions(zone_id=zone.zone_id)) == 2
    first = ZoneVersion.objects.filter(zone_id=zone.zone_id).order_by("revision").first()
    assert first is not None
    with needs_review:
        waiting = operations.rollback(
            zone_id=zone.zone_id,
            to_version_id=first.id,
            base_revision=gone["revision"],
            actor=olena,
            at=later(2),
        )
        review.approve(changeset_id=waiting.changeset_id, actor=ivan, at=later(3))
        operations.publish(changeset_id=waiting.changeset_id, actor=olena, at=later(4))
    assert timeline.retired() == []


# --- planned publishing ----------------------------------------------------------------------


def test_a_plan_is_published_when_its_moment_comes_and_not_before(olena):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    scheduling.schedule(changeset_id=number, publish_at=later(60), actor=olena, at=later(1))
    assert scheduling.publish_due(at=later(59)) == (0, 0)
    assert scheduling.publish_due(at=later(61)) == (1, 0)
    assert scheduling.publish_due(at=later(62)) == (0, 0)
    version = ZoneVersion.objects.get()
    assert version.valid.lower == later(61)
    changeset = ZoneChangeSet.objects.get(id=number)
    assert (changeset.state, changeset.publish_at) == ("PUBLISHED", None)
    assert changeset.published_by_id == olena.user_id
    assert kinds(number) == ["SCHEDULED", "PUBLISHED"]


def test_new_drafts_do_not_slip_into_what_is_planned(olena):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    scheduling.schedule(changeset_id=number, publish_at=later(60), actor=olena, at=later(1))
    other = drafted(olena, square(20, 0), at=later(2))
    assert other.changeset_id != number
    redraw(olena, draft, square(0, 0, 12, 10), later(3))
    changeset = ZoneChangeSet.objects.get(id=number)
    assert (changeset.state, changeset.publish_at) == ("DRAFT", None)
    assert scheduling.publish_due(at=later(61)) == (0, 0)


def test_a_conflict_at_the_moment_is_told_to_the_author_and_nothing_changes(olena, ivan):
    mine = drafted(olena, square(0, 0), name="Моя")
    good = drafted(ivan, square(40, 0), name="Добра")
    for draft, who in ((mine, olena), (good, ivan)):
        scheduling.schedule(
            changeset_id=draft.changeset_id, publish_at=later(60), actor=who, at=later(1)
        )
    published(actor(planner("petro")), square(5, 0), at=later(30), name="Інша")
    assert scheduling.publish_due(at=later(61)) == (1, 1)
    changeset = ZoneChangeSet.objects.get(id=mine.changeset_id)
    assert changeset.state == "REVIEW"
    assert changeset.publish_at is None
    assert changeset.failure["code"] == "overlap_refused"
    assert kinds(mine.changeset_id) == ["SCHEDULED", "FAILED"]
    event = OutboxEvent.objects.get(topic=scheduling.FAILED_TOPIC)
    assert event.payload["author_id"] == olena.user_id
    assert AuditEntry.objects.filter(action="coverage.changeset.schedule_failed").exists()
    assert {zone["name"] for zone in timeline.moments()[0]["zones"] and _now(later(62))} == {
        "Інша",
        "Добра",
    }


def _now(at):
    return [feature["properties"] for feature in queries.zones_geojson(at=at)["features"]]


def test_a_fault_of_one_plan_does_not_stop_the_next(olena, ivan, monkeypatch):
    first, second = drafted(olena, square(0, 0)), drafted(ivan, square(40, 0))
    for draft, minute in ((first, 50), (second, 51)):
        scheduling.schedule(
            changeset_id=draft.changeset_id, publish_at=later(minute), actor=olena, at=later(1)
        )
    real = scheduling.publishing.publish_locked

    def broken(*, changeset, actor, at):
        if changeset.id == first.changeset_id:
            raise RuntimeError("a fault of ours")
        return real(changeset=changeset, actor=actor, at=at)

    monkeypatch.setattr(scheduling.publishing, "publish_locked", broken)
    assert scheduling.publish_due(at=later(61)) == (1, 0)
    monkeypatch.undo()
    assert scheduling.publish_due(at=later(62)) == (1, 0)


@pytest.mark.parametrize("minutes", [-5, 0, 1, 60 * 24 * 367])
def test_a_plan_lies_ahead_but_not_too_far(olena, minutes):
    draft = drafted(olena, square(0, 0))
    with pytest.raises(scheduling.BadScheduleError):
        scheduling.schedule(
            changeset_id=draft.changeset_id,
            publish_at=later(minutes),
            actor=olena,
            at=later(1),
        )


def test_a_plan_can_be_moved_and_taken_back(olena):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    for minute in (60, 90):
        scheduling.schedule(changeset_id=number, publish_at=later(minute), actor=olena, at=later(1))
    assert scheduling.publish_due(at=later(61)) == (0, 0)
    scheduling.unschedule(changeset_id=number, actor=olena, at=later(62))
    assert scheduling.publish_due(at=later(91)) == (0, 0)
    operations.publish(changeset_id=number, actor=olena, at=later(92))


def test_what_is_outdated_is_not_planned(olena, ivan):
    zone = published(olena, square(0, 0))
    mine = redraw(olena, zone, square(0, 0, 12, 10), later(1))
    redraw(ivan, zone, square(0, 0, 14, 10), later(2))
    with pytest.raises(operations.StaleRevisionError):
        scheduling.schedule(
            changeset_id=mine.changeset_id, publish_at=later(60), actor=olena, at=later(3)
        )


@needs_review
def test_a_plan_needs_the_second_person_as_well(olena, ivan):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    with pytest.raises(review.ReviewNeededError):
        scheduling.schedule(changeset_id=number, publish_at=later(60), actor=olena, at=later(1))
    review.submit(changeset_id=number, actor=olena, at=later(2))
    review.approve(changeset_id=number, actor=ivan, at=later(3))
    scheduling.schedule(changeset_id=number, publish_at=later(60), actor=olena, at=later(4))
    assert scheduling.publish_due(at=later(61)) == (1, 0)


# --- the map in time -------------------------------------------------------------------------


def test_the_difference_of_two_days_is_ground_and_buildings(olena):
    for x in (2, 12):
        building(x, 5)
    zone = published(olena, square(0, 0), name="А")
    gone = published(olena, square(40, 0), name="Б", at=later(1))
    wider = redraw(olena, zone, square(5, 0), later(10))
    operations.publish(changeset_id=wider.changeset_id, actor=olena, at=later(11))
    operations.retire(
        zone_id=gone.zone_id,
        base_revision=Zone.objects.get(id=gone.zone_id).revision,
        actor=olena,
        at=later(12),
    )
    found = timeline.difference(from_at=later(5), until_at=later(20))
    moved, ended = found["zones"]
    assert (moved["gained"], moved["lost"]) == (1, 1)
    assert moved["added_m2"] == pytest.approx(moved["removed_m2"], rel=1e-3)
    assert ended["new_status"] is None
    assert ended["removed_m2"] == pytest.approx(found["removed_m2"] - moved["removed_m2"])
    assert timeline.difference(from_at=later(20), until_at=later(30))["zones"] == []
    born = timeline.difference(from_at=AT - timedelta(days=1), until_at=later(5))
    assert [zone["old_status"] for zone in born["zones"]] == [None, None]
    with pytest.raises(timeline.BadSpanError):
        timeline.difference(from_at=later(5), until_at=later(4))


def test_a_change_set_shows_what_it_replaces_before_and_after_publication(olena):
    zone = published(olena, square(0, 0))
    wider = redraw(olena, zone, square(0, 0, 12, 10), later(1), status="SUSPENDED")
    number = wider.changeset_id

    def old():
        (found,) = shelf.opened(changeset_id=number, user_id=olena.user_id)["zones"]
        return found["old_status"], found["old_geometry"], found["status"]

    before = old()
    assert (before[0], before[2]) == ("IN_SERVICE", "SUSPENDED")
    operations.publish(changeset_id=number, actor=olena, at=later(2))
    again = redraw(olena, zone, square(0, 0, 14, 10), later(3))
    operations.publish(changeset_id=again.changeset_id, actor=olena, at=later(4))
    assert old() == before
    (first,) = shelf.opened(changeset_id=zone.changeset_id, user_id=None)["zones"]
    assert (first["old_status"], first["old_geometry"]) == (None, None)


def test_a_draft_goes_into_the_change_set_that_was_chosen(olena, ivan):
    usual = drafted(olena, square(0, 0))
    other = drafted(olena, square(20, 0), changeset_title="  Друга черга ")
    assert other.changeset_id != usual.changeset_id
    assert ZoneChangeSet.objects.get(id=other.changeset_id).title == "Друга черга"
    third = drafted(olena, square(40, 0), changeset_id=other.changeset_id)
    assert third.changeset_id == other.changeset_id
    zone = published(ivan, square(60, 0), at=later(1))
    mine = redraw(olena, zone, square(60, 0, 12, 10), later(2), changeset_id=other.changeset_id)
    again = redraw(olena, mine, square(60, 0, 13, 10), later(3), changeset_title="Ще один")
    assert again.changeset_id == other.changeset_id, "a draft stays where it lies"
    with pytest.raises(changesets.BadTitleError):
        drafted(olena, square(80, 0), changeset_title="я" * 161)
    own = shelf.listed(author_id=olena.user_id)["changesets"]
    assert [row["changeset_id"] for row in own] == [other.changeset_id, usual.changeset_id]


def test_moments_are_those_of_publications(olena):
    published(olena, square(0, 0), name="А")
    drafted(olena, square(60, 0))
    published(olena, square(20, 0), name="Б", at=later(7))
    assert [moment["at"] for moment in timeline.moments()] == [
        later(7).isoformat(),
        AT.isoformat(),
    ]


def test_shelves_hold_open_published_and_given_up_change_sets(olena):
    published(olena, square(0, 0))
    drafted(olena, square(20, 0), at=later(1))
    away = drafted(olena, square(40, 0), at=later(2))
    operations.discard_draft(
        zone_id=away.zone_id, actor=olena, at=later(3), changeset_id=away.changeset_id
    )
    counts = {
        name: len(shelf.listed(shelf=name)["changesets"])
        for name in ("open", "published", "cancelled")
    }
    assert counts == {"open": 1, "published": 1, "cancelled": 1}
    with pytest.raises(shelf.BadShelfError):
        shelf.listed(shelf="all")
    assert ZoneChange.objects.count() == 3
