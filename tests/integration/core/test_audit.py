"""The audit log only grows, whoever asks."""

from datetime import UTC, datetime

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from project.core import audit
from project.core.actor import SYSTEM, Actor, ActorKind
from project.core.models import AuditEntry

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def entry(**changes):
    values = {
        "at": AT,
        "actor": SYSTEM,
        "action": "coverage.zone.published",
        "obj": ("zone", 7),
        "summary": "Салтівка",
    }
    return audit.record(**values | changes)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET summary = 'інше'",
        "DELETE FROM core_auditentry",
        "TRUNCATE core_auditentry",
    ],
)
def test_even_the_owner_cannot_change_what_is_written(statement):
    entry()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_the_running_system_has_no_privilege_to_change_it(app_connection):
    entry()
    assert app_connection.execute("SELECT count(*) FROM core_auditentry").fetchone() == (1,)
    for statement in ["UPDATE core_auditentry SET summary = ''", "DELETE FROM core_auditentry"]:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_connection.execute(statement)


@pytest.mark.django_db
def test_secrets_do_not_get_into_it():
    entry(after={"login": "s1", "password": "hunter2"})
    assert AuditEntry.objects.get().after == {"login": "s1", "password": "•••"}


@pytest.mark.django_db
def test_it_is_read_newest_first_and_paged_by_id():
    ids = [entry(summary=str(n)) for n in range(5)]
    first = audit.entries(limit=2)
    assert [e.id for e in first] == [ids[4], ids[3]]
    assert [e.id for e in audit.entries(before_id=first[-1].id, limit=2)] == [ids[2], ids[1]]


@pytest.mark.django_db
def test_it_can_be_asked_for_one_object():
    wanted = entry(obj=("zone", 8))
    entry(obj=("zone", 9))
    found = audit.entries(wanted=audit.AuditFilter(object_type="zone", object_id="8"))
    assert [e.id for e in found] == [wanted]


@pytest.mark.django_db
def test_it_keeps_who_and_from_where(django_user_model):
    user = django_user_model.objects.create_user("olena")
    entry(actor=Actor(kind=ActorKind.STAFF, label="Олена", user_id=user.id, ip="10.0.0.1"))
    written = AuditEntry.objects.get()
    assert (written.user_id, written.actor_label, written.ip) == (user.id, "Олена", "10.0.0.1")
