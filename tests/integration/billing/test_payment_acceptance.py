"""Payments of providers: credited once, given back, placed, asked about; what is kept."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger import verification
from billing.payments import attempts, checkouts, dispatch, merchants
from billing.payments import operations as payments
from billing.payments.calls import (
    Answer,
    Call,
    Commit,
    Lookup,
    Pay,
    Prepare,
    Reverse,
    Seen,
    SeenState,
    Told,
    Trust,
)
from billing.payments.gateway import Message
from billing.payments.models import (
    LegalEntityArea,
    MerchantAccount,
    Payment,
    PaymentMessage,
    Refund,
)
from billing.payments.results import Result
from billing.payments.transfers import NotTransferableError, transfer_payment
from project.core import clock
from project.core.actor import SYSTEM
from project.core.models import AuditEntry, OutboxEvent
from tests.support.billing import CASHIER, World, balance, blocks, moment

DAY = date(2026, 11, 10)
AT = moment(DAY, 12)


@pytest.fixture
def merchant(world: World) -> int:
    """An account at a provider with the plainest protocol."""
    return payments.open_merchant(
        at=AT, actor=CASHIER, provider="ibox", slug="one", title="ISP", settings={}
    )


def code_of(account_id: int) -> str:
    return ledger_queries.accounts(ids=[account_id])[account_id].code


def do(merchant_id: int, call: Call, *, at: Any = AT) -> Answer:
    account = merchants.get(merchant_id=merchant_id)
    endpoint = account.provider.endpoints[0]
    with transaction.atomic():
        (answer,) = dispatch.perform(
            Message("test", (call,)), merchant=account, endpoint=endpoint, at=at, actor=SYSTEM
        )
    return answer


def right() -> None:
    problems = verification.verify().problems
    assert not problems, problems


def test_a_payment_lifts_debt_and_is_told_by_its_provider(world: World, merchant: int) -> None:
    account = world.account()
    service = world.sell(account, world.tariff(price=30_000), DAY)
    assert blocks(service) == {"DEBT"}
    answer = do(merchant, Pay(code_of(account), 50_000, "k1", paid_at=AT - timedelta(hours=1)))
    assert (answer.result, answer.payment.state) == (Result.OK, "CONFIRMED")
    assert blocks(service) == set()
    payment = Payment.objects.get()
    assert (payment.channel, payment.space, payment.paid_at) == (
        "IBOX",
        "ibox",
        AT - timedelta(hours=1),
    )
    right()


@pytest.mark.parametrize(
    ("rules", "credited"),
    [
        ({}, 9_700),
        ({"commission": "GROSS"}, 10_000),
        ({"commission": "NET_FIELD"}, 9_650),
        ({"commission": "PERCENT", "commission_bp": 250}, 9_750),
    ],
)
def test_what_is_credited_is_the_commission_rule(
    world: World, merchant: int, rules: dict[str, Any], credited: int
) -> None:
    account = world.account()
    payments.change_merchant(at=AT, actor=CASHIER, merchant_id=merchant, **rules)
    call = Pay(code_of(account), 9_700, "k1", gross_kopecks=10_000, net_kopecks=9_650)
    assert do(merchant, call).result is Result.OK
    assert do(merchant, call).result is Result.DUPLICATE
    assert balance(account) == credited
    right()


def test_limits_and_closed_and_parked_accounts(world: World, merchant: int) -> None:
    closed, parked = world.account(), world.account()
    ledger.close_account(account_id=closed, at=AT)
    ledger.park_account(account_id=parked, at=AT, reason="test")
    assert do(merchant, Lookup(code_of(closed))).result is Result.INACTIVE
    assert do(merchant, Pay(code_of(parked), 500, "k1")).result is Result.TEMPORARY
    good = code_of(world.account())
    assert do(merchant, Pay(good, 99, "k2")).result is Result.AMOUNT_TOO_SMALL
    assert do(merchant, Pay(good, 15_000_001, "k3")).result is Result.AMOUNT_TOO_LARGE
    assert not Payment.objects.exists()


def test_two_merchant_accounts_do_not_share_payment_numbers(world: World, merchant: int) -> None:
    other = payments.open_merchant(
        at=AT, actor=CASHIER, provider="ibox", slug="two", title="ISP", settings={}
    )
    account = world.account()
    for merchant_id in (merchant, other):
        assert do(merchant_id, Pay(code_of(account), 500, "k1")).result is Result.OK
    assert balance(account) == 1_000
    mine = Payment.objects.get(merchant_id=merchant)
    assert do(other, Reverse(reference=str(mine.id))).result is Result.NOT_FOUND_PAYMENT
    right()


def test_taken_money_of_nobody_waits_in_suspense_and_goes_back_from_there(
    world: World, merchant: int
) -> None:
    answer = do(merchant, Pay("no-such", 500, "k1", is_taken=True))
    assert answer.result is Result.NOT_FOUND
    payment = Payment.objects.get()
    assert payment.is_unallocated
    sums = {line.code: line.balance_kopecks for line in ledger_queries.trial_balance()}
    assert sums["suspense.payments"] == 500
    right()
    assert do(merchant, Reverse(key="k1")).result is Result.OK
    right()


def test_parts_go_back_until_nothing_is_left_also_in_another_month(
    world: World, merchant: int
) -> None:
    account = world.account()
    do(merchant, Pay(code_of(account), 1_000, "k1"))
    ledger.close_period(month=DAY, at=AT, actor=CASHIER)
    later = moment(date(2026, 12, 5), 12)
    part = Reverse(key="k1", amount_kopecks=300, reversal_key="r1")
    assert do(merchant, part, at=later).result is Result.OK
    assert do(merchant, part, at=later).result is Result.DUPLICATE
    assert balance(account) == 700
    too_much = Reverse(key="k1", amount_kopecks=701, reversal_key="r2")
    assert do(merchant, too_much, at=later).result is Result.NOT_REVERSIBLE
    assert do(merchant, Reverse(key="k1"), at=later).result is Result.OK
    assert balance(account) == 0
    assert Payment.objects.get().state == "REVERSED"
    assert Refund.objects.filter(state="SUCCEEDED").count() == 2
    right()


def test_a_payment_that_was_partly_given_back_is_not_moved_whole(
    world: World, merchant: int
) -> None:
    account, other = world.account(), world.account()
    do(merchant, Pay(code_of(account), 1_000, "k1"))
    do(merchant, Reverse(key="k1", amount_kopecks=300, reversal_key="r1"))
    with pytest.raises(NotTransferableError):
        transfer_payment(
            at=AT,
            on_date=DAY,
            actor=CASHIER,
            payment_id=Payment.objects.get().id,
            to_account_id=other,
            reason="wrong account",
            idempotency_key="t1",
        )


def test_two_phases(world: World, merchant: int) -> None:
    account = world.account()
    announced = do(merchant, Prepare(code_of(account), 500, "k1"))
    assert announced.payment.state == "PENDING"
    assert balance(account) == 0
    assert do(merchant, Commit(announced.reference)).result is Result.OK
    assert do(merchant, Commit(announced.reference)).result is Result.DUPLICATE
    assert balance(account) == 500
    forgotten = do(merchant, Prepare(code_of(account), 500, "k2"))
    assert checkouts.expire(at=AT + timedelta(hours=23), actor=SYSTEM) == 0
    assert checkouts.expire(at=AT + timedelta(hours=25), actor=SYSTEM) == 1
    assert do(merchant, Commit(forgotten.reference)).result is Result.NOT_FOUND_PAYMENT
    right()


# --- Orders and what is told of them -------------------------------------------------------------


def order(world: World, merchant_id: int, *, kopecks: int = 500) -> tuple[int, Payment]:
    account = world.account()
    payment, _attempt = checkouts._begin(
        merchants.get(merchant_id=merchant_id),
        account_code=code_of(account),
        amount_kopecks=kopecks,
        client="test",
        at=AT,
        actor=CASHIER,
    )
    return account, payment


def paid(payment: Payment, **values: Any) -> Seen:
    wanted: dict[str, Any] = {
        "state": SeenState.PAID,
        "order": payment.order_number,
        "key": "p1",
        "amount_kopecks": 500,
    }
    return Seen(**(wanted | values))


def test_a_proven_word_about_an_order_credits_it_once(world: World, merchant: int) -> None:
    account, payment = order(world, merchant)
    assert do(merchant, Told(paid(payment), Trust.PROOF)).result is Result.OK
    assert do(merchant, Told(paid(payment), Trust.PROOF)).result is Result.DUPLICATE
    assert balance(account) == 500
    payment.refresh_from_db()
    assert (payment.state, payment.external_id) == ("CONFIRMED", "p1")
    assert payment.attempts.get().state == "SUCCEEDED"
    right()


def test_a_word_that_must_fit_the_order_is_refused_when_it_does_not(
    world: World, merchant: int
) -> None:
    account, payment = order(world, merchant)
    wrong = Told(paid(payment, amount_kopecks=501), Trust.ORDER)
    assert do(merchant, wrong).result is Result.CONFLICT
    nobody = Told(paid(payment, order="77"), Trust.ORDER)
    assert do(merchant, nobody).result is Result.NOT_FOUND_PAYMENT
    assert balance(account) == 0
    assert do(merchant, Told(paid(payment), Trust.ORDER)).result is Result.OK
    right()


def test_a_hint_credits_nothing_and_is_asked_about(world: World, merchant: int) -> None:
    account, payment = order(world, merchant)
    assert do(merchant, Told(paid(payment), Trust.HINT)).result is Result.PENDING
    assert balance(account) == 0
    assert payment.attempts.get().state == "UNKNOWN"
    assert OutboxEvent.objects.filter(topic=attempts.ASK).count() == 1


def test_an_order_that_is_paid_twice_is_money_twice(world: World, merchant: int) -> None:
    account, payment = order(world, merchant)
    do(merchant, Told(paid(payment), Trust.PROOF))
    assert do(merchant, Told(paid(payment, key="p2"), Trust.PROOF)).result is Result.OK
    assert balance(account) == 1_000
    right()


def test_money_for_an_order_that_had_failed_is_still_taken(world: World, merchant: int) -> None:
    account, payment = order(world, merchant)
    failed = Seen(SeenState.FAILED, order=payment.order_number or "", reason="declined")
    do(merchant, Told(failed, Trust.PROOF))
    payment.refresh_from_db()
    assert payment.state == "FAILED"
    assert do(merchant, Told(paid(payment), Trust.PROOF)).result is Result.OK
    assert balance(account) == 500
    right()


def test_older_words_do_not_undo_newer_ones(world: World, merchant: int) -> None:
    account, payment = order(world, merchant)
    do(merchant, Told(paid(payment), Trust.PROOF, version_at=AT))
    back = Seen(SeenState.REVERSED, order=payment.order_number or "", key="p1")
    old = Told(back, Trust.PROOF, version_at=AT - timedelta(seconds=1))
    assert do(merchant, old).result is Result.OK
    assert balance(account) == 500
    new = Told(back, Trust.PROOF, version_at=AT + timedelta(seconds=1))
    assert do(merchant, new).result is Result.OK
    assert balance(account) == 0
    right()


def test_parts_that_a_provider_tells_of_go_back_once_each(world: World, merchant: int) -> None:
    account, payment = order(world, merchant)
    do(merchant, Told(paid(payment), Trust.PROOF))
    part = paid(payment, amount_kopecks=300, refunds=(("r1", 200),))
    for _ in range(2):
        assert do(merchant, Told(part, Trust.PROOF)).result.is_done
    assert balance(account) == 300
    right()


# --- Legal entities ------------------------------------------------------------------------------


def test_an_account_served_by_another_legal_entity_is_unknown_here(
    world: World, merchant: int
) -> None:
    account = world.account(kopecks=100_000)
    world.sell(account, world.tariff(), DAY)
    assert do(merchant, Lookup(code_of(account))).result is Result.OK
    other = payments.open_legal_entity(at=AT, actor=CASHIER, name="ФОП Другий")
    LegalEntityArea.objects.create(legal_entity_id=other, admin_unit=world.city)
    assert do(merchant, Lookup(code_of(account))).result is Result.NOT_FOUND
    theirs = payments.open_merchant(
        at=AT, actor=CASHIER, provider="ibox", slug="two", legal_entity_id=other, settings={}
    )
    assert do(theirs, Lookup(code_of(account))).result is Result.OK
    elsewhere = world.account()
    assert do(merchant, Lookup(code_of(elsewhere))).result is Result.OK


# --- Merchant accounts ---------------------------------------------------------------------------


def test_secrets_are_encrypted_and_never_told(world: World) -> None:
    made = payments.open_merchant(
        at=AT,
        actor=CASHIER,
        provider="platezhka",
        settings={"login": "me", "password": "very-secret-word"},
    )
    row = MerchantAccount.objects.get(id=made)
    assert "very-secret-word" not in str(row.settings)
    assert b"very-secret-word" not in bytes(row.secrets_encrypted)
    assert len(row.slug) == 24
    assert not AuditEntry.objects.filter(after__icontains="very-secret-word").exists()
    # An empty secret in a form keeps the stored one.
    payments.change_merchant(
        at=AT, actor=CASHIER, merchant_id=made, settings={"login": "you", "password": ""}
    )
    view = merchants.get(merchant_id=made).view
    assert (view["login"], view["password"]) == ("you", "very-secret-word")


@pytest.mark.parametrize(
    ("settings", "rules"),
    [
        ({"no_such": 1}, {}),
        ({"login": ""}, {}),
        ({"login": "x", "password": "y"}, {"networks": ["not a network"]}),
        ({"login": "x", "password": "y"}, {"min_kopecks": 200, "max_kopecks": 100}),
        ({"login": "x", "password": "y"}, {"slug": "UPPER"}),
    ],
)
def test_bad_merchant_accounts_are_refused(
    world: World, settings: dict[str, Any], rules: dict[str, Any]
) -> None:
    with pytest.raises(payments.BadMerchantError):
        payments.open_merchant(
            at=AT, actor=CASHIER, provider="platezhka", settings=settings, **rules
        )


# --- What the database keeps ---------------------------------------------------------------------


def message(merchant_id: int) -> PaymentMessage:
    return PaymentMessage.objects.create(
        at=AT,
        direction="IN",
        merchant_id=merchant_id,
        endpoint="terminal",
        operation="pay",
        method="GET",
        address="",
        result="OK",
        duration_us=1,
    )


def test_the_running_system_may_not_change_what_was_said_or_paid(
    world: World, merchant: int, as_app_role: Any
) -> None:
    do(merchant, Pay(code_of(world.account()), 500, "k1"))
    kept = message(merchant)
    for forbidden in (
        lambda: PaymentMessage.objects.filter(id=kept.id).update(reason="other"),
        lambda: PaymentMessage.objects.filter(id=kept.id).delete(),
        lambda: Payment.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), as_app_role():
            forbidden()


def test_nobody_changes_what_is_credited_or_turns_a_state_back(world: World, merchant: int) -> None:
    do(merchant, Pay(code_of(world.account()), 500, "k1"))
    kept = message(merchant)
    for forbidden in (
        lambda: Payment.objects.update(amount_kopecks=600),
        lambda: Payment.objects.update(external_id="k2"),
        lambda: Payment.objects.update(state="PENDING"),
        lambda: Payment.objects.update(refunded_kopecks=500),
        lambda: PaymentMessage.objects.filter(id=kept.id).update(reason="other"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            forbidden()


def test_messages_are_kept_for_ninety_days_at_least(world: World, merchant: int) -> None:
    kept = message(merchant)
    with pytest.raises(IntegrityError), transaction.atomic():
        payments.purge_messages(before=clock.now())
    assert payments.purge_messages(before=AT - timedelta(days=200)) == 0
    assert PaymentMessage.objects.filter(id=kept.id).exists()


def test_the_key_is_unique_in_the_database(world: World, merchant: int) -> None:
    do(merchant, Pay(code_of(world.account()), 500, "k1"))
    first = Payment.objects.get()
    first.id, first.journal_id, first.state, first.confirmed_at = None, None, "CREATED", None
    first._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save(force_insert=True)
