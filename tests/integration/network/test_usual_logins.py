"""`radius.usual`, the narrow rows of the fast path: whatever changes a decision changes them."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from billing.models import Subscription
from network import fastpath
from network.models import RadiusDecision
from project.core import clock
from tests.support import services

pytestmark = pytest.mark.django_db
SQL = Path(__file__).resolve().parents[3] / "network" / "sql"
NAS = "10.0.0.1"
COLUMNS = "login_hex, subscription_id, mac, mode, equipped, told"


@pytest.fixture
def sold() -> list[Subscription]:
    services.pool()
    services.nas(address=NAS, vendor="mikrotik")
    found = [services.service() for _ in range(3)]
    fastpath.rebuild(at=clock.now())
    return found


def execute(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def services_told() -> set[int]:
    """Whom the rows let in; they are what the decisions say, neither more nor less."""
    kept = f"SELECT {COLUMNS} FROM radius.usual"
    right = f"SELECT {COLUMNS} FROM radius.usual_now"
    assert execute(f"({kept} EXCEPT {right}) UNION ALL ({right} EXCEPT {kept})") == []
    return {row[0] for row in execute("SELECT subscription_id FROM radius.usual")}


def test_a_block_takes_the_row_away_and_its_end_brings_it_back(sold: list[Subscription]) -> None:
    everybody = {one.id for one in sold}
    assert services_told() == everybody
    debt = services.block(sold[0])
    assert services_told() == everybody - {sold[0].id}
    services.unblock(debt)
    assert services_told() == everybody


@pytest.mark.parametrize(
    "change",
    [
        "state = 'REFUSED'",
        "state = 'GUEST'",
        "password = ''",
        "password = '`id`'",
        "sessions_max = 1",
        "mode = 'TWO_OF_THREE'",
        "replies = '{}'",
        "login = 'ім''я' || subscription_id",
    ],
)
def test_all_at_once_and_back(sold: list[Subscription], change: str) -> None:
    everybody = services_told()
    execute("CREATE TEMPORARY TABLE was AS SELECT * FROM radius_decision")
    execute(f"UPDATE radius_decision SET {change}")
    assert services_told() == set()
    column = change.split(maxsplit=1)[0]
    execute(
        f"UPDATE radius_decision d SET {column} = was.{column} FROM was"
        " WHERE was.subscription_id = d.subscription_id"
    )
    assert services_told() == everybody


def test_what_is_told_follows(sold: list[Subscription]) -> None:
    first, second, third = (one.id for one in sold)
    rows = RadiusDecision.objects
    rows.filter(subscription_id=first).update(password="other", mac="aa" * 6, mode="LOGIN")
    rows.filter(subscription_id=second).update(circuit_hex="01", remote_hex="02")
    freed = rows.get(subscription_id=third).login
    rows.filter(subscription_id=third).update(login="aabb.ccdd.eeff")
    rows.filter(subscription_id=first).update(login=freed)
    assert services_told() == {first, second, third}
    told = execute("SELECT told ->> 'mikrotik' FROM radius.usual WHERE mac <> ''")
    assert told[0][0].startswith("Bill-Fast-Password\tother\n")


def test_rows_that_come_and_go_as_a_whole(sold: list[Subscription]) -> None:
    everybody = services_told()
    execute("CREATE TEMPORARY TABLE was AS SELECT * FROM radius_decision")
    execute("ALTER TABLE was DROP COLUMN lines")
    execute("DELETE FROM radius_decision WHERE subscription_id = %s", [sold[0].id])
    assert services_told() == everybody - {sold[0].id}
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("TRUNCATE radius_decision")
    assert services_told() == set()
    names = [
        row[0]
        for row in execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'was'::regclass"
            " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
    ]
    with connection.cursor() as cursor:
        kept: list[bytes] = []
        with cursor.copy(f"COPY was ({', '.join(names)}) TO STDOUT") as stream:
            kept.extend(bytes(part) for part in stream)
        with cursor.copy(f"COPY radius_decision ({', '.join(names)}) FROM STDIN") as stream:
            for part in kept:
                stream.write(part)
    assert services_told() == everybody


def test_the_migration_can_be_undone_and_done_again(sold: list[Subscription]) -> None:
    """Undone, the call has its six parameters again and finds logins in the wide rows."""
    login = RadiusDecision.objects.get(subscription=sold[0]).login.encode().hex()
    new = "SELECT radius.authorize(%s, %s || '||||', '1')"
    (before,) = execute(new, [NAS, login])
    for name in ("radius_wide.sql", "radius_usual.reverse.sql"):
        execute((SQL / name).read_text(encoding="utf-8"))
    RadiusDecision.objects.filter(subscription=sold[1]).update(state="REFUSED")
    (told,) = execute("SELECT radius.authorize(%s, %s, '', '', '', '1')", [NAS, login])
    assert told[0].startswith("Bill-Verdict\tPASSWORD\nBill-Fast-Password\t")
    for name in ("radius_usual.sql", "radius_authorize.sql"):
        execute((SQL / name).read_text(encoding="utf-8"))
    (after,) = execute(new, [NAS, login])
    assert [one.rpartition(":")[0] for one in after] == [one.rpartition(":")[0] for one in before]
    assert services_told() == {sold[0].id, sold[2].id}
