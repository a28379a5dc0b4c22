"""Cash at the desk, and payments that people take back: all of it in one transaction."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from billing import money
from billing.ledger import operations as ledger
from billing.ledger.operations import Leg
from billing.payments.events import note
from billing.payments.gateway import Channel
from billing.payments.models import Payment
from billing.payments.refunds import IN_FLIGHT
from billing.payments.registry import CASH, CHANNELS
from billing.payments.transfers import locked
from billing.subscriptions import hooks
from project.core.actor import Actor
from project.core.errors import DomainError

KEY_LENGTH = 100


class AmountOutOfLimitsError(DomainError):
    """The amount is below or above what the channel takes."""

    code = "amount_out_of_limits"


class PaymentKeyUsedError(DomainError):
    """The same form was sent for another account or amount."""

    code = "payment_key_used"
    http_status = 409
    message = _("This form has already been used for another payment. Open a new one.")


class NoSubscriberAccountError(DomainError):
    """The account is unknown, parked or closed."""

    code = "no_account"
    message = _("There is no open account of a client with this number.")


class NotReversiblePaymentError(DomainError):
    """Only a confirmed payment is reversed, and once."""

    code = "payment_not_reversible"
    http_status = 409
    message = _("Only a confirmed payment can be reversed.")


@transaction.atomic
def accept_cash(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    account_id: int,
    amount_kopecks: int,
    comment: str = "",
    idempotency_key: str,
) -> Payment:
    """Take cash at the desk: CONFIRMED at once, on the balance at once, and what is due is charged.

    The same key with the same account and amount returns the first payment and takes nothing;
    with others PaymentKeyUsedError. Raises AmountOutOfLimitsError, NoSubscriberAccountError.
    """
    key = idempotency_key.strip()
    assert 0 < len(key) <= KEY_LENGTH, "a form carries its key"
    _require_limits(channel=CASH, amount_kopecks=amount_kopecks)
    if account_id not in ledger.lock_balances(account_ids=[account_id]):
        raise NoSubscriberAccountError(field="account_id")
    known = Payment.objects.filter(channel=CASH.code, external_id=key).first()
    if known is None:
        known = _confirm_new(
            channel=CASH,
            external_id=key,
            account_id=account_id,
            amount_kopecks=amount_kopecks,
            comment=comment.strip()[:300],
            at=at,
            on_date=on_date,
            actor=actor,
        )
    if known.account_id != account_id or known.amount_kopecks != amount_kopecks:
        raise PaymentKeyUsedError(payment_id=known.id)
    return known


def _require_limits(*, channel: Channel, amount_kopecks: int) -> None:
    if not channel.min_kopecks <= amount_kopecks <= channel.max_kopecks:
        raise AmountOutOfLimitsError(
            _("The amount must be between %(low)s and %(high)s.")
            % {
                "low": money.format_uah(channel.min_kopecks),
                "high": money.format_uah(channel.max_kopecks),
            },
            field="amount",
        )


def _confirm_new(
    *,
    channel: Channel,
    external_id: str,
    account_id: int,
    amount_kopecks: int,
    comment: str,
    at: datetime,
    on_date: date,
    actor: Actor,
) -> Payment:
    clearing_id = ledger.ensure_control_account(at=at, code=channel.clearing_code, kind="CLEARING")
    journal_id = ledger.post(
        kind="PAYMENT",
        value_date=on_date,
        posted_at=at,
        idempotency_key=f"payment:{channel.code}:{external_id}"[:120],
        legs=[
            Leg(account_id=account_id, amount_kopecks=amount_kopecks),
            Leg(account_id=clearing_id, amount_kopecks=-amount_kopecks),
        ],
        actor=actor,
        source=f"payment:{channel.code}",
        narrative=comment,
    )
    try:
        with transaction.atomic():
            payment = Payment.objects.create(
                account_id=account_id,
                channel=channel.code,
                external_id=external_id,
                amount_kopecks=amount_kopecks,
                state=Payment.State.CONFIRMED,
                told_kopecks=amount_kopecks,
                gross_kopecks=amount_kopecks,
                paid_at=at,
                created_at=at,
                confirmed_at=at,
                created_by=actor.label[:150],
                comment=comment,
                journal_id=journal_id,
            )
    except IntegrityError as error:
        raise PaymentKeyUsedError() from error
    note(payment, kind="CONFIRMED", at=at, actor=actor)
    hooks.effects().settle(account_id=account_id, on_date=on_date, at=at, actor=actor)
    return payment


@transaction.atomic
def reverse_payment(
    *, at: datetime, on_date: date, actor: Actor, payment_id: int, reason: str
) -> Payment:
    """Take a confirmed payment back (a mistake, a chargeback) by a reversal of its journal; not
    while a refund of it is on its way, of which nobody knows yet whether it will be done.

    What it has paid for stays charged: the balance may go below zero, and the next run decides. A
    transfer to another account is taken back with it.
    """
    payment = locked(payment_id=payment_id)
    channel = CHANNELS.get(payment.channel)
    is_reversible = channel.is_reversible if channel else payment.merchant_id is not None
    if payment.state != Payment.State.CONFIRMED or not is_reversible or payment.refunded_kopecks:
        raise NotReversiblePaymentError(state=payment.state)
    if not reason.strip():
        raise DomainError(_("Give the reason for the reversal."), field="reason")
    if payment.refunds.filter(state__in=IN_FLIGHT).exists():
        raise NotReversiblePaymentError(
            _("A refund of this payment is on its way. Settle it first.")
        )
    assert payment.journal_id is not None
    ledger.lock_balances(account_ids=[i for i in (payment.account_id, payment.holder_id) if i])
    for journal_id in (payment.transfer_journal_id, payment.journal_id):
        if journal_id is not None:
            payment.reversal_journal_id = ledger.reverse(
                journal_id=journal_id,
                value_date=on_date,
                posted_at=at,
                actor=actor,
                narrative=reason.strip()[:300],
            )
    payment.state, payment.refunded_kopecks = Payment.State.REVERSED, payment.amount_kopecks
    payment.told_back_kopecks = payment.told_kopecks
    payment.transferred_to_id, payment.transfer_journal_id = None, None
    payment.save(
        update_fields=[
            "reversal_journal_id",
            "refunded_kopecks",
            "told_back_kopecks",
            "state",
            "transferred_to",
            "transfer_journal_id",
        ]
    )
    note(payment, kind="REVERSED", at=at, actor=actor, reason=reason.strip()[:300])
    return payment
