"""What a journal does to balances, and what the ledger refuses."""

from datetime import date, timedelta

import pytest
from django.db import transaction

from billing.ledger import errors, operations, queries
from billing.ledger.operations import Leg
from tests.support.ledger import AT, CASHIER, DAY, Books


def test_a_payment_raises_the_balance_and_stands_against_clearing(books: Books) -> None:
    olena = books.subscriber()
    journal = books.pay(olena, 25_000, narrative="готівка")
    assert queries.balance_kopecks(account_id=olena) == 25_000
    assert queries.balance_kopecks(account_id=books.cash) == -25_000
    (line,) = queries.statement(account_id=olena, limit=10)
    assert (line.journal_id, line.seq, line.kind) == (journal, 1, "PAYMENT")
    assert (line.amount_kopecks, line.balance_after_kopecks) == (25_000, 25_000)
    assert (line.narrative, line.actor, line.source) == ("готівка", "Олена, каса", "cash")


def test_a_chunk_charges_many_and_keeps_the_order_of_services(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    books.pay(olena, 1_000)
    journal = books.charge(
        [
            Leg(olena, -667, subject_id=1, charge_code="MAIN", charge_basis_id=7),
            Leg(olena, -33, subject_id=2, charge_code="TV"),
            Leg(taras, -500, subject_id=3, charge_code="MAIN"),
            Leg(olena, -300, subject_id=4, charge_code="RENT"),
        ]
    )
    lines = queries.statement(account_id=olena, limit=10)
    assert [(x.seq, x.charge_code, x.balance_after_kopecks) for x in lines] == [
        (4, "RENT", 0),
        (3, "TV", 300),
        (2, "MAIN", 333),
        (1, None, 1_000),
    ]
    assert lines[2].charge_basis_id == 7
    assert {line.journal_id for line in lines[:3]} == {journal}
    assert queries.balances(account_ids=[olena, taras, books.cash]) == {olena: 0, taras: -500}
    assert queries.balance_kopecks(account_id=books.revenue) == 1_500


def test_a_statement_is_read_page_by_page(books: Books) -> None:
    olena = books.subscriber()
    for _ in range(5):
        books.pay(olena, 100)
    first = queries.statement(account_id=olena, limit=2)
    second = queries.statement(account_id=olena, limit=2, before_seq=first[-1].seq)
    assert [line.seq for line in first + second] == [5, 4, 3, 2]


@pytest.mark.parametrize(
    "amounts", [(100, -99), (100,), (), (100, 100), (0, 0), (2**63 - 1, 1), (5, 0, -5)]
)
def test_legs_that_are_no_journal_are_refused(books: Books, amounts: tuple[int, ...]) -> None:
    olena = books.subscriber()
    accounts = [olena, books.cash, books.revenue]
    legs = [Leg(accounts[i], amount) for i, amount in enumerate(amounts)]
    with pytest.raises(errors.BadLegsError), transaction.atomic():
        books.post(legs)
    assert queries.balance_kopecks(account_id=olena) == 0
    assert queries.statement(account_id=olena, limit=1) == []


def test_an_unknown_account_is_refused(books: Books) -> None:
    with pytest.raises(errors.UnknownAccountError), transaction.atomic():
        books.post([Leg(books.subscriber(), 1), Leg(10**15, -1)])


def test_the_same_key_and_inputs_post_once(books: Books) -> None:
    olena = books.subscriber()
    first = books.pay(olena, 100, idempotency_key="callback-17")
    again = books.pay(
        olena,
        100,
        idempotency_key="callback-17",
        posted_at=AT + timedelta(hours=1),
        narrative="retry",
    )
    assert again == first
    assert queries.balance_kopecks(account_id=olena) == 100


@pytest.mark.parametrize(
    "changes",
    [{"kopecks": 101}, {"value_date": DAY + timedelta(1)}, {"kind": "REFUND"}, {"source": "bank"}],
)
def test_the_same_key_with_other_inputs_is_an_error(
    books: Books, changes: dict[str, object]
) -> None:
    olena = books.subscriber()
    first = books.pay(olena, 100, idempotency_key="callback-17")
    given = {"kopecks": 100, "idempotency_key": "callback-17"} | changes
    with pytest.raises(errors.IdempotencyConflictError) as conflict, transaction.atomic():
        books.pay(olena, **given)  # type: ignore[arg-type]
    assert conflict.value.context["journal_id"] == first
    assert queries.balance_kopecks(account_id=olena) == 100


def test_a_service_is_charged_once_a_day_for_one_thing(books: Books) -> None:
    olena = books.subscriber()
    books.charge([Leg(olena, -667, subject_id=1, charge_code="MAIN")])
    with pytest.raises(errors.AlreadyChargedError), transaction.atomic():
        books.charge([Leg(olena, -667, subject_id=1, charge_code="MAIN")])
    books.charge([Leg(olena, -5, subject_id=1, charge_code="MAIN", occurrence=1)])
    books.charge(
        [Leg(olena, -667, subject_id=1, charge_code="MAIN")], value_date=DAY + timedelta(1)
    )
    assert queries.balance_kopecks(account_id=olena) == -1339


def test_a_payment_is_reversed_once_and_the_reversal_never(books: Books) -> None:
    olena = books.subscriber()
    payment = books.pay(olena, 10_000)
    reversal = books.reverse(payment, value_date=DAY + timedelta(1))
    assert queries.balance_kopecks(account_id=olena) == 0
    newest, oldest = queries.statement(account_id=olena, limit=5)
    assert (newest.kind, newest.reverses_id, newest.amount_kopecks) == (
        "REVERSAL",
        payment,
        -10_000,
    )
    assert newest.corrects_id == oldest.posting_id
    assert oldest.reversed_by_id == reversal
    with pytest.raises(errors.AlreadyReversedError) as refusal, transaction.atomic():
        books.reverse(payment)
    assert refusal.value.context["journal_id"] == reversal
    with pytest.raises(errors.NotReversibleError), transaction.atomic():
        books.reverse(reversal)
    with pytest.raises(errors.UnknownJournalError), transaction.atomic():
        books.reverse(10**15)


def test_a_first_charge_of_one_client_is_reversed_and_shows_as_corrected(books: Books) -> None:
    olena = books.subscriber()
    charge = books.charge(
        [
            Leg(olena, -667, subject_id=1, charge_code="MAIN"),
            Leg(olena, -33, subject_id=2, charge_code="TV"),
        ]
    )
    books.reverse(charge)
    assert queries.balance_kopecks(account_id=olena) == 0
    charges = queries.charges_of(subject_ids=[1, 2], from_date=DAY, until_date=DAY + timedelta(1))
    assert [(c.amount_kopecks, c.corrected_kopecks) for c in charges] == [(-667, 667), (-33, 33)]


def test_a_journal_of_many_clients_is_corrected_by_line_and_not_reversed(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    chunk = books.charge(
        [
            Leg(olena, -667, subject_id=1, charge_code="MAIN"),
            Leg(taras, -667, subject_id=2, charge_code="MAIN"),
        ]
    )
    with pytest.raises(errors.NotReversibleError), transaction.atomic():
        books.reverse(chunk)
    (wrong,) = queries.statement(account_id=olena, limit=1)
    books.post(
        [
            Leg(olena, 667, corrects_id=wrong.posting_id),
            Leg(books.revenue, -667, corrects_id=wrong.posting_id),
        ],
        kind="CORRECTION",
    )
    assert queries.balances(account_ids=[olena, taras]) == {olena: 0, taras: -667}


def test_money_paid_to_the_wrong_account_is_moved(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    books.pay(olena, 5_000)
    transfer = books.post([Leg(olena, -5_000), Leg(taras, 5_000)], kind="TRANSFER")
    assert queries.balances(account_ids=[olena, taras]) == {olena: 0, taras: 5_000}
    books.reverse(transfer)
    assert queries.balances(account_ids=[olena, taras]) == {olena: 5_000, taras: 0}


def test_a_closed_month_takes_nothing_more(books: Books) -> None:
    olena = books.subscriber()
    october = books.pay(olena, 100, value_date=date(2026, 10, 31))
    assert operations.close_period(month=date(2026, 10, 5), at=AT, actor=CASHIER)
    assert not operations.close_period(month=date(2026, 10, 1), at=AT, actor=CASHIER)
    assert queries.is_closed(on_date=date(2026, 10, 31))
    assert not queries.is_closed(on_date=date(2026, 11, 1))
    with pytest.raises(errors.PeriodClosedError) as refusal, transaction.atomic():
        books.pay(olena, 100, value_date=date(2026, 10, 31))
    assert refusal.value.context["month"] == "2026-10"
    with pytest.raises(errors.PeriodClosedError), transaction.atomic():
        books.reverse(october, value_date=date(2026, 10, 31))
    books.reverse(october, value_date=DAY)
    assert queries.balance_kopecks(account_id=olena) == 0


def test_a_parked_account_stops_alone(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    operations.park_account(account_id=olena, at=AT, reason="I5: hash differs")
    with pytest.raises(errors.AccountStoppedError) as refusal, transaction.atomic():
        books.pay(olena, 100)
    assert refusal.value.context["account_id"] == olena
    with pytest.raises(errors.AccountStoppedError), transaction.atomic():
        books.charge(
            [
                Leg(olena, -1, subject_id=1, charge_code="MAIN"),
                Leg(taras, -1, subject_id=2, charge_code="MAIN"),
            ]
        )
    assert operations.lock_balances(account_ids=[olena, taras]) == {taras: 0}
    books.pay(taras, 100)
    assert queries.accounts(ids=[olena])[olena].parked_reason == "I5: hash differs"
    operations.unpark_account(account_id=olena)
    books.pay(olena, 100)
    assert queries.balances(account_ids=[olena, taras]) == {olena: 100, taras: 100}


def test_a_closed_account_takes_nothing(books: Books) -> None:
    olena = books.subscriber()
    operations.close_account(account_id=olena, at=AT)
    with pytest.raises(errors.AccountStoppedError), transaction.atomic():
        books.pay(olena, 100)


def test_a_month_without_a_partition_is_named_and_then_made(books: Books) -> None:
    olena = books.subscriber()
    with pytest.raises(errors.NoPartitionError), transaction.atomic():
        books.pay(olena, 100, value_date=date(2041, 5, 9))
    made = operations.ensure_partitions(from_date=date(2041, 5, 9), until_date=date(2041, 7, 1))
    assert made == ["ledger_posting_2041_05", "ledger_posting_2041_06"]
    assert (
        operations.ensure_partitions(from_date=date(2041, 5, 9), until_date=date(2041, 7, 1)) == []
    )
    books.pay(olena, 100, value_date=date(2041, 5, 9))
    assert queries.balance_kopecks(account_id=olena) == 100


def test_account_codes_are_unique_and_control_accounts_are_found_again(books: Books) -> None:
    books_code = queries.accounts(ids=[books.cash])[books.cash].code
    with pytest.raises(errors.AccountExistsError):
        operations.open_account(at=AT, code=books_code, kind="SUBSCRIBER")
    found = operations.ensure_control_account(at=AT, code=books_code, kind="CLEARING")
    assert found == books.cash
    with pytest.raises(errors.AccountExistsError):
        operations.ensure_control_account(at=AT, code=books_code, kind="TAX")
    olena = books.subscriber()
    operations.rename_holder(account_id=olena, holder_name="Шевченко-Коваль Олена")
    info = queries.accounts(ids=[olena])[olena]
    assert queries.find_account(code=info.code) == info
    assert info.holder_name == "Шевченко-Коваль Олена"
    assert queries.find_account(code="no such contract") is None


def test_nobody_sees_another_clients_leg(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    payment = books.pay(olena, 1_000)
    chunk = books.charge(
        [
            Leg(olena, -667, subject_id=1, charge_code="MAIN"),
            Leg(taras, -990, subject_id=2, charge_code="MAIN"),
        ]
    )
    view = queries.journal_for(account_id=olena, journal_id=chunk)
    assert [line.amount_kopecks for line in view.own] == [-667]
    assert view.contra == (queries.ContraLine(None, ("REVENUE",), 667),)
    view = queries.journal_for(account_id=olena, journal_id=payment)
    cash_code = queries.accounts(ids=[books.cash])[books.cash].code
    assert view.contra == (queries.ContraLine(cash_code, ("CLEARING",), -1_000),)
    with pytest.raises(errors.UnknownJournalError):
        queries.journal_for(account_id=taras, journal_id=payment)


def test_the_trial_balance_sums_to_zero(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber("Тарас")
    books.pay(olena, 1_000)
    books.pay(taras, 500, value_date=DAY + timedelta(1))
    books.charge([Leg(olena, -600, subject_id=1, charge_code="MAIN")])
    lines = queries.trial_balance()
    assert sum(line.balance_kopecks for line in lines) == 0
    subscribers = next(line for line in lines if line.kind == "SUBSCRIBER")
    assert (subscribers.accounts, subscribers.postings) == (2, 3)
    assert (subscribers.debit_kopecks, subscribers.credit_kopecks) == (-600, 1_500)
    (earlier,) = [
        line
        for line in queries.trial_balance(until_date=DAY + timedelta(1))
        if line.kind == "SUBSCRIBER"
    ]
    assert earlier.balance_kopecks == 400
