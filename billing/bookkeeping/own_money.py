"""The provider's own money: refunds that its bank has paid out, cash that was taken to the bank.

Until a paper says so, a refund by bank stands on `clearing.refunds.bank` and cash on
`clearing.cash`; both show their age. Nothing here touches an account of a client.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from billing import money
from billing.bookkeeping.errors import OperationError, ReasonNeededError
from billing.bookkeeping.models import MoneyOperation, OwnMove
from billing.bookkeeping.posting import REFUND_CODES
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import AccountKind, Leg
from billing.payments.registry import CASH
from billing.payments.settling import BANK
from project.core import audit
from project.core.actor import Actor
from project.core.errors import NotFoundError

Kind = MoneyOperation.Kind
State = MoneyOperation.State
SOURCE = "own money"  # of its journals; a reversal's begins so, too
MOST_AT_ONCE = 500
REFERENCE_LENGTH, REASON_LENGTH = 60, 300


class NoReferenceError(OperationError):
    """The paper of the bank is the proof."""

    code = "no_reference"
    http_status = 400
    message = _("Write the number of the bank's document.")


class DateAheadError(OperationError):
    """The bank has not done yet what it shall do tomorrow."""

    code = "date_ahead"
    http_status = 400
    message = _("The day of the document is still to come.")


class NothingChosenError(OperationError):
    """No refund was ticked."""

    code = "nothing_chosen"
    http_status = 400
    message = _("Choose the refunds that the bank has paid out.")


class NotToBePaidOutError(OperationError):
    """Somebody else was faster, or the refund was taken back; `context`: operation_id."""

    code = "not_to_be_paid_out"
    message = _("One of the refunds is paid out or taken back already. Look at the list again.")


class MoreThanInTillError(OperationError):
    """`context` says how much there is: cash_kopecks, refunds_kopecks."""

    code = "more_than_in_till"


class BankedAlreadyError(OperationError):
    """The same paper twice."""

    code = "banked_already"
    message = _("A document with this number and day is posted already.")


class TakenBackAlreadyError(OperationError):
    """Its journal is reversed."""

    code = "taken_back_already"
    message = _("This is taken back already.")


@dataclass(frozen=True, slots=True)
class Till:
    """The cash desk by the books: cash of clients not at the bank yet, and what of it went back."""

    cash_kopecks: int
    refunds_kopecks: int

    @property
    def inside_kopecks(self) -> int:
        """What should lie in it."""
        return self.cash_kopecks - self.refunds_kopecks


@dataclass(frozen=True, slots=True)
class Paper:
    """What the bank's document says of itself."""

    reference: str
    of_date: date

    def checked(self, on_date: date) -> "Paper":
        """Raises NoReferenceError, DateAheadError."""
        reference = self.reference.strip()[:REFERENCE_LENGTH]
        if not reference:
            raise NoReferenceError(field="reference")
        if self.of_date > on_date:
            raise DateAheadError(field="of_date")
        return Paper(reference, self.of_date)


def to_pay_out() -> QuerySet[MoneyOperation]:
    """Refunds by bank that are posted and neither taken back nor paid out, the oldest first."""
    return (
        MoneyOperation.objects.filter(
            kind=Kind.REFUND, method=MoneyOperation.Method.BANK, state=State.POSTED
        )
        .exclude(reversed_by__state=State.POSTED)
        .exclude(Exists(OwnMove.objects.filter(refund=OuterRef("pk"), reversal_journal_id=None)))
        .select_related("account")
        .order_by("posted_at", "id")
    )


def to_pay_out_count() -> int:
    """How many refunds wait for the bank."""
    return to_pay_out().count()


def moves(*, limit: int) -> list[OwnMove]:
    """Moves of own money, newest first."""
    return list(OwnMove.objects.select_related("refund__account").order_by("-id")[:limit])


def payout_of(*, operation_id: int) -> OwnMove | None:
    """How this refund by bank was paid out; None while it was not."""
    return OwnMove.objects.filter(refund_id=operation_id, reversal_journal_id=None).first()


def till() -> Till:
    """What the cash desk holds by the books."""
    codes = (CASH.clearing_code, REFUND_CODES["CASH"])
    found = [ledger_queries.find_account(code=code) for code in codes]
    stands = [
        0 if account is None else ledger_queries.balance_kopecks(account_id=account.id)
        for account in found
    ]
    return Till(cash_kopecks=-stands[0], refunds_kopecks=stands[1])


@transaction.atomic
def pay_out(
    *, at: datetime, on_date: date, actor: Actor, refund_ids: Iterable[int], paper: Paper
) -> list[OwnMove]:
    """Post that the bank has paid these refunds out: all of them or none.

    Raises NothingChosenError, NotToBePaidOutError, NoReferenceError, DateAheadError, and what the
    ledger raises.
    """
    wanted = sorted(set(refund_ids))
    paper = paper.checked(on_date)
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise NothingChosenError(field="refund")
    locked = MoneyOperation.objects.select_for_update().filter(id__in=wanted).order_by("id")
    list(locked)
    refunds = {refund.id: refund for refund in to_pay_out().filter(id__in=wanted)}
    for operation_id in wanted:
        if operation_id not in refunds:
            raise NotToBePaidOutError(operation_id=operation_id)
    return [_paid(refunds[one], paper, at=at, on_date=on_date, actor=actor) for one in wanted]


