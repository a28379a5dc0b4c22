"""Settlements: what a payment system has transferred to the bank, posted; and one that was posted
wrong is taken back, so that it can be posted anew, rightly.
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing import money
from billing.ledger import operations as ledger
from billing.ledger.operations import Leg
from billing.payments.mending import CannotMendError
from billing.payments.models import MerchantAccount, Settlement
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

BANK = "bank.current"


def settlement(*, settlement_id: int) -> Settlement:
    """A posted transfer. Raises NotFoundError."""
    found = (
        Settlement.objects.select_related("merchant__legal_entity").filter(id=settlement_id).first()
    )
    if found is None:
        raise NotFoundError(_("There is no such transfer."))
    return found


@transaction.atomic
def settle(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    merchant_id: int,
    bank_kopecks: int,
    fee_kopecks: int,
    reference: str,
    of_date: date | None = None,
) -> Settlement:
    """Post what the payment system has transferred to the bank, and the fee that it kept.

    `of_date`: the day that it is for. The same reference with the same amounts is posted once.
    `bank_kopecks` below zero: it took so much from our bank for what went back to payers.
    Raises NotFoundError, CannotMendError, DomainError.
    """
    merchant = MerchantAccount.objects.select_for_update().filter(id=merchant_id).first()
    if merchant is None:
        raise NotFoundError(_("There is no such merchant account."))
    reference = reference.strip()[:60]
    if not reference:
        raise DomainError(_("Write the bank's number of the transfer."), field="reference")
    if fee_kopecks < 0 or bank_kopecks + fee_kopecks == 0:
        raise DomainError(_("The amount must be more than zero."), field="bank")
    same = merchant.settlements.filter(reference=reference)
    known = same.filter(reversal_journal_id__isnull=True).first()
    if known is not None:
        if (known.bank_kopecks, known.fee_kopecks) != (bank_kopecks, fee_kopecks):
            raise CannotMendError(
                _("A transfer with this number is posted with other amounts."), field="reference"
            )
        return known
    bank = ledger.ensure_control_account(at=at, code=BANK, kind="ADJUSTMENT")
    fees = ledger.ensure_control_account(at=at, code=f"fees.{merchant.provider}", kind="ADJUSTMENT")
    parts = [
        (merchant.clearing_account_id, bank_kopecks + fee_kopecks),
        (bank, -bank_kopecks),
        (fees, -fee_kopecks),
    ]
    journal_id = ledger.post(
        kind="TRANSFER",
        value_date=on_date,
        posted_at=at,
        idempotency_key=f"settlement:{merchant_id}:{same.count()}:{reference}"[:120],
        legs=[Leg(account_id, kopecks) for account_id, kopecks in parts if kopecks],
        actor=actor,
        source="settlement",
        narrative=f"{merchant.title} {reference}"[:300],
    )
    made = Settlement.objects.create(
        merchant=merchant,
        on_date=of_date or on_date,
        reference=reference,
        bank_kopecks=bank_kopecks,
        fee_kopecks=fee_kopecks,
        journal_id=journal_id,
        created_at=at,
        created_by=actor.label[:150],
    )
    audit.record(
        at=at,
        actor=actor,
        action="billing.settlement.posted",
        obj=("merchant_account", merchant_id),
        summary=f"{reference} {money.format_uah(bank_kopecks)}",
        after={"fee_kopecks": fee_kopecks, "journal_id": journal_id},
    )
    return made


@transaction.atomic
def take_back(
    *, at: datetime, on_date: date, actor: Actor, settlement_id: int, reason: str
) -> Settlement:
    """Reverse the journal of a settlement; its number may then be posted with other amounts.

    Raises NotFoundError, CannotMendError when it is taken back already, DomainError, and what the
    ledger raises.
    """
    row = Settlement.objects.select_for_update().filter(id=settlement_id).first()
    if row is None:
        raise NotFoundError(_("There is no such transfer."))
    if row.reversal_journal_id is not None:
        raise CannotMendError(_("This transfer is taken back already."))
    if not reason.strip():
        raise DomainError(_("Give the reason."), field="reason")
    # Its source begins as that of the settlement: the clearing account is verified without both.
    row.reversal_journal_id = ledger.reverse(
        journal_id=row.journal_id,
        value_date=on_date,
        posted_at=at,
        actor=actor,
        narrative=reason.strip()[:300],
        source="settlement reversal",
    )
    row.reversed_at, row.reversed_by = at, actor.label[:150]
    row.reversal_reason = reason.strip()[:300]
    row.save(update_fields=["reversal_journal_id", "reversed_at", "reversed_by", "reversal_reason"])
    audit.record(
        at=at,
        actor=actor,
        action="billing.settlement.taken_back",
        obj=("merchant_account", row.merchant_id),
        summary=f"{row.reference} {money.format_uah(row.bank_kopecks)}: {row.reversal_reason}",
        after={"journal_id": row.reversal_journal_id},
    )
    return row
