"""What people do about differences: post a missing payment, mend an amount, raise a dispute."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing import money
from billing.payments import (
    answering,
    checkouts,
    crediting,
    giving_back,
    merchants,
    reconciling,
    telling,
)
from billing.payments.calls import Pay, Seen, SeenState, Told, Trust
from billing.payments.merchants import Account
from billing.payments.models import (
    MerchantAccount,
    Payment,
    ProviderDispute,
    ProviderRegisterRow,
)
from billing.payments.reconciling import REST
from billing.payments.results import Result
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError


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
        row, merchant, key=row.payment_key, kopecks=row.amount_kopecks, at=at, actor=actor
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
            external_id=row.payment_key,
            state=Payment.State.CONFIRMED,
        )
        .first()
    )
    key = f"{row.payment_key}{REST}"
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
    if row.copy or not row.reference or not mine.filter(external_id__isnull=True).exists():
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
