"""Taking back a settlement that was posted wrong: the transfer is then posted anew, rightly."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing import money
from billing.ledger import operations as ledger
from billing.payments.mending import CannotMendError
from billing.payments.models import Settlement
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError


def settlement(*, settlement_id: int) -> Settlement:
    """A posted transfer. Raises NotFoundError."""
    found = (
        Settlement.objects.select_related("merchant__legal_entity").filter(id=settlement_id).first()
    )
    if found is None:
        raise NotFoundError(_("There is no such transfer."))
    return found


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
