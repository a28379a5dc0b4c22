"""Somebody with all the database's powers changes something: the verifier names it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.ledger import errors, operations, queries, seals, verification
from billing.ledger.operations import Leg
from billing.ledger.verification import Problem, verify
from tests.support.ledger import AT, DAY, Books, superuser_connection


@contextmanager
def triggers_off(*tables: str) -> Iterator[Any]:
    """The owner disables the guards, does what is inside, and arms them again."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in tables:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def tamper(sql: str, *parameters: Any, tables: tuple[str, ...] = ("ledger_posting",)) -> None:
    with triggers_off(*tables) as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount > 0


@pytest.fixture
def busy(books: Books) -> Books:
    """Three clients with payments, chunks of charges, a reversal, a correction and a transfer."""
    books.olena, books.taras, books.ivan = (books.subscriber() for _ in range(3))  # type: ignore[attr-defined]
    everyone = (books.olena, books.taras, books.ivan)  # type: ignore[attr-defined]
    for account in everyone:
        books.pay(account, 10_000)
    for days in range(3):
        books.charge(
            [
                Leg(account, -333, subject_id=account, charge_code=code)
                for account in everyone
                for code in ("MAIN", "TV")
            ],
            value_date=DAY + timedelta(days),
        )
    books.reverse(books.pay(everyone[0], 77))
    books.post([Leg(everyone[1], -50), Leg(everyone[2], 50)], kind="TRANSFER")
    return books


def found(report: verification.Report) -> set[tuple[str, int | None]]:
    return {(problem.invariant, problem.posting_id) for problem in report.problems}


def posting_of(account_id: int, seq: int) -> queries.StatementLine:
    (line,) = queries.statement(account_id=account_id, limit=1, before_seq=seq + 1)
    return line


def test_right_books_are_right(busy: Any) -> None:
    report = verify()
    assert report.problems == []
    assert (report.accounts, report.journals, report.postings) == (5, 9, 33)
    assert verify(mode="account", account_id=busy.olena).problems == []
    assert verify(mode="account", account_id=busy.cash).problems == []
    assert verify(mode="incremental").problems == []
    with pytest.raises(errors.UnknownAccountError):
        verify(mode="account", account_id=10**15)


def test_a_changed_amount_is_named(busy: Any) -> None:
    line = posting_of(busy.taras, 3)
    tamper("UPDATE ledger_posting SET amount_kopecks = -332 WHERE id = %s", line.posting_id)
    report = verify()
    assert {p.invariant for p in report.problems} == {"I1", "I2", "I3", "I4", "I5"}
    (i4,) = [p for p in report.problems if p.invariant == "I4"]
    assert (i4.posting_id, i4.account_id, i4.journal_id) == (
        line.posting_id,
        busy.taras,
        line.journal_id,
    )
    code = queries.accounts(ids=[busy.taras])[busy.taras].code
    assert str(i4) == (
        f"I4 posting {line.posting_id}, account {code}, journal {line.journal_id},"
        f" on {line.value_date}: balance after is {line.balance_after_kopecks},"
        f" but 9667 and -332 make 9335"
    )
    assert {p.invariant for p in verify(mode="account", account_id=busy.taras).problems} == {
        "I3",
        "I4",
        "I5",
    }
    assert verify(mode="account", account_id=busy.olena).is_right


def test_a_change_that_keeps_all_sums_breaks_the_chain(busy: Any) -> None:
    """Two lines of one journal swap a kopeck, and every balance is made to fit."""
    first, second = posting_of(busy.ivan, 2), posting_of(busy.ivan, 3)
    tamper(
        "UPDATE ledger_posting SET amount_kopecks = amount_kopecks - 1,"
        " balance_after_kopecks = balance_after_kopecks - 1 WHERE id = %s",
        first.posting_id,
    )
    tamper(
        "UPDATE ledger_posting SET amount_kopecks = amount_kopecks + 1 WHERE id = %s",
        second.posting_id,
    )
    assert found(verify()) == {("I5", first.posting_id), ("I5", second.posting_id)}


@pytest.mark.parametrize(
    "change",
    [
        "subject_id = 999",
        "charge_code = 'OTHER'",
        "charge_basis_id = 999",
        "occurrence = 5",
        "corrects_id = 999",
        "hash = sha256('x')",
    ],
)
def test_every_fact_of_a_posting_is_in_the_chain(busy: Any, change: str) -> None:
    line = posting_of(busy.olena, 3)
    tamper(f"UPDATE ledger_posting SET {change} WHERE id = %s", line.posting_id)
    assert ("I5", line.posting_id) in found(verify())
    assert {p.invariant for p in verify().problems} == {"I5"}


