"""Planners at work at the same time, each with a real connection of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from coverage.models import BuildingCoverage, Zone, ZoneChangeSet, ZoneVersion
from coverage.zoning import operations, overlaps
from project.core.errors import DomainError
from tests.support.zones import actor, building, drafted, later, planner, published, square

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs together, each in a thread with its own connection; results or errors."""
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return job()
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def errors(results: list[Any]) -> list[str]:
    return sorted(result.code for result in results if isinstance(result, DomainError))


def test_of_two_publishers_of_overlapping_zones_exactly_one_wins():
    building(5, 5)
    for attempt in range(5):
        people = [actor(planner()) for _ in range(2)]
        drafts = [
            drafted(who, square(100 * attempt + 3 * n, 0), at=later(attempt))
            for n, who in enumerate(people)
        ]
        before = ZoneVersion.objects.count()
        jobs = [
            lambda who=who, draft=draft, attempt=attempt: operations.publish(
                changeset_id=draft.changeset_id, actor=who, at=later(attempt)
            )
            for who, draft in zip(people, drafts, strict=True)
        ]
        results = at_once(*jobs)
        assert errors(results) == ["overlap_refused"]
        assert ZoneVersion.objects.count() == before + 1


def test_one_change_set_published_by_many_is_published_once():
    who = actor(planner())
    draft = drafted(who, square(0, 0))
    job = lambda: operations.publish(  # noqa: E731
        changeset_id=draft.changeset_id, actor=who, at=later(1)
    )
    assert errors(at_once(*[job] * 5)) == ["changeset_closed"] * 4
    assert ZoneVersion.objects.count() == 1


def test_of_many_who_save_on_one_revision_one_wins_and_the_others_are_told():
    owner = actor(planner())
    zone = published(owner, square(0, 0))
    people = [actor(planner()) for _ in range(5)]
    results = at_once(
        *[
            lambda who=who, width=width: operations.save_draft(
                zone_id=zone.zone_id,
                base_revision=zone.revision,
                actor=who,
                at=later(1),
                geometry=square(0, 0, width=10 + width),
                status="IN_SERVICE",
            )
            for width, who in enumerate(people)
        ]
    )
    assert errors(results) == ["stale_revision"] * 4
    (won,) = [result for result in results if isinstance(result, operations.SavedDraft)]
    assert Zone.objects.get(id=zone.zone_id).revision == won.revision == zone.revision + 1


def test_saving_against_publishing_leaves_one_story():
    """Whichever comes first, the version and the draft never disagree about the revision."""
    for attempt in range(6):
        who, other = actor(planner()), actor(planner())
        draft = drafted(who, square(50 * attempt, 0))
        results = at_once(
            lambda draft=draft, who=who: operations.publish(
                changeset_id=draft.changeset_id, actor=who, at=later(1)
            ),
            lambda draft=draft, other=other, attempt=attempt: operations.save_draft(
                zone_id=draft.zone_id,
                base_revision=draft.revision,
                actor=other,
                at=later(1),
                geometry=square(50 * attempt, 0, width=12),
                status="IN_SERVICE",
            ),
        )
        assert errors(results) == ["stale_revision"]
        assert Zone.objects.get(id=draft.zone_id).revision == draft.revision + 1


def test_zones_of_one_name_made_at_once_get_different_codes():
    results = at_once(
        *[
            lambda who=who, n=n: drafted(who, square(30 * n, 0), name="Однакова")
            for n, who in enumerate([actor(planner()) for _ in range(6)])
        ]
    )
    assert errors(results) == []
    assert Zone.objects.values("code").distinct().count() == 6


def test_publishers_of_neighbours_in_parallel_all_succeed_and_cover_their_buildings():
    people = [actor(planner()) for _ in range(6)]
    houses = [building(10 * n + 5, 5) for n in range(6)]
    drafts = [drafted(who, square(10 * n, 0)) for n, who in enumerate(people)]
    results = at_once(
        *[
            lambda who=who, draft=draft: operations.publish(
                changeset_id=draft.changeset_id, actor=who, at=later(1)
            )
            for who, draft in zip(people, drafts, strict=True)
        ]
    )
    assert errors(results) == []
    rows = BuildingCoverage.objects.values_list("building_id", "zone_version__zone_id")
    assert set(rows) == {
        (house.id, draft.zone_id) for house, draft in zip(houses, drafts, strict=True)
    }
    assert not any(overlaps.find(changeset=c) for c in ZoneChangeSet.objects.all())


def test_the_lock_ends_with_its_transaction():
    published(actor(planner()), square(0, 0))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert cursor.fetchone() == (0,)
