"""What a second person approves is what was looked at; a rollback that is edited is a draft."""

import pytest
from django.test import override_settings

from coverage.models import BuildingCoverage, ZoneChangeSet, ZoneVersion
from coverage.placing import operations as places
from coverage.zoning import operations, review, timeline
from tests.integration.coverage.test_zone_review import redraw
from tests.support.zones import actor, building, drafted, later, planner, published, square

pytestmark = pytest.mark.django_db
needs_review = override_settings(GEOBILL_ZONES_NEED_REVIEW=True)


@pytest.fixture
def olena():
    return actor(planner("olena"))


@pytest.fixture
def ivan():
    return actor(planner("ivan"))


@needs_review
def test_a_rollback_that_somebody_edits_follows_the_order_of_statuses_again(olena, ivan):
    with override_settings(GEOBILL_ZONES_NEED_REVIEW=False):
        zone = published(olena, square(0, 0))
    number = operations.rollback(
        zone_id=zone.zone_id,
        to_version_id=ZoneVersion.objects.get().id,
        base_revision=zone.revision,
        actor=olena,
        at=later(1),
    ).changeset_id
    for status in ("PLANNED", "DRAFT"):
        redraw(olena, zone, square(0, 0), later(2), status=status, changeset_id=number)
        review.submit(changeset_id=number, actor=olena, at=later(3))
        with pytest.raises(operations.StatusRefusedError):
            operations.publish(changeset_id=number, actor=ivan, at=later(4))
    assert ZoneVersion.objects.get().status == "IN_SERVICE"


@needs_review
def test_nobody_approves_what_was_drawn_after_he_had_opened_it(olena, ivan):
    draft = drafted(olena, square(0, 0))
    number = draft.changeset_id
    review.submit(changeset_id=number, actor=olena, at=later(1))
    seen = ZoneChangeSet.objects.get(id=number).submitted_at
    redraw(olena, draft, square(0, 0, 20, 20), later(2))
    review.submit(changeset_id=number, actor=olena, at=later(3))
    with pytest.raises(review.ChangedSinceError):
        review.approve(changeset_id=number, actor=ivan, at=later(4), seen=seen)
    with pytest.raises(review.ChangedSinceError):
        operations.publish(changeset_id=number, actor=ivan, at=later(4), seen=seen)
    assert not ZoneVersion.objects.exists()
    now = ZoneChangeSet.objects.get(id=number).submitted_at
    review.approve(changeset_id=number, actor=ivan, at=later(5), seen=now)
    operations.publish(changeset_id=number, actor=olena, at=later(6), seen=now)
    assert ZoneVersion.objects.count() == 1


def test_what_two_days_differ_by_stays_when_a_building_is_gone(olena):
    house = building(15, 5)
    zone = published(olena, square(0, 0, 20, 10))
    smaller = redraw(olena, zone, square(0, 0), later(5))
    operations.publish(changeset_id=smaller.changeset_id, actor=olena, at=later(6))
    known = timeline.difference(from_at=later(1), until_at=later(7))
    assert (known["gained"], known["lost"]) == (0, 1)
    places.retire_building(building_id=house.id, base_revision=1, actor=olena, at=later(10))
    assert timeline.difference(from_at=later(1), until_at=later(7)) == known
    assert BuildingCoverage.objects.filter(zone_version__valid__endswith=None).count() == 0