def test_a_deleted_posting_leaves_a_gap(busy: Any) -> None:
    line, after = posting_of(busy.olena, 4), posting_of(busy.olena, 5)
    tamper("DELETE FROM ledger_posting WHERE id = %s", line.posting_id)
    report = verify()
    assert ("I4", after.posting_id) in found(report)
    assert any("seq is 5 after 3" in p.message for p in report.problems)
    assert any(p.invariant == "I2" and p.journal_id == line.journal_id for p in report.problems)


def test_a_deleted_last_posting_is_missed_by_the_balance(busy: Any) -> None:
    last = queries.statement(account_id=busy.ivan, limit=1)[0]
    tamper("DELETE FROM ledger_posting WHERE journal_id = %s", last.journal_id)
    report = verify()
    assert {p.account_id for p in report.problems if p.invariant == "I3"} == {busy.ivan, busy.taras}
    assert any(p.invariant == "I2" and "has 0 legs" in p.message for p in report.problems)


@pytest.mark.parametrize(
    "change", ["balance_kopecks = balance_kopecks + 1", "seq = seq + 1", "last_hash = sha256('x')"]
)
def test_a_changed_cached_balance_is_named(busy: Any, change: str) -> None:
    tamper(
        f"UPDATE ledger_balance SET {change} WHERE account_id = %s",
        busy.olena,
        tables=("ledger_balance",),
    )
    problems = verify().problems
    assert {p.account_id for p in problems} == {busy.olena}
    assert {p.invariant for p in problems} <= {"I3", "I5"}
    assert not verify(mode="account", account_id=busy.olena).is_right


def test_a_leg_without_a_number_on_a_subscribers_account_is_found(busy: Any) -> None:
    with triggers_off("ledger_posting") as cursor:
        cursor.execute(
            "INSERT INTO ledger_posting (value_date, journal_id, account_id, amount_kopecks)"
            " SELECT %s, max(id), %s, 5 FROM ledger_journal",
            [DAY, busy.olena],
        )
    assert any(p.invariant == "I3" and p.account_id == busy.olena for p in verify().problems)


def test_disarmed_guards_are_found(busy: Any) -> None:
    partition = f"ledger_posting_{DAY:%Y_%m}"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {partition} DISABLE TRIGGER ledger_posting_append_only")
        cursor.execute("DROP TRIGGER ledger_journal_no_truncate ON ledger_journal")
        cursor.execute("ALTER TABLE ledger_seal ENABLE TRIGGER ledger_seal_fixed")
        cursor.execute(f"GRANT INSERT ON {partition} TO geobill_app")
    messages = [p.message for p in verify().problems if p.invariant == "GUARDS"]
    assert [m for m in messages if partition in m and "append_only" in m]
    assert [m for m in messages if "ledger_journal_no_truncate" in m]
    assert [m for m in messages if "ledger_seal_fixed" in m]
    assert f"geobill_app has INSERT on {partition}" in messages
    assert len(messages) == 4


def test_a_registered_check_takes_part(busy: Any) -> None:
    verification.register("I8", lambda scope: iter([Problem("I8", f"full: {scope.is_full}")]))
    assert [str(p) for p in verify().problems] == ["I8 full: True"]


def test_a_seal_covers_what_came_since_the_last_one(busy: Any, tmp_path: Path) -> None:
    first = seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    assert (first.is_new, first.postings) == (True, 33)
    # A correction of an earlier date is in the next seal, not lost between two.
    busy.pay(busy.olena, 500, value_date=DAY - timedelta(5))
    second = seals.seal_day(day=DAY + timedelta(1), at=AT, directory=tmp_path)
    assert (second.is_new, second.postings) == (True, 2)
    assert not seals.seal_day(day=DAY, at=AT, directory=tmp_path).is_new
    assert verify(seals_dir=tmp_path).problems == []
    one, two = (json.loads(r.path.read_text()) for r in (first, second))
    assert two["previous_root"] == one["chain_root"]
    assert first.path.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        ("ledger_journal", "UPDATE ledger_journal SET narrative = 'інше'"),
        ("ledger_journal", "UPDATE ledger_journal SET actor = 'somebody else'"),
        (
            "ledger_posting",
            "UPDATE ledger_posting SET account_id = (SELECT max(id) FROM ledger_account"
            " WHERE kind = 'TAX') WHERE seq IS NULL AND amount_kopecks > 0",
        ),
    ],
)
def test_the_seal_tells_what_no_sum_and_no_chain_can(
    busy: Any, tmp_path: Path, table: str, sql: str
) -> None:
    seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    tamper(sql, tables=(table,))
    assert {p.invariant for p in verify(seals_dir=tmp_path).problems} == {"I6"}