def _paid(
    refund: MoneyOperation, paper: Paper, *, at: datetime, on_date: date, actor: Actor
) -> OwnMove:
    earlier = OwnMove.objects.filter(refund=refund).count()
    move = OwnMove(kind=OwnMove.Kind.REFUND_PAID, refund=refund, bank_kopecks=refund.amount_kopecks)
    owed = REFUND_CODES[MoneyOperation.Method.BANK]
    return _posted(
        move,
        paper,
        key=f"payout:{refund.id}:{earlier}",
        legs=[(owed, refund.amount_kopecks)],
        at=at,
        on_date=on_date,
        actor=actor,
    )


@transaction.atomic
def bank_cash(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    bank_kopecks: int,
    till_refunds_kopecks: int,
    paper: Paper,
) -> OwnMove:
    """Post that cash was taken to the bank, and that refunds were paid out of the cash before.

    Raises MoreThanInTillError, BankedAlreadyError, NoReferenceError, DateAheadError, and what the
    ledger raises.
    """
    assert bank_kopecks >= 0
    assert till_refunds_kopecks >= 0
    paper = paper.checked(on_date)
    with connection.cursor() as cursor:  # one at a time: what there is must not be taken twice
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('billing.own_money.till'))")
    same = OwnMove.objects.filter(
        kind=OwnMove.Kind.CASH_BANKED, reference=paper.reference, of_date=paper.of_date
    )
    if same.filter(reversal_journal_id=None).exists():
        raise BankedAlreadyError(field="reference")
    there = till()
    taken = bank_kopecks + till_refunds_kopecks
    if taken == 0:
        raise MoreThanInTillError(_("The amount must be more than zero."), field="bank")
    if till_refunds_kopecks > max(there.refunds_kopecks, 0):
        raise MoreThanInTillError(
            _("So much was not given back in cash: %(most)s at most.")
            % {"most": money.format_uah(max(there.refunds_kopecks, 0))},
            field="till_refunds",
        )
    if taken > there.cash_kopecks:
        raise MoreThanInTillError(
            _("By the books there is less cash: %(most)s, refunds included.")
            % {"most": money.format_uah(max(there.cash_kopecks, 0))},
            field="bank",
        )
    move = OwnMove(
        kind=OwnMove.Kind.CASH_BANKED,
        bank_kopecks=bank_kopecks,
        till_refunds_kopecks=till_refunds_kopecks,
    )
    legs = [(CASH.clearing_code, taken), (REFUND_CODES["CASH"], -till_refunds_kopecks)]
    key = f"banked:{paper.of_date}:{same.count()}:{paper.reference}"
    return _posted(move, paper, key=key, legs=legs, at=at, on_date=on_date, actor=actor)


def _posted(
    move: OwnMove,
    paper: Paper,
    *,
    key: str,
    legs: Sequence[tuple[str, int]],
    at: datetime,
    on_date: date,
    actor: Actor,
) -> OwnMove:
    parts = [
        Leg(ledger.ensure_control_account(at=at, code=code, kind=AccountKind.CLEARING), kopecks)
        for code, kopecks in legs
        if kopecks
    ]
    if move.bank_kopecks:
        bank = ledger.ensure_control_account(at=at, code=BANK, kind=AccountKind.ADJUSTMENT)
        parts.append(Leg(bank, -move.bank_kopecks))
    move.journal_id = ledger.post(
        kind="TRANSFER",
        value_date=on_date,
        posted_at=at,
        idempotency_key=key[:120],
        legs=parts,
        actor=actor,
        source=SOURCE,
        narrative=f"{paper.reference} {paper.of_date:%d.%m.%Y}",
    )
    move.reference, move.of_date = paper.reference, paper.of_date
    move.created_at, move.created_by = at, actor.label[:150]
    move.save(force_insert=True)
    _told(move, "posted", at=at, actor=actor)
    return move


@transaction.atomic
def take_back(*, at: datetime, on_date: date, actor: Actor, move_id: int, reason: str) -> OwnMove:
    """Reverse the journal of a move that was posted wrong; a refund then waits again.

    Raises NotFoundError, TakenBackAlreadyError, ReasonNeededError, and what the ledger raises.
    """
    move = OwnMove.objects.select_for_update().filter(id=move_id).first()
    if move is None:
        raise NotFoundError
    if move.reversal_journal_id is not None:
        raise TakenBackAlreadyError
    if not reason.strip():
        raise ReasonNeededError(field="reason")
    move.reversal_reason = reason.strip()[:REASON_LENGTH]
    move.reversal_journal_id = ledger.reverse(
        journal_id=move.journal_id,
        value_date=on_date,
        posted_at=at,
        actor=actor,
        narrative=move.reversal_reason,
        source=f"{SOURCE} reversal",
    )
    move.reversed_at, move.reversed_by = at, actor.label[:150]
    move.save(
        update_fields=["reversal_journal_id", "reversed_at", "reversed_by", "reversal_reason"]
    )
    _told(move, "taken_back", at=at, actor=actor)
    return move


def _told(move: OwnMove, verb: str, *, at: datetime, actor: Actor) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.own_move.{verb}",
        obj=("own_move", move.id),
        summary=f"{move.kind} {move.reference} {money.format_uah(move.bank_kopecks, sign=True)}",
        after={
            "journal_id": move.reversal_journal_id or move.journal_id,
            "refund_id": move.refund_id,
            "till_refunds_kopecks": move.till_refunds_kopecks,
        },
    )
