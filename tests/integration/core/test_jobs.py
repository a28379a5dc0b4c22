"""Long work: queued with its start, claimed once, resumed, tried again, cancelled, put away."""

import io
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from project.core import jobs
from project.core.actor import SYSTEM, Actor, ActorKind
from project.core.errors import DomainError, NotPermittedError
from project.core.jobs import running
from project.core.models import AuditEntry, Job, JobFile, OutboxEvent, RoleAssignment, User
from project.core.roles import Permission, Role
from tests.support import counting_job
from tests.support.counting_job import KIND

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path, monkeypatch):
    """Files of jobs in a folder of the test's; no worker is woken."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(running, "_wake", [])
    counting_job.register()


def person(name: str, *roles: Role) -> User:
    user = User.objects.create_user(name, password="secret-secret")
    for role in roles:
        RoleAssignment.objects.create(user=user, role=role.value)
    return user


def actor(user: User) -> Actor:
    return Actor(kind=ActorKind.STAFF, label=user.username, user_id=user.id)


def started(total=25, *, by=SYSTEM, at=AT, kind=KIND, **params) -> Job:
    return jobs.start(kind=kind, params={"total": total, **params}, actor=by, at=at)


def run(at=AT) -> int:
    return jobs.run_waiting(now=lambda: at)


def numbers() -> list[int]:
    rows = OutboxEvent.objects.filter(topic=counting_job.TOPIC).order_by("id")
    return [row.payload["n"] for row in rows]


def register(handler, kind="test.other", permission=None):
    jobs.register(kind=kind, handler=handler, title="Other", permission=permission)
    return kind


@pytest.mark.django_db
def test_a_job_is_done_with_its_counts_and_its_result():
    job = started(25)
    assert run() == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.total, job.percent) == ("DONE", 25, 25, 100)
    assert job.counts == {"counted": 25}
    assert numbers() == list(range(25))
    file = job.files.get()
    assert (file.role, file.name) == (JobFile.Role.RESULT, "numbers.txt")
    assert jobs.file_path(file).read_text().splitlines() == [str(n) for n in range(25)]
    assert run() == 0


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_woken_only_after_the_commit():
    woken = []
    jobs.on_wake(lambda: woken.append(1))
    with transaction.atomic():
        started()
        assert woken == []
    assert woken == [1]


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_do_one_job():
    for _ in range(6):
        started(5)
    start = threading.Barrier(2)

    def work():
        start.wait()
        run()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(numbers()) == sorted(list(range(5)) * 6)
    assert set(Job.objects.values_list("state", flat=True)) == {"DONE"}


@pytest.mark.django_db
def test_a_job_whose_worker_shows_life_is_left_alone_and_a_dead_ones_is_taken():
    job = started(25)
    taken = running._claimed(at=AT)
    assert taken.id == job.id
    assert running._claimed(at=AT + timedelta(seconds=59)) is None
    again = running._claimed(at=AT + timedelta(seconds=61))
    assert again.id == job.id
    assert again.claim != taken.claim


@pytest.mark.django_db
def test_a_worker_taken_for_dead_can_write_nothing_more():
    started(25)
    slow = running._claimed(at=AT)
    late = jobs.Progress(slow, now=lambda: AT)
    running._claimed(at=AT + timedelta(seconds=61))
    with pytest.raises(jobs.JobStopped):
        late.checkpoint({"next": 10})
    assert Job.objects.get().checkpoint is None


@pytest.mark.django_db
def test_a_failure_is_tried_again_from_the_checkpoint_and_then_given_up_in_words():
    seen = []

    def fail(progress):
        seen.append(progress.state)
        if progress.state is None:
            progress.advance(7, good=7)
            progress.checkpoint({"at": 7})
        progress.advance(3, good=3)
        raise MemoryError("no room")

    job = started(kind=register(fail))
    moment = AT
    for _ in range(8):
        run(moment)
        moment += timedelta(minutes=10)
    job.refresh_from_db()
    assert job.state == "FAILED"
    assert "administrator" in job.error or "адміністратор" in job.error
    assert "no room" not in job.error
    assert job.fault == "MemoryError: no room"
    assert seen[0] is None
    # After the step forward three attempts in a row failed.
    assert seen[1:] == [{"at": 7}] * 2
    assert job.checkpoint == {"state": {"at": 7}, "done": 7, "counts": {"good": 7}}


@pytest.mark.django_db
def test_a_worker_that_is_killed_again_and_again_without_progress_is_given_up():
    job = started()
    moment = AT
    for _ in range(running.MAX_ATTEMPTS):
        assert running._claimed(at=moment) is not None  # and dies
        moment += timedelta(minutes=2)
    run(moment)
    job.refresh_from_db()
    assert (job.state, numbers()) == ("FAILED", [])


@pytest.mark.django_db
def test_what_the_business_refuses_is_told_in_its_words_and_not_tried_again():
    def refuse(progress):
        raise DomainError("The file is empty.")

    job = started(kind=register(refuse))
    assert run() == 1
    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == ("FAILED", "The file is empty.", 1)


@pytest.mark.django_db
def test_a_kind_that_nobody_knows_fails_in_words():
    job = started()
    Job.objects.update(kind="gone.kind")
    run()
    job.refresh_from_db()
    assert job.state == "FAILED"
    assert job.error


@pytest.mark.django_db
def test_cancelling_a_waiting_job_ends_it_and_nothing_is_done():
    job = started()
    jobs.cancel(job_id=job.id, actor=SYSTEM, at=AT)
    assert run() == 0
    job.refresh_from_db()
    assert (job.state, numbers()) == ("CANCELLED", [])
    with pytest.raises(jobs.JobOverError):
        jobs.cancel(job_id=job.id, actor=SYSTEM, at=AT)
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {"core.job.started", "core.job.cancelled"}


@pytest.mark.django_db
def test_cancelling_a_job_at_work_stops_it_at_its_next_step():
    def work(progress):
        progress.advance(1, good=1)
        progress.checkpoint({"at": 1})
        jobs.cancel(job_id=progress.job_id, actor=SYSTEM, at=AT)
        progress.checkpoint({"at": 2})
        pytest.fail("went on after it was cancelled")

    job = started(kind=register(work))
    run()
    job.refresh_from_db()
    assert (job.state, job.done) == ("CANCELLED", 1)


@pytest.mark.django_db
def test_a_job_cancelled_after_its_worker_died_is_not_begun_again():
    job = started()
    running._claimed(at=AT)
    jobs.cancel(job_id=job.id, actor=SYSTEM, at=AT)
    run(AT + timedelta(minutes=2))
    job.refresh_from_db()
    assert (job.state, numbers()) == ("CANCELLED", [])


@pytest.mark.django_db
def test_only_who_may_do_such_work_starts_it():
    with pytest.raises(NotPermittedError):
        started(by=actor(person("nobody")))
    assert Job.objects.count() == 0
    started(by=actor(person("planner", Role.PLANNER)))


@pytest.mark.django_db
def test_a_job_is_seen_by_its_starter_and_administrators_and_by_no_one_else():
    mine, boss = person("mine", Role.PLANNER), person("boss", Role.ADMINISTRATOR)
    other = person("other", Role.PLANNER)
    job = started(by=actor(mine))
    assert jobs.job_of(job_id=job.id, viewer=mine) == job
    assert jobs.job_of(job_id=job.id, viewer=boss) == job
    with pytest.raises(jobs.UnknownJobError):
        jobs.job_of(job_id=job.id, viewer=other)
    assert [len(jobs.listed(viewer=who)) for who in (mine, boss, other)] == [1, 1, 0]
    mine.role_assignments.all().delete()
    with pytest.raises(jobs.UnknownJobError):
        jobs.job_of(job_id=job.id, viewer=User.objects.get(id=mine.id))


def given(user: User, content: bytes = b"a;b\n", name: str = "list.csv", **options) -> Job:
    file = jobs.JobInput(name=name, content=io.BytesIO(content))
    return jobs.draft(kind=KIND, files=[file], actor=actor(user), at=AT, **options)


@pytest.mark.django_db
def test_a_draft_waits_for_its_settings_and_is_queued_once():
    user = person("planner", Role.PLANNER)
    job = given(user)
    assert run() == 0
    assert (jobs.bell(viewer=user).running, jobs.listed(viewer=user)) == (0, [])
    jobs.change_draft(job_id=job.id, params={"total": 3})
    for _ in range(2):
        jobs.submit(job_id=job.id, actor=actor(user), at=AT)
    assert run() == 1
    assert numbers() == [0, 1, 2]
    with pytest.raises(jobs.JobOverError):
        jobs.change_draft(job_id=job.id, params={})


@pytest.mark.django_db
def test_a_file_that_is_too_big_is_refused_and_leaves_nothing(settings):
    settings.GEOBILL_JOB_FILE_MAX_MB = 1
    user = person("planner", Role.PLANNER)
    with pytest.raises(DomainError) as refused:
        given(user, b"x" * (1024 * 1024 + 1))
    assert refused.value.http_status == 413
    assert Job.objects.count() == 0
    assert not list((Path(settings.MEDIA_ROOT) / "jobs").iterdir())


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name, shown",
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\o\\адреси.csv", "адреси.csv"),
        ("a\x00b\r\n.csv", "ab.csv"),
        ("..", "file"),
        ("ї" * 500, "ї" * 200),
    ],
)
def test_a_hostile_name_of_a_file_is_only_shown(name, shown):
    file = given(person("planner", Role.PLANNER), name=name).files.get()
    assert file.name == shown
    assert jobs.file_path(file).read_bytes() == b"a;b\n"


@pytest.mark.django_db
def test_the_api_shows_a_job_gives_its_files_and_ends_it():
    user = person("planner", Role.PLANNER)
    job = given(user)
    jobs.submit(job_id=job.id, params={"total": 25}, actor=actor(user), at=AT)
    client = Client()
    client.force_login(user)
    shown = client.get(reverse("job", args=[job.id])).json()
    assert (shown["state"], shown["percent"], shown["kind_title"]) == ("QUEUED", None, "Counting")
    answer = client.get(shown["files"][0]["url"])
    assert b"".join(answer.streaming_content) == b"a;b\n"
    assert answer["Content-Disposition"] == 'attachment; filename="list.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client.post(reverse("job-cancel", args=[job.id])).json()["state"] == "CANCELLED"
    assert client.post(reverse("job-cancel", args=[job.id])).status_code == 409


@pytest.mark.django_db
def test_files_are_served_to_nobody_else():
    job = given(person("planner", Role.PLANNER))
    file = job.files.get()
    path = reverse("job-file", args=[job.id, file.id])
    assert Client().get(path).status_code == 403
    other = Client()
    other.force_login(person("other", Role.PLANNER))
    for name, arguments in (("job", [job.id]), ("job-file", [job.id, file.id])):
        assert other.get(reverse(name, args=arguments)).status_code == 404
    assert other.post(reverse("job-cancel", args=[job.id])).status_code == 404
    boss = Client()
    boss.force_login(person("boss", Role.ADMINISTRATOR))
    assert boss.get(path).status_code == 200
    mine = Client()
    mine.force_login(User.objects.get(username="planner"))
    assert mine.get(reverse("job-file", args=[job.id + 1, file.id])).status_code == 404
    for guess in (f"/media/jobs/{job.folder}/{file.stored_name}", f"/jobs/{job.folder}/"):
        assert mine.get(guess).status_code == 404


@pytest.mark.django_db
def test_the_bell_counts_what_is_at_work_and_what_ended_unseen(django_assert_num_queries):
    user = person("planner", Role.PLANNER)
    first = started(3, by=actor(user))
    started(3, by=actor(person("other", Role.PLANNER)))
    with django_assert_num_queries(1):
        assert jobs.bell(viewer=user) == jobs.Bell(running=1, ended=0, failed=0)
    run()
    assert jobs.bell(viewer=user) == jobs.Bell(running=0, ended=1, failed=0)
    jobs.mark_seen(job_id=first.id, actor=SYSTEM, at=AT)
    assert jobs.bell(viewer=user).ended == 1
    jobs.mark_seen(job_id=first.id, actor=actor(user), at=AT)
    assert jobs.bell(viewer=user) == jobs.Bell(running=0, ended=0, failed=0)


@pytest.mark.django_db
def test_old_jobs_and_their_files_are_put_away_and_new_ones_stay(settings):
    user = person("planner", Role.PLANNER)
    old, new, forgotten = given(user), given(user), given(user)
    for job in (old, new):
        jobs.submit(job_id=job.id, params={"total": 1}, actor=actor(user), at=AT)
    run()
    Job.objects.filter(id=old.id).update(finished_at=AT - timedelta(days=31))
    Job.objects.filter(id=forgotten.id).update(created_at=AT - timedelta(days=2))
    at_work = started(3)
    folders = Path(settings.MEDIA_ROOT) / "jobs"
    rolled_back = folders / "6f1b6f0e-3b7e-4a38-9a53-0a4b6c5c8c11"
    rolled_back.mkdir()
    late = datetime.now(tz=UTC) + timedelta(days=3)
    assert jobs.purge(at=AT, kept_for=timedelta(days=30)) == 2
    assert set(Job.objects.values_list("id", flat=True)) == {new.id, at_work.id}
    jobs.purge(at=late, kept_for=timedelta(days=3650))
    assert {path.name for path in folders.iterdir()} == {str(new.folder)}


@pytest.mark.django_db
def test_the_database_refuses_a_running_job_without_a_claim():
    job = started()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(id=job.id).update(state="RUNNING")


def test_each_kind_that_is_wired_leads_to_its_handler():
    from importlib import import_module

    from project.wiring import JOB_KINDS

    for path, _title, permission in JOB_KINDS.values():
        module, _, name = path.partition(":")
        assert callable(getattr(import_module(module), name))
        assert permission is None or permission in Permission
