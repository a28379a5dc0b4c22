"""Payments whose payer nobody knew: to the account whose they are, out of suspense, and back.

The payment itself stays as it was heard; `transferred_to` says where its money stands now, by the
TRANSFER journal beside it.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.payments.events import note
from billing.payments.merchants import SUSPENSE_CODE
from billing.payments.models import Payment
from billing.payments.transfers import locked
from billing.subscriptions import hooks
from project.core.actor import Actor
from project.core.errors import DomainError


class NotAllocatableError(DomainError):
    """Only an unallocated payment that is whole is allocated, to an open account of a client."""

    code = "payment_not_allocatable"
    http_status = 409
    message = _("This payment is not waiting for its payer, or that contract takes no money.")


@transaction.atomic
def allocate(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    payment_id: int,
    account_id: int,
    reason: str = "",
) -> Payment:
    """Move the payment out of suspense to its payer's account and charge what is due there.

    Allocating to the same account again changes nothing. Raises NotFoundError, NotAllocatableError,
    and what the ledger raises.
    """
    payment = locked(payment_id=payment_id)
    if payment.account_id is None and payment.transferred_to_id == account_id:
        return payment
    if not payment.is_unallocated or payment.refunded_kopecks:
        raise NotAllocatableError(state=payment.state)
    found = ledger_queries.accounts(ids=[account_id]).get(account_id)
    if found is None or found.kind != "SUBSCRIBER":
        raise NotAllocatableError(field="contract")
    if account_id not in ledger.lock_balances(account_ids=[account_id]):
        raise NotAllocatableError(_("That contract takes no money now."), field="contract")
    suspense = ledger.ensure_control_account(at=at, code=SUSPENSE_CODE, kind="SUSPENSE")
    made = payment.events.filter(kind="ALLOCATED").count()
    payment.transfer_journal_id = ledger.post(
        kind="TRANSFER",
        value_date=on_date,
        posted_at=at,
        idempotency_key=f"allocate:{payment.id}:{made + 1}",
        legs=[Leg(suspense, -payment.amount_kopecks), Leg(account_id, payment.amount_kopecks)],
        actor=actor,
        source=f"payment:{payment.channel}"[:60],
        narrative=(reason.strip() or f"{payment.channel} {payment.external_id}")[:300],
    )
    payment.transferred_to_id = account_id
    payment.save(update_fields=["transferred_to", "transfer_journal_id"])
    note(payment, kind="ALLOCATED", at=at, actor=actor, reason=reason.strip()[:300])
    hooks.effects().settle(account_id=account_id, on_date=on_date, at=at, actor=actor)
    return payment


@transaction.atomic
def put_back(*, at: datetime, on_date: date, actor: Actor, payment_id: int, reason: str) -> Payment:
    """Take an allocation back: the money is in suspense again. What it paid for stays charged.

    Raises NotFoundError, NotAllocatableError.
    """
    payment = locked(payment_id=payment_id)
    journal_id, holder = payment.transfer_journal_id, payment.transferred_to_id
    is_whole = payment.state == Payment.State.CONFIRMED and not payment.refunded_kopecks
    if payment.account_id is not None or journal_id is None or holder is None or not is_whole:
        raise NotAllocatableError(state=payment.state)
    if not reason.strip():
        raise DomainError(_("Give the reason."), field="reason")
    ledger.lock_balances(account_ids=[holder])
    ledger.reverse(
        journal_id=journal_id,
        value_date=on_date,
        posted_at=at,
        actor=actor,
        narrative=reason.strip()[:300],
    )
    payment.transferred_to_id, payment.transfer_journal_id = None, None
    payment.save(update_fields=["transferred_to", "transfer_journal_id"])
    note(payment, kind="PUT_BACK", at=at, actor=actor, reason=reason.strip()[:300])
    return payment
