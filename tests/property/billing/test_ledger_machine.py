"""The ledger against a ledger of sixty lines in memory, under any sequence of operations.

Everything runs as the running system's role. After each sequence the verifier finds nothing, and
the hash chain is computed again here, in Python, from its description alone.
"""

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from billing.ledger import errors, operations, queries, verification
from billing.ledger.operations import Leg
from tests.support.ledger import AT, CASHIER, DAY, Books

DAYS = st.sampled_from([DAY, DAY + timedelta(1), DAY + timedelta(9), date(2026, 10, 31)])
AMOUNTS = st.integers(min_value=1, max_value=10**9)


@dataclass
class Memory:
    """What the books should say: a ledger without a database."""

    balances: dict[int, int] = field(default_factory=dict)
    history: dict[int, list[int]] = field(default_factory=dict)
    journals: dict[int, tuple[str, list[Leg]]] = field(default_factory=dict)
    keys: dict[str, tuple[int, Any]] = field(default_factory=dict)
    charged: set[tuple[int, date, str]] = field(default_factory=set)
    reversed: set[int] = field(default_factory=set)
    closed: set[tuple[int, int]] = field(default_factory=set)
    stopped: dict[int, str] = field(default_factory=dict)

    def refusal(self, day: date, legs: list[Leg]) -> type[errors.LedgerError] | None:
        """Why these legs can't be posted, or None."""
        if any(leg.account_id in self.stopped for leg in legs):
            return errors.AccountStoppedError
        charges = [(leg.subject_id, day, leg.charge_code) for leg in legs if leg.subject_id]
        if self.charged.intersection(charges) or len(set(charges)) < len(charges):
            return errors.AlreadyChargedError
        if sum(leg.amount_kopecks for leg in legs):
            return errors.BadLegsError
        if (day.year, day.month) in self.closed:
            return errors.PeriodClosedError
        return None

    def post(self, journal: int, kind: str, day: date, legs: list[Leg]) -> None:
        """Write them down."""
        self.journals[journal] = (kind, legs)
        for leg in legs:
            if leg.account_id in self.balances:
                self.balances[leg.account_id] += leg.amount_kopecks
                self.history[leg.account_id].append(leg.amount_kopecks)
            if leg.subject_id and leg.charge_code:
                self.charged.add((leg.subject_id, day, leg.charge_code))

    def may_reverse(self, journal: int) -> type[errors.LedgerError] | None:
        """Why the journal can't be reversed, or None."""
        kind, legs = self.journals[journal]
        clients = {leg.account_id for leg in legs if leg.account_id in self.balances}
        if journal in self.reversed:
            return errors.AlreadyReversedError
        if kind == "REVERSAL" or (kind != "TRANSFER" and len(clients) > 1):
            return errors.NotReversibleError
        return None


