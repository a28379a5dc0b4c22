"""What people do about differences: post a missing payment, mend an amount, dispute, settle."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing import money
from billing.ledger import operations as ledger
from billing.ledger.operations import Leg
from billing.payments import (
    answering,
    checkouts,
    crediting,
    giving_back,
    merchants,
    reconciling,
    registers,
    telling,
)
from billing.payments.calls import Pay, RegistryIn, RegistryRow, Seen, SeenState, Told, Trust
from billing.payments.checkouts import CannotPayError, ProviderDownError
from billing.payments.gateway import Link, ProviderRefusedError, ProviderUnreachableError
from billing.payments.merchants import Account
from billing.payments.models import (
    MerchantAccount,
    Payment,
    ProviderDispute,
    ProviderRegisterRow,
    Settlement,
)
from billing.payments.outgoing import HttpLink
from billing.payments.reconciling import REST, day_of
from billing.payments.results import Result
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

BANK = "bank.current"


class CannotMendError(DomainError):
    """The difference is gone, or cannot be mended so."""

    code = "cannot_mend"
    http_status = 409
    message = _("There is nothing to mend here any more. Look at the day once more.")


def _locked(row_id: int) -> tuple[ProviderRegisterRow, Account]:
    row = (
        ProviderRegisterRow.objects.select_for_update(of=("self",))
        .select_related("register")
        .filter(id=row_id)
        .first()
    )
    if row is None:
        raise NotFoundError(_("There is no such line."))
    return row, merchants.get(merchant_id=row.register.merchant_id)


@transaction.atomic
def post_missing(*, at: datetime, actor: Actor, row_id: int) -> int:
    """Credit a payment that their list has and we have not; to its account, or unallocated.

    Its number is the payment system's, so that it stays one payment when its message comes after
    all. The payment's id. Raises NotFoundError, CannotMendError.
    """
    row, merchant = _locked(row_id)
    if row.is_reversal:
        raise CannotMendError(_("Money that went back is not posted here: reverse the payment."))
    answer = _paid_order(row, merchant, at=at, actor=actor) or _pay(
        row, merchant, key=row.key, kopecks=row.amount_kopecks, at=at, actor=actor
    )
    return _mended(row, answer, at=at, actor=actor, what="posted")


@transaction.atomic
def mend_amount(*, at: datetime, actor: Actor, row_id: int) -> int:
    """Bring our amount to theirs: the rest is credited, or what is too much goes back.

    The payment's id. Raises NotFoundError, CannotMendError.
    """
    row, merchant = _locked(row_id)
    payment = (
        Payment.objects.select_for_update()
        .filter(
            reconciling.in_space(row.register.space),
            merchant_id=merchant.id,
            external_id=row.key,
            state=Payment.State.CONFIRMED,
        )
        .first()
    )
    key = f"{row.key}{REST}"
    known = Payment.objects.filter(
        reconciling.in_space(row.register.space), merchant_id=merchant.id, external_id=key
    ).exists()
    if payment is None or row.is_reversal or known or payment.told_back_kopecks:
        raise CannotMendError
    rest = row.amount_kopecks - payment.told_kopecks
    if rest == 0 or len(key) > 100:
        raise CannotMendError
    if rest > 0:
        net = rest
        if merchant.commission == MerchantAccount.Commission.NET_FIELD:
            # A list tells no commission: the rest bears the one of the payment, in proportion.
            net = payment.amount_kopecks * row.amount_kopecks // payment.told_kopecks
            net -= payment.amount_kopecks
        answer = _pay(row, merchant, key=key, kopecks=rest, net=net, at=at, actor=actor)
    else:
        answer = giving_back.give_back(
            payment,
            merchant=merchant,
            told_kopecks=-rest,
            key=key,
            reason=str(_("by the payment system's list")),
            at=at,
            actor=actor,
        )
    return _mended(row, answer, at=at, actor=actor, what="mended")


def _paid_order(row: ProviderRegisterRow, merchant: Account, *, at: datetime, actor: Actor) -> Any:
    """An order of ours is paid, as if its notice had come; None where the line is of no order."""
    mine = Payment.objects.filter(merchant_id=merchant.id, order_number=row.reference)
    if not row.reference or not mine.filter(external_id__isnull=True).exists():
        return None
    seen = Seen(
        SeenState.PAID,
        order=row.reference,
        key=row.key,
        amount_kopecks=row.amount_kopecks,
        paid_at=row.paid_at or at,
        details=answering.details_of({"register": row.register.name} | row.details),
    )
    return telling.told(
        Told(seen, Trust.PROOF),
        merchant=merchant,
        endpoint="register",
        space=row.register.space or checkouts.space_of(merchant),
        at=at,
        actor=actor,
    )


def _pay(
    row: ProviderRegisterRow,
    merchant: Account,
    *,
    key: str,
    kopecks: int,
    net: int | None = None,
    at: datetime,
    actor: Actor,
) -> Any:
    return crediting.pay(
        Pay(
            account=row.account_code,
            amount_kopecks=kopecks,
            key=key,
            paid_at=row.paid_at or at,
            net_kopecks=net,
            is_taken=True,
            details=answering.details_of({"register": row.register.name} | row.details),
        ),
        merchant=merchant,
        endpoint="register",
        space=row.register.space or checkouts.space_of(merchant),
        at=at,
        actor=actor,
    )


def _mended(row: ProviderRegisterRow, answer: Any, *, at: datetime, actor: Actor, what: str) -> int:
    if answer.payment_id is None or answer.result in (Result.CONFLICT, Result.NOT_REVERSIBLE):
        raise CannotMendError(result=str(answer.result))
    row.payment_id = row.payment_id or answer.payment_id
    row.outcome = ProviderRegisterRow.Outcome.MATCHED
    row.save(update_fields=["payment", "outcome"])
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.register.{what}",
        obj=("payment", answer.payment_id),
        summary=f"{row.register.name}: {row.key} {money.format_uah(row.amount_kopecks)}",
    )
    return int(answer.payment_id)


@transaction.atomic
def open_dispute(
    *,
    at: datetime,
    actor: Actor,
    merchant_id: int,
    on_date: date,
    row_id: int | None = None,
    payment_id: int | None = None,
    outcome: str,
    comment: str,
) -> ProviderDispute:
    """Note that a difference is being cleared up with the payment system; one at a time.

    Raises NotFoundError, DomainError without a comment.
    """
    if not comment.strip():
        raise DomainError(_("Write what you ask the payment system."), field="comment")
    rows = ProviderRegisterRow.objects.filter(id=row_id or 0, register__merchant_id=merchant_id)
    mine = Payment.objects.filter(id=payment_id or 0, merchant_id=merchant_id)
    if not (rows.exists() if row_id else mine.exists()):
        raise NotFoundError(_("There is no such line."))
    about: dict[str, Any] = {"row_id": row_id, "payment_id": None if row_id else payment_id}
    made, is_new = ProviderDispute.objects.get_or_create(
        **about,
        merchant_id=merchant_id,
        closed_at=None,
        defaults={
            "on_date": on_date,
            "outcome": outcome[:15],
            "comment": comment.strip()[:300],
            "opened_at": at,
            "opened_by": actor.label[:150],
        },
    )
    if is_new:
        _note(made, at=at, actor=actor, verb="opened", text=made.comment)
    return made


@transaction.atomic
def close_dispute(*, at: datetime, actor: Actor, dispute_id: int, resolution: str) -> None:
    """End a dispute with what came of it. Raises NotFoundError, DomainError."""
    if not resolution.strip():
        raise DomainError(_("Write what came of it."), field="resolution")
    row = ProviderDispute.objects.select_for_update().filter(id=dispute_id).first()
    if row is None or row.closed_at is not None:
        raise NotFoundError(_("There is no such open dispute."))
    row.closed_at, row.closed_by = at, actor.label[:150]
    row.resolution = resolution.strip()[:300]
    row.save(update_fields=["closed_at", "closed_by", "resolution"])
    _note(row, at=at, actor=actor, verb="closed", text=row.resolution)


def _note(row: ProviderDispute, *, at: datetime, actor: Actor, verb: str, text: str) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.dispute.{verb}",
        obj=("merchant_account", row.merchant_id),
        summary=text,
        after={"on_date": row.on_date.isoformat(), "outcome": row.outcome},
    )


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


def pull(
    *, at: datetime, merchant_id: int, start: datetime, end: datetime, link: Link | None = None
) -> int:
    """Ask the payment system for its list of a half-open span and keep it; how many rows.

    Raises CannotPayError where its protocol has no lists, ProviderDownError.
    """
    merchant = merchants.get(merchant_id=merchant_id)
    name, client = next(
        (
            (name, client)
            for name, client in merchant.provider.clients.items()
            if "fetch_registry" in client.offers
        ),
        ("", None),
    )
    if client is None:
        raise CannotPayError(_("This payment system gives no lists. Take its list from a file."))
    try:
        seen = client.fetch_registry(
            start, end, merchant.view, link or HttpLink(merchant, at, endpoint=name)
        )
    except (ProviderUnreachableError, ProviderRefusedError) as error:
        raise ProviderDownError() from error
    orders = {one.order for one in seen if one.order and not one.account}
    mine = Payment.objects.filter(merchant_id=merchant_id, order_number__in=orders)
    accounts = dict(mine.values_list("order_number", "account_code"))
    rows = tuple(
        RegistryRow(
            key=one.key or one.provider_ref,
            amount_kopecks=one.amount_kopecks or 0,
            account=one.account or accounts.get(one.order, ""),
            paid_at=one.paid_at,
            reference=one.order,
            is_reversal=one.state is SeenState.REVERSED,
            details=one.details,
        )
        for one in seen
        if one.state in (SeenState.PAID, SeenState.REVERSED) and (one.key or one.provider_ref)
    )
    return keep(
        rows,
        at=at,
        merchant=merchant,
        start=start,
        end=end,
        source="PULLED",
        space=client.registry_space,
    )


def keep(
    rows: tuple[RegistryRow, ...],
    *,
    at: datetime,
    merchant: Account,
    start: datetime,
    end: datetime,
    source: str,
    name: str = "",
    space: str = "",
) -> int:
    """Keep a list of a span; the same span again is the same list. How many rows."""
    with transaction.atomic():
        answer = registers.take_in(
            RegistryIn(
                name=name or f"{day_of(start)}…{day_of(end)}",
                rows=rows,
                start=start,
                end=end,
                total_kopecks=sum(row.amount_kopecks for row in rows),
            ),
            merchant=merchant,
            space=space or checkouts.space_of(merchant),
            at=at,
            source=source,
        )
    if answer.result is not Result.OK:
        raise DomainError(_("The list is too long."))
    return len(rows)