def test_whoever_rewrites_the_seals_is_told_by_the_files(busy: Any, tmp_path: Path) -> None:
    seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    seals.seal_day(day=DAY + timedelta(1), at=AT, directory=tmp_path)
    tamper("UPDATE ledger_journal SET narrative = 'інше'", tables=("ledger_journal",))
    with triggers_off("ledger_seal") as cursor:
        cursor.execute("DELETE FROM ledger_seal")
    seals.seal_day(day=DAY, at=AT, directory=tmp_path / "elsewhere")
    assert verify().problems == []
    messages = [p.message for p in verify(seals_dir=tmp_path).problems]
    assert any("is not what was exported" in m for m in messages)
    assert any("a day that the database has no seal of" in m for m in messages)


def test_an_exported_file_is_never_overwritten_and_never_missed(busy: Any, tmp_path: Path) -> None:
    path = tmp_path / f"{DAY}.json"
    path.write_text("{}")
    with pytest.raises(seals.SealFileConflictError):
        seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    assert path.read_text() == "{}"
    path.unlink()
    seals.export(at=AT, directory=tmp_path)
    assert verify(seals_dir=tmp_path).problems == []
    path.unlink()
    assert ["missing" in p.message for p in verify(seals_dir=tmp_path).problems] == [True]


@pytest.mark.parametrize(
    ("table", "sql"),
    [
        ("ledger_posting", "UPDATE ledger_posting SET charge_code = 'X' WHERE charge_code = 'TV'"),
        ("ledger_posting", "DELETE FROM ledger_posting WHERE journal_id = {last}"),
        ("ledger_journal", "DELETE FROM ledger_journal WHERE id = {last}"),
        (
            "ledger_journal",
            "INSERT INTO ledger_journal (id, kind, value_date, posted_at, idempotency_key,"
            " request_hash, actor, source, narrative) OVERRIDING SYSTEM VALUE SELECT {last} - 1,"
            " kind, value_date, posted_at, 'slipped in', request_hash, actor, source, narrative"
            " FROM ledger_journal WHERE id = {last}",
        ),
    ],
    ids=["changed", "leg removed", "journal removed", "journal slipped in"],
)
def test_a_sealed_row_that_is_changed_removed_or_slipped_in_is_found(
    busy: Any, tmp_path: Path, table: str, sql: str
) -> None:
    with connection.cursor() as cursor:  # a number that is free, as a call that failed leaves one
        cursor.execute("SELECT nextval(pg_get_serial_sequence('ledger_journal', 'id'))")
    last = busy.pay(busy.olena, 100)
    seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    assert verify(seals_dir=tmp_path).problems == []
    with connection.cursor() as cursor:
        # Whoever can do this can loosen the keys between the tables as well.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f'"
            " AND conparentid = 0 AND confrelid IN ('ledger_journal'::regclass)"
        )
        for owner, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {owner} DROP CONSTRAINT "{name}"')
    tamper(sql.format(last=last), tables=(table,))
    messages = [p.message for p in verify(seals_dir=tmp_path).problems if p.invariant == "I6"]
    assert len(messages) == 1
    assert f"the seal of {DAY} " in messages[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"postings": 33', '"postings": 32'),
        lambda text: text.replace('"chain_root": "', '"chain_root": "00'),
        lambda text: text.replace('"sum_credit_kopecks": ', '"sum_credit_kopecks": 1'),
        lambda text: text.replace("}", ', "note": "checked"}'),
        lambda text: text[: len(text) // 2],
        lambda _text: "",
    ],
    ids=["count", "root", "sum", "more said", "cut", "empty"],
)
def test_an_exported_file_that_is_changed_is_found(busy: Any, tmp_path: Path, spoil: Any) -> None:
    first = seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    seals.seal_day(day=DAY + timedelta(1), at=AT, directory=tmp_path)
    text = first.path.read_text()
    assert spoil(text) != text
    first.path.chmod(0o644)
    first.path.write_text(spoil(text))
    assert [p.message for p in verify(seals_dir=tmp_path).problems] == [
        f"the seal of {DAY} is not what was exported to {first.path}"
    ]


def test_seals_taken_out_of_the_database_are_found_in_the_files(busy: Any, tmp_path: Path) -> None:
    seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    busy.pay(busy.ivan, 300)
    second = seals.seal_day(day=DAY + timedelta(1), at=AT, directory=tmp_path)
    with triggers_off("ledger_seal") as cursor:
        cursor.execute("DELETE FROM ledger_seal WHERE day = %s", [DAY + timedelta(1)])
    assert [p.message for p in verify(seals_dir=tmp_path).problems] == [
        f"{second.path} is the seal of a day that the database has no seal of"
    ]
    with triggers_off("ledger_seal") as cursor:
        cursor.execute("DELETE FROM ledger_seal")
    assert len(verify(seals_dir=tmp_path).problems) == 2