class LedgerMachine(RuleBasedStateMachine):
    """Operations in any order; each must do what the memory says, or refuse for its reason."""

    accounts = Bundle("accounts")
    posted = Bundle("posted")

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE geobill_app")
        self.memory = Memory()
        self.books = Books(prefix="M")

    def teardown(self) -> None:
        try:
            assert verification.verify().problems == []
            for account in self.memory.balances:
                assert_chain(account)
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def attempt(self, expected: type[errors.LedgerError] | None, call: Any) -> int | None:
        """Call; its answer, or None when it refused as expected."""
        if expected is None:
            with transaction.atomic():
                return int(call())
        with pytest.raises(expected), transaction.atomic():
            call()
        return None

    def post(self, kind: str, day: date, legs: list[Leg], key: str | None = None) -> int | None:
        journal = self.attempt(
            self.memory.refusal(day, legs),
            lambda: self.books.post(
                legs, kind=kind, value_date=day, idempotency_key=key or self.books.key()
            ),
        )
        if journal is not None:
            self.memory.post(journal, kind, day, legs)
        return journal

    @initialize(target=accounts)
    def first_account(self) -> int:
        return self.open_account_now()

    @rule(target=accounts)
    def open_account(self) -> int:
        return self.open_account_now()

    def open_account_now(self) -> int:
        account = self.books.subscriber()
        self.memory.balances[account], self.memory.history[account] = 0, []
        return account

    @rule(account=accounts, amount=AMOUNTS, day=DAYS)
    def pay(self, account: int, amount: int, day: date) -> None:
        self.post("PAYMENT", day, [Leg(account, amount), Leg(self.books.cash, -amount)])

    @rule(
        account=accounts, amount=AMOUNTS, other=AMOUNTS, key=st.sampled_from(["k1", "k2"]), day=DAYS
    )
    def callback(self, account: int, amount: int, other: int, key: str, day: date) -> None:
        legs = [Leg(account, amount), Leg(self.books.cash, -amount)]
        if key not in self.memory.keys:
            journal = self.post("PAYMENT", day, legs, key)
            if journal is not None:
                self.memory.keys[key] = (journal, (day, legs))
            return
        known, inputs = self.memory.keys[key]
        expected = None if inputs == (day, legs) else errors.IdempotencyConflictError
        again = self.attempt(
            expected, lambda: self.books.post(legs, value_date=day, idempotency_key=key)
        )
        assert again in (None, known)

    @rule(
        day=DAYS,
        lines=st.lists(
            st.tuples(accounts, AMOUNTS, st.sampled_from(["MAIN", "TV", "RENT"])),
            min_size=1,
            max_size=6,
        ),
    )
    def charge(self, day: date, lines: list[tuple[int, int, str]]) -> None:
        self.charge_now(day, lines)

    def charge_now(self, day: date, lines: list[tuple[int, int, str]]) -> None:
        legs = [
            Leg(account, -amount, subject_id=account, charge_code=code, charge_basis_id=9)
            for account, amount, code in lines
        ]
        total = sum(amount for _, amount, _ in lines)
        journal = self.attempt(
            self.memory.refusal(day, [*legs, Leg(self.books.revenue, total)]),
            lambda: self.books.charge(legs, value_date=day),
        )
        if journal is not None:
            self.memory.post(journal, "CHARGE", day, [*legs, Leg(self.books.revenue, total)])

    @rule(one=accounts, two=accounts, amount=AMOUNTS)
    def transfer(self, one: int, two: int, amount: int) -> None:
        self.post("TRANSFER", DAY, [Leg(one, -amount), Leg(two, amount)])

    @rule(account=accounts, amount=AMOUNTS, off=st.integers(1, 10))
    def unbalanced(self, account: int, amount: int, off: int) -> None:
        self.post("ADJUSTMENT", DAY, [Leg(account, amount), Leg(self.books.cash, -amount - off)])

    @rule(data=st.data(), day=DAYS)
    def reverse(self, data: st.DataObject, day: date) -> None:
        if not self.memory.journals:
            return
        journal = data.draw(st.sampled_from(sorted(self.memory.journals)))
        legs = [Leg(x.account_id, -x.amount_kopecks) for x in self.memory.journals[journal][1]]
        expected = self.memory.may_reverse(journal) or self.memory.refusal(day, legs)
        reversal = self.attempt(expected, lambda: self.books.reverse(journal, value_date=day))
        if reversal is not None:
            self.memory.post(reversal, "REVERSAL", day, legs)
            self.memory.reversed.add(journal)

    @rule(data=st.data(), account=accounts, amount=AMOUNTS, day=DAYS)
    def correct(self, data: st.DataObject, account: int, amount: int, day: date) -> None:
        if not self.charges_of(account):
            self.charge_now(DAY, [(account, amount, "MAIN")])
        charges = self.charges_of(account)
        if not charges:
            return
        corrects = data.draw(st.sampled_from(charges))
        legs = [
            Leg(account, amount, charge_basis_id=9, corrects_id=corrects),
            Leg(self.books.revenue, -amount),
        ]
        if self.post("CORRECTION", day, legs) is not None:
            newest = queries.statement(account_id=account, limit=1)[0]
            assert (newest.kind, newest.corrects_id) == ("CORRECTION", corrects)

    def charges_of(self, account: int) -> list[int]:
        lines = queries.statement(account_id=account, limit=1000)
        return [line.posting_id for line in lines if line.charge_code]

    @rule(account=accounts, how=st.sampled_from(["parked", "closed"]))
    def stop_or_let_go(self, account: int, how: str) -> None:
        stopped = self.memory.stopped.pop(account, None)
        if stopped == "parked":
            operations.unpark_account(account_id=account)
        elif stopped == "closed":
            operations.reopen_account(account_id=account)
        elif how == "parked":
            operations.park_account(account_id=account, at=AT, reason="test")
        else:
            operations.close_account(account_id=account, at=AT)
        if stopped is None:
            self.memory.stopped[account] = how

    @rule()
    def close_october(self) -> None:
        if len(self.memory.journals) > 5:
            operations.close_period(month=date(2026, 10, 1), at=AT, actor=CASHIER)
            self.memory.closed.add((2026, 10))

    @invariant()
    def balances_agree(self) -> None:
        known = queries.balances(account_ids=list(self.memory.balances))
        assert known == self.memory.balances

    @invariant()
    def stopped_accounts_agree(self) -> None:
        found = queries.accounts(ids=list(self.memory.balances)).items()
        parked = {account: "parked" for account, info in found if info.parked_at}
        closed = {account: "closed" for account, info in found if info.closed_at}
        assert parked | closed == self.memory.stopped


def assert_chain(account: int) -> None:
    """Statement and hashes of an account, computed again from zero."""
    lines = queries.statement(account_id=account, limit=1000)[::-1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash, occurrence FROM ledger_posting WHERE account_id = %s ORDER BY seq",
            [account],
        )
        stored = cursor.fetchall()
    balance, previous = 0, bytes(32)
    for number, (line, (stored_hash, occurrence)) in enumerate(
        zip(lines, stored, strict=True), start=1
    ):
        balance += line.amount_kopecks
        assert (line.seq, line.balance_after_kopecks) == (number, balance)
        link = struct.pack(
            ">hqqqqqiqqqh",
            1,
            line.journal_id,
            account,
            line.seq,
            line.amount_kopecks,
            line.balance_after_kopecks,
            (line.value_date - date(2000, 1, 1)).days,
            line.subject_id or 0,
            line.charge_basis_id or 0,
            line.corrects_id or 0,
            occurrence,
        )
        previous = hashlib.sha256(previous + link + (line.charge_code or "").encode()).digest()
        assert bytes(stored_hash) == previous
    assert queries.balance_kopecks(account_id=account) == balance


@pytest.mark.django_db
def test_the_ledger_agrees_with_the_one_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "_registered", {})
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
