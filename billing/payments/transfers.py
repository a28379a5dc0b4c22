"""Moving a payment that was posted to the wrong account, and taking the move back.

The payment keeps the account it was heard of with (`account`); `transferred_to` is where its money
stands now. At most one transfer is in force: moving it again takes the earlier one back first.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.payments.events import note
from billing.payments.models import Payment
from billing.subscriptions import hooks
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError


class NotTransferableError(DomainError):
    """Only a confirmed payment is moved, to another open account of a client."""

    code = "payment_not_transferable"
    http_status = 409
    message = _("Only a confirmed payment can be moved, and only to another client's contract.")


@transaction.atomic
def transfer_payment(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    payment_id: int,
    to_account_id: int,
    reason: str,
    idempotency_key: str,
) -> int:
    """Move the whole payment to another account and charge what is due there; the journal's id.

    The account it leaves may go below zero: the next run decides. Raises NotFoundError,
    NotTransferableError, and what the ledger raises.
    """
    payment = locked(payment_id=payment_id)
    here, home = payment.holder_id, payment.account_id
    is_whole = payment.state == Payment.State.CONFIRMED and not payment.refunded_kopecks
    if not is_whole or here is None or home is None:
        raise NotTransferableError(state=payment.state)
    found = ledger_queries.accounts(ids=[to_account_id]).get(to_account_id)
    if found is None or found.kind != "SUBSCRIBER" or to_account_id == here:
        raise NotTransferableError(field="to_contract")
    ledger.lock_balances(account_ids=[here, home, to_account_id])
    journal_id = _taken_back(payment, at=at, on_date=on_date, actor=actor, reason=reason)
    payment.transferred_to_id, payment.transfer_journal_id = None, None
    if to_account_id != home:
        journal_id = ledger.post(
            kind="TRANSFER",
            value_date=on_date,
            posted_at=at,
            idempotency_key=idempotency_key,
            legs=[Leg(home, -payment.amount_kopecks), Leg(to_account_id, payment.amount_kopecks)],
            actor=actor,
            source=f"payment:{payment.channel}",
            narrative=reason,
        )
        payment.transferred_to_id, payment.transfer_journal_id = to_account_id, journal_id
    payment.save(update_fields=["transferred_to", "transfer_journal_id"])
    note(payment, kind="TRANSFERRED", at=at, actor=actor, reason=reason)
    hooks.effects().settle(account_id=to_account_id, on_date=on_date, at=at, actor=actor)
    assert journal_id is not None
    return journal_id


@transaction.atomic
def undo_transfer(
    *, at: datetime, on_date: date, actor: Actor, payment_id: int, reason: str
) -> int:
    """Bring the payment back to the account it came to; the id of the reversal's journal."""
    payment = locked(payment_id=payment_id)
    if payment.transferred_to_id is None or payment.account_id is None:
        raise NotTransferableError(state=payment.state)
    home = payment.account_id
    ledger.lock_balances(account_ids=[payment.transferred_to_id, home])
    journal_id = _taken_back(payment, at=at, on_date=on_date, actor=actor, reason=reason)
    assert journal_id is not None
    payment.transferred_to_id, payment.transfer_journal_id = None, None
    payment.save(update_fields=["transferred_to", "transfer_journal_id"])
    note(payment, kind="TRANSFERRED", at=at, actor=actor, reason=reason)
    hooks.effects().settle(account_id=home, on_date=on_date, at=at, actor=actor)
    return journal_id


def locked(*, payment_id: int) -> Payment:
    """The payment, its row locked until the transaction ends: always before balances."""
    payment = Payment.objects.select_for_update().filter(id=payment_id).first()
    if payment is None:
        raise NotFoundError(_("There is no such payment."))
    return payment


def _taken_back(
    payment: Payment, *, at: datetime, on_date: date, actor: Actor, reason: str
) -> int | None:
    """Reverse the transfer that is in force, if there is one; the reversal's journal."""
    if payment.transfer_journal_id is None:
        return None
    return ledger.reverse(
        journal_id=payment.transfer_journal_id,
        value_date=on_date,
        posted_at=at,
        actor=actor,
        narrative=reason,
    )
