"""Planners at work at the same time, each with a real connection of their own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections, transaction

from coverage.addressfiles.importing import Asked, import_addresses
from coverage.models import Building, BuildingCoverage, Zone, ZoneChangeSet, ZoneVersion
from coverage.placing import operations as places
from coverage.zoning import operations, overlaps
from project.core.errors import DomainError
from tests.support.places import city, street
from tests.support.zones import (
    AT,
    LAT,
    LON,
    STEP,
    actor,
    building,
    drafted,
    later,
    planner,
    published,
    square,
)

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


@contextmanager
def beside(job: Callable[[], Any]) -> Iterator[Future[Any]]:
    """Begin a job in another thread while this one is inside of a transaction."""

    def run() -> Any:
        try:
            return job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run)


def seen_waiting(future: Future[Any]) -> bool:
    """Whether the job comes to a lock that somebody else holds; not, when it ends before."""
    with connection.cursor() as cursor:
        while not wait([future], timeout=0.02).done:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            if cursor.fetchone()[0]:
                return True
    return False


def covered_by(zone_id: int) -> set[int]:
    rows = BuildingCoverage.objects.filter(
        zone_version__zone_id=zone_id, zone_version__valid__endswith=None
    )
    return set(rows.values_list("building_id", flat=True))


def test_a_house_that_is_put_up_during_a_publication_is_covered_by_what_is_published():
    who, of = actor(planner()), street(city())
    draft = drafted(who, square(0, 0))
    add = partial(
        places.create_building,
        lon=LON + 5 * STEP,
        lat=LAT + 5 * STEP,
        values={"street_id": of.id, "number": "5"},
        actor=who,
        at=later(2),
        confirmed=True,
    )
    publish = partial(operations.publish, changeset_id=draft.changeset_id, actor=who, at=later(1))
    with ExitStack() as stack:
        with transaction.atomic():
            publish()
            future = stack.enter_context(beside(add))
            assert seen_waiting(future)
        made = future.result()
    assert covered_by(draft.zone_id) == {made.building_id}


def test_a_publication_during_the_work_on_a_house_covers_the_house():
    who, of = actor(planner()), street(city())
    draft = drafted(who, square(0, 0))
    with ExitStack() as stack:
        with transaction.atomic():
            made = places.create_building(
                lon=LON + 5 * STEP,
                lat=LAT + 5 * STEP,
                values={"street_id": of.id, "number": "5"},
                actor=who,
                at=AT,
                confirmed=True,
            )
            future = stack.enter_context(
                beside(
                    partial(
                        operations.publish,
                        changeset_id=draft.changeset_id,
                        actor=who,
                        at=later(1),
                    )
                )
            )
            assert seen_waiting(future)
        future.result()
    assert covered_by(draft.zone_id) == {made.building_id}


def test_a_publication_during_an_import_covers_what_is_imported(tmp_path):
    who, of = actor(planner()), street(city())
    draft = drafted(who, square(0, 0))
    path = tmp_path / "houses.csv"
    lon, lat = LON + 5 * STEP, LAT + 5 * STEP
    path.write_text(f"вулиця;будинок;lat;lon\nвулиця Лісова;5;{lat};{lon}\n", encoding="utf-8")
    with ExitStack() as stack:
        with transaction.atomic():
            import_addresses(path=path, name=path.name, asked=Asked(locality=of.locality), at=AT)
            future = stack.enter_context(
                beside(
                    partial(
                        operations.publish,
                        changeset_id=draft.changeset_id,
                        actor=who,
                        at=later(1),
                    )
                )
            )
            assert seen_waiting(future)
        future.result()
    assert covered_by(draft.zone_id) == {Building.objects.get().id}


def test_a_preview_that_waited_for_a_publication_is_of_what_is_there_now():
    who, other = actor(planner()), actor(planner())
    zone = published(who, square(0, 0))
    building(5, 5)
    draft = operations.save_draft(
        zone_id=zone.zone_id,
        base_revision=zone.revision,
        actor=other,
        at=later(1),
        geometry=square(0, 0, width=12),
        status="IN_SERVICE",
    )
    with ExitStack() as stack:
        with transaction.atomic():
            operations.retire(
                zone_id=zone.zone_id, base_revision=draft.revision, actor=who, at=later(2)
            )
            future = stack.enter_context(
                beside(
                    partial(operations.preview_impact, changeset_id=draft.changeset_id, at=later(3))
                )
            )
            assert seen_waiting(future)
        assert future.result()["invariants"] == []
    after = operations.preview_impact(changeset_id=draft.changeset_id, at=later(3))
    assert [each["code"] for each in after["refusals"]] == ["stale_revision", "status_refused"]