def test_a_seal_cannot_be_changed(busy: Any, tmp_path: Path) -> None:
    seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    with (
        pytest.raises(Exception, match="cannot change"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE ledger_seal SET chain_root = sha256('x')")


def test_incremental_looks_behind_the_last_seal_only(busy: Any, tmp_path: Path) -> None:
    old = posting_of(busy.olena, 2)
    seals.seal_day(day=DAY, at=AT, directory=tmp_path)
    busy.pay(busy.olena, 100)
    busy.pay(busy.olena, 200)
    new = queries.statement(account_id=busy.olena, limit=1)[0]
    assert verify(mode="incremental").problems == []
    assert verify(mode="incremental").postings == 4
    tamper("UPDATE ledger_posting SET amount_kopecks = -1 WHERE id = %s", old.posting_id)
    assert verify(mode="incremental").problems == []
    tamper("UPDATE ledger_posting SET amount_kopecks = 300 WHERE id = %s", new.posting_id)
    report = verify(mode="incremental")
    assert {p.invariant for p in report.problems} == {"I1", "I2", "I4", "I5"}
    assert {p.posting_id for p in report.problems} == {None, new.posting_id}


def test_the_command_says_what_is_wrong_and_fails(busy: Any, tmp_path: Path) -> None:
    output = StringIO()
    call_command("ledger_verify", seals=tmp_path, stdout=output)
    assert "ledger full: right; 33 postings" in output.getvalue()
    line = posting_of(busy.taras, 3)
    tamper("UPDATE ledger_posting SET amount_kopecks = -332 WHERE id = %s", line.posting_id)
    output = StringIO()
    with pytest.raises(CommandError, match="the ledger is wrong in 5 places") as refusal:
        call_command("ledger_verify", seals=tmp_path, stdout=output)
    assert refusal.value.returncode == 1
    assert f"I4 posting {line.posting_id}," in output.getvalue()
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("ledger_verify", json=True, seals=tmp_path, stdout=output)
    answer = json.loads(output.getvalue())
    assert answer["right"] is False
    assert line.posting_id in [problem["posting_id"] for problem in answer["problems"]]
    code = queries.accounts(ids=[busy.olena])[busy.olena].code
    call_command("ledger_verify", account=code, stdout=StringIO())
    with pytest.raises(CommandError):
        call_command("ledger_verify", account=str(busy.taras), stdout=StringIO())


def test_the_other_commands_do_their_work(busy: Any, tmp_path: Path) -> None:
    output = StringIO()
    call_command("ledger_seal", dir=tmp_path, stdout=output)
    assert "33 postings" in output.getvalue()
    output = StringIO()
    call_command(
        "ledger_partitions",
        from_date=date(2043, 1, 1),
        until_date=date(2043, 2, 1),
        stdout=output,
    )
    assert output.getvalue() == "ledger_posting_2043_01\n"


@pytest.mark.django_db(transaction=True)
def test_a_superuser_who_covers_the_sums_is_named_by_the_chain() -> None:
    books = Books()
    olena, taras = books.subscriber(), books.subscriber()
    for _ in range(3):
        books.pay(olena, 100)
        books.pay(taras, 100)
    line = posting_of(olena, 2)
    with superuser_connection() as session:
        session.execute("ALTER TABLE ledger_posting DISABLE TRIGGER ALL")
        session.execute(
            "UPDATE ledger_posting SET amount_kopecks = sign(amount_kopecks) * 150"
            " WHERE journal_id = %s",
            [line.journal_id],
        )
        session.execute(
            "UPDATE ledger_posting SET balance_after_kopecks = balance_after_kopecks + 50"
            " WHERE account_id = %s AND seq >= 2",
            [olena],
        )
        session.execute(
            "UPDATE ledger_balance SET balance_kopecks = 350 WHERE account_id = %s", [olena]
        )
        session.execute("ALTER TABLE ledger_posting ENABLE TRIGGER ALL")
    report = verify()
    third = posting_of(olena, 3)
    chain = {p.posting_id for p in report.problems if p.invariant == "I5"}
    assert chain == {line.posting_id, third.posting_id}
    # ENABLE TRIGGER ALL left the guards armed for ordinary sessions only, which is told too.
    assert {p.invariant for p in report.problems} == {"I5", "GUARDS"}
    operations.park_account(account_id=olena, at=AT, reason=str(report.problems[0]))
    assert verify(mode="account", account_id=taras).is_right is False  # guards are everybody's
