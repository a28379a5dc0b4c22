"""A charge run posts to accounts that it has locked: what it need not look up may not go wrong."""

from collections.abc import Sequence

import pytest
from django.db import connection, transaction

from billing.ledger import operations, queries, verification
from billing.ledger.errors import AccountStoppedError, BadLegsError, ledger_errors
from billing.ledger.operations import Leg
from tests.support.ledger import AT, DAY, Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books() -> Books:
    """Books in the test's transaction."""
    return Books()


def assert_right() -> None:
    # Charges here have no service behind them, which billing's own checks would tell.
    wrong = [one for one in verification.verify().problems if one.invariant in "I1 I2 I3 I4 I5"]
    assert wrong == []


def charges(account: int, *amounts: int) -> list[Leg]:
    """So many services of one client."""
    return [
        Leg(account, -amount, subject_id=100 * account + place, charge_code="MAIN")
        for place, amount in enumerate(amounts, start=1)
    ]


def post_raw(accounts: Sequence[int], *, contra: int) -> None:
    """Legs in the order given, 10 kopecks each, as SQL of a run gives them."""
    many = len(accounts)
    with ledger_errors(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_post_charges(%s, %s, 'raw', 'system', 'charge-run', '', %s::bigint[],"
            " %s::bigint[], %s::bigint[], %s::text[], NULL, %s::bigint[], %s::bigint[],"
            " %s::bigint[])",
            [
                DAY, AT, list(accounts), [-10] * many, list(range(1, many + 1)), ["MAIN"] * many,
                [1] * many, [contra], [10 * many],
            ],
        )  # fmt: skip


@pytest.mark.parametrize("is_locked", [True, False])
def test_one_two_and_many_services_are_charged_in_order(books: Books, is_locked: bool) -> None:
    one, two, many = (books.subscriber() for _ in range(3))
    if is_locked:
        operations.lock_balances(account_ids=[one, two, many])
    books.charge([*charges(one, 5), *charges(two, 7, 8), *charges(many, 1, 2, 3, 4)])
    assert queries.balances(account_ids=[one, two, many]) == {one: -5, two: -15, many: -10}
    lines = queries.statement(account_id=many, limit=10)
    assert [(line.seq, line.balance_after_kopecks) for line in lines] == [
        (4, -10), (3, -6), (2, -3), (1, -1),
    ]  # fmt: skip
    assert_right()


def test_legs_that_do_not_stand_side_by_side_are_refused_whole(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    operations.lock_balances(account_ids=[olena, taras])
    with pytest.raises(BadLegsError), transaction.atomic():
        post_raw([olena, taras, olena], contra=books.revenue)
    assert queries.balances(account_ids=[olena, taras]) == {olena: 0, taras: 0}
    # Through the operation they are put in order first.
    books.charge([*charges(olena, 1), *charges(taras, 2), *charges(olena, 3, 4)[1:]])
    assert_right()


@pytest.mark.parametrize("amounts", [(5,), (5, 6), (5, 6, 7)])
def test_a_parked_account_is_told_by_name(books: Books, amounts: tuple[int, ...]) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    operations.park_account(account_id=olena, reason="перевірка", at=AT)
    operations.lock_balances(account_ids=[olena, taras])
    with pytest.raises(AccountStoppedError) as told, transaction.atomic():
        books.charge([*charges(olena, *amounts), *charges(taras, 1)])
    assert told.value.context["account_id"] == olena
    assert queries.balances(account_ids=[taras]) == {taras: 0}


def test_a_client_is_never_taken_for_revenue(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    operations.lock_balances(account_ids=[olena])
    post_raw([olena, olena], contra=taras)
    assert queries.balances(account_ids=[olena, taras]) == {olena: -20, taras: 20}
    assert [line.seq for line in queries.statement(account_id=taras, limit=5)] == [1]
    assert_right()
