"""Refunds that people ask for: written first, then asked of the provider, then posted."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from billing.payments import checkouts, events, giving_back, merchants
from billing.payments.calls import Answer, SeenState
from billing.payments.checkouts import ProviderDownError
from billing.payments.gateway import (
    Client,
    Link,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.merchants import Account
from billing.payments.models import Payment, Refund
from billing.payments.outgoing import HttpLink
from billing.payments.results import Result
from billing.payments.transfers import locked
from project.core import audit, clock
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

logger = logging.getLogger(__name__)

State = Refund.State
OPEN = (State.SENT, State.UNKNOWN)
IN_FLIGHT = (State.WAITS, State.CREATED, *OPEN)
NEVER_SENT_AFTER = timedelta(minutes=10)
ASKED_FOR = timedelta(days=30)
# After a day in which nobody told the end, people are asked for it.
SETTLED_AFTER = timedelta(days=1)
SETTLED_BY_PEOPLE = (*OPEN, State.HEARD, State.FAILED)
MAX_ASKED = 50


class NotRefundableError(DomainError):
    """Only a confirmed payment is given back, no more of it than is left."""

    code = "payment_not_refundable"
    http_status = 409
    message = _("So much of this payment cannot be given back.")


class NotSettledError(DomainError):
    """Only a refund whose end is not known is settled."""

    code = "refund_not_settled"
    http_status = 409
    message = _("The end of this refund is known already.")


class RefundRefusedError(DomainError):
    """The payment system refused the refund."""

    code = "refund_refused"
    http_status = 409
    message = _("The payment system has refused the refund.")


def refund(
    *,
    at: datetime,
    actor: Actor,
    payment_id: int,
    amount_kopecks: int,
    reason: str,
    idempotency_key: str,
    link: Link | None = None,
    is_too_much: Callable[[Payment, int], bool] = lambda payment, kopecks: False,
) -> Refund:
    """Give back all or part of a payment through its provider.

    `amount_kopecks` is what the payer gets, counted as the provider counts (`told_kopecks`): what
    it takes from the contract is in proportion. SUCCEEDED at once, or SENT (the provider will
    tell), or UNKNOWN (it did not answer: it is asked until it is known), or WAITS where
    `is_too_much` (asked with the payment locked, and what it takes from the contract) says that
    one person does not decide it alone. The same key asks for nothing new. Raises
    NotRefundableError, RefundRefusedError.
    """
    wanted, is_new = _ask_for(
        at=at,
        actor=actor,
        payment_id=payment_id,
        amount_kopecks=amount_kopecks,
        reason=reason,
        key=idempotency_key,
        is_too_much=is_too_much,
    )
    is_sent = is_new and wanted.state == State.CREATED
    return send(wanted, at=at, actor=actor, link=link) if is_sent else wanted


def refundable_kopecks(payment: Payment) -> int:
    """How much of a payment may still be asked back through its provider, as that counts: what is
    left, less the refunds of which nobody knows the end.
    """
    if payment.state != Payment.State.CONFIRMED or payment.merchant_id is None:
        return 0
    waiting = payment.refunds.filter(state__in=IN_FLIGHT).aggregate(all=Sum("told_kopecks"))["all"]
    return payment.told_left_kopecks - (waiting or 0)


def can_refund(payment: Payment) -> bool:
    """Whether the payment system of this payment gives money back when we ask it to."""
    if payment.merchant_id is None:
        return False
    module = _module_of(payment, merchants.get(merchant_id=payment.merchant_id))[1]
    return module is not None and "refund" in module.offers


def _module_of(payment: Payment, merchant: Account) -> tuple[str, Client | None]:
    """The client through which the payment came, and its name."""
    attempt = payment.attempts.order_by("-id").first()
    name = attempt.client if attempt is not None else payment.endpoint
    return name, merchant.provider.client(name) or merchant.provider.client()


@transaction.atomic
def _ask_for(
    *,
    at: datetime,
    actor: Actor,
    payment_id: int,
    amount_kopecks: int,
    reason: str,
    key: str,
    is_too_much: Callable[[Payment, int], bool],
) -> tuple[Refund, bool]:
    payment = locked(payment_id=payment_id)
    known = Refund.objects.filter(
        merchant_id=payment.merchant_id, space=payment.space, key=key
    ).first()
    if known is not None:
        if (known.payment_id, known.told_kopecks) != (payment_id, amount_kopecks):
            raise NotRefundableError(_("This form was used for another refund."))
        return known, False
    if not 0 < amount_kopecks <= refundable_kopecks(payment):
        raise NotRefundableError(field="amount")
    if not reason.strip():
        raise DomainError(_("Give the reason for the refund."), field="reason")
    takes = payment.taken_by(amount_kopecks)
    made = Refund.objects.create(
        payment=payment,
        merchant_id=payment.merchant_id,
        space=payment.space,
        key=key[:140],
        kind=Refund.Kind.OURS,
        state=State.WAITS if is_too_much(payment, takes) else State.CREATED,
        told_kopecks=amount_kopecks,
        amount_kopecks=takes,
        reason=reason.strip()[:300],
        created_at=at,
        created_by=actor.label[:150],
        asked_by_id=actor.user_id,
    )
    events.heard(
        payment, kind="REFUND_ASKED", at=at, actor=actor, reason=made.reason, kopecks=amount_kopecks
    )
    audit.record(
        at=at,
        actor=actor,
        action="billing.payment.refund_asked",
        obj=("payment", payment.id),
        summary=made.reason,
        after={"amount_kopecks": amount_kopecks},
    )
    return made, True


def send(wanted: Refund, *, at: datetime, actor: Actor, link: Link | None) -> Refund:
    """Ask the provider for a refund that is CREATED. Raises RefundRefusedError."""
    payment = wanted.payment
    merchant = merchants.get(merchant_id=payment.merchant_id or 0)
    name, module = _module_of(payment, merchant)
    if module is None or "refund" not in module.offers:
        _failed(wanted, error="the protocol has no refund", at=at)
        raise RefundRefusedError(_("This payment system gives nothing back by itself."))
    line = link or HttpLink(merchant, at, payment.id, name)
    Refund.objects.filter(id=wanted.id).update(state=State.UNKNOWN, sent_at=at)
    try:
        seen = module.refund(
            checkouts.view_of(payment),
            wanted.told_kopecks,
            wanted.key,
            merchant.view,
            line,
        )
    except ProviderUnreachableError:
        wanted.refresh_from_db()
        return wanted
    except ProviderRefusedError as error:
        _failed(wanted, error=str(error), at=at)
        raise RefundRefusedError(reason=str(error)) from error
    if seen.state in (SeenState.PAID, SeenState.REVERSED):
        _done(wanted, external_id=seen.key, at=at, actor=actor)
    elif seen.state is SeenState.FAILED:
        _failed(wanted, error=seen.reason, at=at)
        raise RefundRefusedError(reason=seen.reason)
    else:
        Refund.objects.filter(id=wanted.id, state=State.UNKNOWN).update(
            state=State.SENT, external_id=seen.key[:100]
        )
    wanted.refresh_from_db()
    return wanted


@transaction.atomic
def _done(wanted: Refund, *, external_id: str, at: datetime, actor: Actor) -> Answer:
    payment = locked(payment_id=wanted.payment_id)
    wanted.refresh_from_db()
    if wanted.state == State.SUCCEEDED:
        return Answer(Result.DUPLICATE)
    wanted.external_id = external_id[:100]
    return giving_back.give_back(
        payment,
        merchant=merchants.get(merchant_id=payment.merchant_id or 0),
        told_kopecks=wanted.told_kopecks,
        key=wanted.key,
        reason=wanted.reason,
        at=at,
        actor=actor,
        refund=wanted,
    )


def ask_about_open(*, at: datetime, link_of: Callable[[Account], Link] | None = None) -> int:
    """Ask providers about refunds of ours of which nobody told the end; how many were asked about.

    One that a crash kept from being sent is closed: it may be asked for anew. What a provider says
    is posted as if it had told it by itself. `link_of` gives another line than HTTP.
    """
    ours = Refund.objects.filter(kind=Refund.Kind.OURS)
    for wanted in ours.filter(state=State.CREATED, created_at__lt=at - NEVER_SENT_AFTER)[
        :MAX_ASKED
    ]:
        _failed(wanted, error="it was never sent", at=at)
    waiting = list(
        ours.filter(state__in=OPEN, created_at__lt=at - checkouts.ASK_AFTER)
        .filter(created_at__gt=at - ASKED_FOR)
        .exclude(asked_at__gt=at - checkouts.ASK_AGAIN_AFTER)
        .select_related("payment")
        .order_by(F("asked_at").asc(nulls_first=True), "id")[:MAX_ASKED]
    )
    for wanted in waiting:
        Refund.objects.filter(id=wanted.id).update(asked_at=at)
        try:
            _ask(wanted, at=at, link_of=link_of)
        except DomainError as error:
            logger.info("refund %s: %s", wanted.id, error)
    return len(waiting)


def _ask(
    wanted: Refund, *, at: datetime, link_of: Callable[[Account], Link] | None
) -> Answer | None:
    payment = wanted.payment
    merchant = merchants.get(merchant_id=payment.merchant_id or 0)
    name, module = _module_of(payment, merchant)
    if module is None or "query" not in module.offers:
        return None
    line = link_of(merchant) if link_of else HttpLink(merchant, at, payment.id, name)
    try:
        seen = module.query(checkouts.view_of(payment), merchant.view, line)
    except (ProviderUnreachableError, ProviderRefusedError) as error:
        raise ProviderDownError() from error
    return checkouts.apply(seen, merchant=merchant, endpoint=name, payment=payment, at=at)


@transaction.atomic
def settle(*, at: datetime, actor: Actor, refund_id: int, went: bool, comment: str) -> Refund:
    """Say how a refund ended of which nobody told: the money went back, or it did not.

    For people who have seen it at the payment system or in the bank. One that has failed may turn
    out to be done. Raises NotFoundError, NotSettledError, DomainError.
    """
    found = Refund.objects.filter(id=refund_id).first()
    if found is None:
        raise NotFoundError(_("There is no such refund."))
    payment = locked(payment_id=found.payment_id)
    found.refresh_from_db()
    if not comment.strip():
        raise DomainError(_("Write how you know."), field="comment")
    if found.state not in SETTLED_BY_PEOPLE or (found.state == State.FAILED and not went):
        raise NotSettledError
    told = comment.strip()[:300]
    if went:
        if payment.state != Payment.State.CONFIRMED or payment.merchant_id is None:
            raise NotSettledError(_("Its payment has not come, or has gone back already."))
        found.settled_by = actor.label[:150]
        answer = giving_back.give_back(
            payment,
            merchant=merchants.get(merchant_id=payment.merchant_id),
            told_kopecks=found.told_kopecks,
            key=found.key,
            reason=found.reason or told,
            at=at,
            actor=actor,
            refund=found,
        )
        if answer.result is not Result.OK:
            raise NotSettledError(_("So much of this payment cannot be given back."))
    else:
        found.state, found.finished_at = State.FAILED, at
        found.settled_by, found.error = actor.label[:150], told
        found.save(update_fields=["state", "finished_at", "settled_by", "error"])
    events.note(payment, kind="REFUND_SETTLED", at=at, actor=actor, reason=told)
    return found


def to_settle(*, at: datetime) -> QuerySet[Refund]:
    """Refunds that wait for somebody to say how they ended, the oldest first: asked for or told of
    a day ago, and not known since.
    """
    old = Refund.objects.filter(state__in=(*OPEN, State.HEARD), created_at__lt=at - SETTLED_AFTER)
    return old.select_related("payment", "merchant").order_by("id")


def to_settle_count() -> int:
    """How many refunds wait for somebody: to say how they ended, or to let them go."""
    undecided = Refund.objects.filter(state=State.WAITS).count()
    return undecided + to_settle(at=clock.now()).count()


def _failed(wanted: Refund, *, error: str, at: datetime) -> None:
    Refund.objects.filter(id=wanted.id, state__in=IN_FLIGHT).update(
        state=State.FAILED, error=error[:300], finished_at=at
    )


__all__ = [
    "NotRefundableError",
    "NotSettledError",
    "ProviderDownError",
    "RefundRefusedError",
    "ask_about_open",
    "can_refund",
    "refund",
    "refundable_kopecks",
    "send",
    "settle",
    "to_settle",
    "to_settle_count",
]
