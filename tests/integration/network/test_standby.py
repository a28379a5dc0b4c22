"""The file of answers for an outage follows the database: `network.standby`."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.models import Subscription
from network import fastpath, standby
from network.models import RadiusDecision
from network.radius.configuration import STANDBY_FILE
from project.core import clock
from tests.support import services

pytestmark = pytest.mark.django_db(transaction=True)
NAS, OTHER_NAS = "10.0.0.1", "10.0.0.2"


class Time:
    """Seconds since 1970, as the test says."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sold() -> list[Subscription]:
    services.pool()
    services.nas(address=NAS, vendor="mikrotik", secret="it's\\a-secret")
    found = [services.service() for _ in range(4)]
    fastpath.rebuild(at=clock.now())
    return found


@pytest.fixture
def keeper(tmp_path: Path, time: Time) -> Iterator[standby.Keeper]:
    made = standby.Keeper(folder=tmp_path, now=time)
    yield made
    made.close()


def execute(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def in_file(keeper: standby.Keeper, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(keeper.path)) as file:
        return file.execute(sql).fetchall()


def answers(keeper: standby.Keeper) -> dict[str, tuple[Any, ...]]:
    """What the file has, as `radius.usual` has it."""
    return {
        row[0]: (*row[1:4], {k: "\n".join("\t".join(one) for one in v) for k, v in told.items()})
        for row in in_file(keeper, "SELECT login_hex, mac, mode, equipped, told FROM answer")
        for told in [json.loads(row[4])]
    }


def right() -> dict[str, tuple[Any, ...]]:
    rows = execute("SELECT login_hex, mac, mode, equipped, told::text FROM radius.usual")
    return {row[0]: (*row[1:4], json.loads(row[4])) for row in rows}


def hex_of(subscription: Subscription) -> str:
    return RadiusDecision.objects.get(subscription=subscription).login.encode().hex()


def test_all_that_is_usual_is_there(keeper: standby.Keeper, sold: list[Subscription]) -> None:
    execute(
        "UPDATE radius_decision SET mac = '0a0b0c0d0e0f', circuit_hex = 'aa', remote_hex = 'bb'"
        " WHERE subscription_id = %s",
        [sold[0].id],
    )
    assert keeper.step() == len(sold) + 1, "each service, and a BRAS"
    found = answers(keeper)
    assert found == right()
    assert set(found) == {hex_of(one) for one in sold}
    mac, mode, equipped, told = found[hex_of(sold[0])]
    assert (mac, mode, equipped) == ("0a0b0c0d0e0f", "", f"{hex_of(sold[0])}|0xaa|0xbb||")
    assert "\nMikrotik-Rate-Limit\t" in told["mikrotik"]
    assert in_file(keeper, "SELECT * FROM nas") == [
        (NAS, "mikrotik", "AUTO", "it's\\a-secret", "no", "mikrotik")
    ]
    assert keeper.path.stat().st_mode & 0o777 == 0o600
    assert keeper.step() == 0


def test_blocks_passwords_and_brases_follow(
    keeper: standby.Keeper, sold: list[Subscription]
) -> None:
    keeper.step()
    debt = services.block(sold[0])
    assert keeper.step() == 1
    assert set(answers(keeper)) == {hex_of(one) for one in sold[1:]}
    services.unblock(debt)
    execute("UPDATE radius_decision SET password = 'new' WHERE subscription_id = %s", [sold[1].id])
    assert keeper.step() == 2
    assert answers(keeper) == right()
    assert "Bill-Fast-Password\tnew\n" in answers(keeper)[hex_of(sold[1])][3]["mikrotik"]
    services.nas(address=OTHER_NAS, vendor="cisco_isg")
    fastpath.rebuild(at=clock.now())
    keeper.step()
    assert answers(keeper) == right()
    assert set(answers(keeper)[hex_of(sold[1])][3]) == {"mikrotik", "cisco_isg"}
    assert in_file(keeper, "SELECT address, kind FROM nas ORDER BY 1") == [
        (NAS, "mikrotik"),
        (OTHER_NAS, "cisco_isg"),
    ]
    execute("UPDATE network_nas SET retired_at = now() WHERE address = %s", [NAS])
    keeper.step()
    assert in_file(keeper, "SELECT address FROM nas") == [(OTHER_NAS,)]
    execute("TRUNCATE radius_decision CASCADE")
    keeper.step()
    assert answers(keeper) == {}


def test_a_login_that_goes_to_another_service(
    keeper: standby.Keeper, sold: list[Subscription]
) -> None:
    keeper.step()
    first, second = (RadiusDecision.objects.get(subscription=one).login for one in sold[:2])
    for login, service in (("x", sold[0]), (first, sold[1]), (second, sold[0])):
        execute(
            "UPDATE radius_decision SET login = %s WHERE subscription_id = %s", [login, service.id]
        )
    assert keeper.step() == 2
    assert answers(keeper) == right()


def test_a_login_like_a_mac_is_marked(keeper: standby.Keeper, sold: list[Subscription]) -> None:
    """FreeRADIUS takes it for the device's when none is told."""
    for login, service in zip(("020000000001", "02:00:00:00:00:02", "0200"), sold, strict=False):
        execute(
            "UPDATE radius_decision SET login = %s WHERE subscription_id = %s", [login, service.id]
        )
    keeper.step()
    marked = in_file(keeper, "SELECT login_hex FROM answer WHERE is_mac ORDER BY 1")
    assert marked == [(b"020000000001".hex(),), (b"02:00:00:00:00:02".hex(),)]


def in_another_connection(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_who_commits_after_a_younger_transaction_is_not_missed(
    keeper: standby.Keeper, sold: list[Subscription]
) -> None:
    keeper.step()
    is_written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            execute(
                "UPDATE radius_decision SET password = 'slow' WHERE subscription_id = %s",
                [sold[0].id],
            )
            is_written.set()
            assert may_commit.wait(20)

    thread = in_another_connection(slow)
    assert is_written.wait(20)
    execute("UPDATE radius_decision SET password = 'fast' WHERE subscription_id = %s", [sold[1].id])
    execute("DELETE FROM radius_decision WHERE subscription_id = %s", [sold[2].id])
    assert keeper.step() == 2
    assert keeper.step() == 0, "read again, and the same"
    may_commit.set()
    thread.join()
    assert keeper.step() == 1
    assert answers(keeper) == right()


def test_another_database_is_read_whole(
    keeper: standby.Keeper, sold: list[Subscription], time: Time
) -> None:
    keeper.step()
    # As in a database that was restored: other rows, and nothing says that they are new.
    execute("UPDATE radius.usual SET changed = '3'::xid8, told = '{}'")
    assert keeper.step() == 0
    with closing(sqlite3.connect(keeper.path)) as file, file:
        file.execute("UPDATE kept SET origin = 'another'")
    assert keeper.step() == len(sold)
    assert answers(keeper) == right()
    # The same, but its counter of transactions stands before what was read.
    execute('UPDATE radius.usual SET told = \'{"generic": "Class\\ts:1:"}\'')
    with closing(sqlite3.connect(keeper.path)) as file, file:
        file.execute("UPDATE kept SET since = '9999999999'")
    assert keeper.step() == len(sold)
    execute("UPDATE radius.usual SET changed = '3'::xid8, told = '{}'")
    assert keeper.step() == 0
    time.now += standby.WHOLE_EVERY_S
    assert keeper.step() == len(sold)
    assert answers(keeper) == right()


def test_how_fresh_it_is_is_told(
    keeper: standby.Keeper, sold: list[Subscription], time: Time, tmp_path: Path
) -> None:
    begun = time.now
    assert standby.standing(tmp_path) == standby.Standing(0, 0, 0.0)
    keeper.step()
    assert standby.standing(tmp_path) == standby.Standing(len(sold), 1, begun)
    time.now += standby.TOLD_EVERY_S - 1
    keeper.step()
    assert standby.standing(tmp_path) == standby.Standing(len(sold), 1, begun)
    time.now += 1
    keeper.step()
    assert standby.standing(tmp_path) == standby.Standing(len(sold), 1, time.now)
    assert standby.standing(tmp_path / "nowhere") is None


def test_a_file_of_another_geobill_is_made_anew(
    sold: list[Subscription], tmp_path: Path, time: Time
) -> None:
    keeper = standby.Keeper(folder=tmp_path, now=time)
    keeper.step()
    keeper.close()
    with closing(sqlite3.connect(keeper.path)) as file:
        file.execute("ALTER TABLE nas ADD COLUMN name TEXT")
        file.execute("PRAGMA user_version = 0")
    keeper = standby.Keeper(folder=tmp_path, now=time)
    assert keeper.step() == len(sold) + 1
    assert answers(keeper) == right()
    keeper.close()


@pytest.mark.parametrize("is_open", [True, False])
def test_a_spoilt_file_is_made_anew(
    sold: list[Subscription], tmp_path: Path, time: Time, is_open: bool
) -> None:
    keeper = standby.Keeper(folder=tmp_path, now=time)
    keeper.step()
    if not is_open:
        keeper.close()
    for path in tmp_path.iterdir():
        path.write_bytes(b"no such file" * 400)
    if not is_open:
        keeper = standby.Keeper(folder=tmp_path, now=time)
    keeper.step()
    assert answers(keeper) == right()
    assert len(right()) == len(sold)
    keeper.close()


def test_what_breaks_off_leaves_the_file_as_it_was(
    keeper: standby.Keeper, sold: list[Subscription], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.step()
    was = answers(keeper)
    services.block(sold[0])
    monkeypatch.setattr(standby, "_CHANGED", "SELECT no_such_column FROM radius.usual")
    with pytest.raises(DatabaseError):
        keeper.step()
    assert answers(keeper) == was
    monkeypatch.undo()
    assert keeper.step() == 1
    assert answers(keeper) == right()


def test_two_keepers_of_one_file(
    keeper: standby.Keeper, sold: list[Subscription], tmp_path: Path, time: Time
) -> None:
    second = standby.Keeper(folder=tmp_path, now=time)
    keeper.step()
    services.block(sold[0])
    second.step()
    assert keeper.step() == 0
    assert answers(keeper) == right()
    second.close()
    assert tmp_path.joinpath(STANDBY_FILE).exists()


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(
            [
                "state = 'REFUSED'",
                "state = 'FULL'",
                "password = 'one'",
                "password = 'zwei\\3'",
                "login = 'me' || subscription_id",
                "login = 'aa:bb:cc:dd:ee:' || lpad((subscription_id %% 100)::text, 2, '0')",
                "mac = '020000000001'",
                "circuit_hex = '01', remote_hex = '02'",
                "sessions_max = 1",
                "sessions_max = NULL",
                "mode = 'LOGIN'",
                "mode = 'MAC'",
            ]
        ),
        st.booleans(),
    ),
    max_size=12,
)


@given(changes=CHANGES)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_changes_the_file_says_the_same(
    keeper: standby.Keeper, sold: list[Subscription], changes: list[tuple[int, str, bool]]
) -> None:
    for place, change, looks in changes:
        execute(f"UPDATE radius_decision SET {change} WHERE subscription_id = %s", [sold[place].id])
        if looks:
            keeper.step()
            assert answers(keeper) == right()
    keeper.step()
    assert answers(keeper) == right()
    # By what was told of changes alone: a look at all finds nothing more.
    with closing(sqlite3.connect(keeper.path)) as file, file:
        file.execute("UPDATE kept SET whole_at = 0")
    assert keeper.step() == 0
