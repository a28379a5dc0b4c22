"""Whatever was posted in whatever order: statement, replay, trial balance and ledger agree."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.ledger import queries
from billing.ledger.operations import Leg
from billing.ledger.replay import replay
from billing.ledger.statements import Wanted, balance_before, page, period
from billing.reporting import accounting
from tests.support.ledger import DAY, Books

pytestmark = pytest.mark.django_db
DAYS = [DAY + timedelta(n) for n in (-30, -1, 0, 1, 9)]
ACTS = st.tuples(
    st.sampled_from(["pay", "charge", "move", "reverse"]),
    st.integers(1, 10**9),
    st.sampled_from(DAYS),
    st.integers(0, 1),
)


def act_out(books: Books, accounts: list[int], acts: list[tuple[str, int, date, int]]) -> None:
    last: int | None = None
    for what, amount, day, which in acts:
        account, other = accounts[which], accounts[1 - which]
        if what == "reverse" and last is not None:
            books.reverse(last, value_date=day)
            last = None
        elif what == "pay":
            last = books.pay(account, amount, value_date=day)
        elif what == "charge":
            books.charge([Leg(account, -amount)], value_date=day)
        else:
            legs = [Leg(account, -amount), Leg(other, amount)]
            last = books.post(legs, kind="TRANSFER", value_date=day)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, max_size=12))
def test_every_way_to_read_an_account_gives_the_same_money(
    acts: list[tuple[str, int, date, int]],
) -> None:
    with transaction.atomic():
        books = Books(prefix="L")
        accounts = [books.subscriber(), books.subscriber()]
        act_out(books, accounts, acts)
        for account in accounts:
            agree(account)
        for day in (*DAYS, None):
            assert sum(line.balance_kopecks for line in queries.trial_balance(until_date=day)) == 0
        sheet = accounting.sheet(first=DAYS[1], last=DAYS[3])
        assert sum(row.opening_kopecks for row in sheet) == 0
        assert sum(row.closing_kopecks for row in sheet) == 0
        for row in accounting.clearing(on_date=DAYS[-1]):
            assert sum(row.buckets) == row.due_kopecks
        transaction.set_rollback(True)


def agree(account: int) -> None:
    """The running balance, a period's sums, the pages and the replay, against the ledger's."""
    stored = queries.balance_kopecks(account_id=account)
    lines = period(account_id=account, wanted=Wanted())
    assert (lines[-1].running_kopecks if lines else 0) == stored
    running = 0
    for one in lines:
        running += one.line.amount_kopecks
        assert one.running_kopecks == running
    by_seq = sorted(lines, key=lambda one: one.line.seq)
    if by_seq == lines:
        assert [one.running_kopecks for one in lines] == [
            one.line.balance_after_kopecks for one in lines
        ]
    for day in DAYS:
        before = [one.line.amount_kopecks for one in lines if one.line.value_date < day]
        assert balance_before(account_id=account, on_date=day) == sum(before)
    paged, before_seq = [], None
    while found := page(account_id=account, wanted=Wanted(), limit=3, before_seq=before_seq):
        paged += found
        before_seq = found[-1].line.seq
    assert paged == lines[::-1]
    again = replay(account_id=account)
    assert again.is_equal
    assert (again.computed_kopecks, again.count) == (stored, len(lines))
    assert sum(month.count for month in again.months) == again.count
