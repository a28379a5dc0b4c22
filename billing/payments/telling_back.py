"""What a provider tells of money that went back: all of a payment, or parts of it."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from billing.payments import giving_back
from billing.payments.answering import answer, conflict
from billing.payments.calls import Answer, Seen
from billing.payments.merchants import Account
from billing.payments.models import Payment, Refund
from billing.payments.results import Result
from project.core.actor import Actor

State = Refund.State
ASKED = (State.SENT, State.UNKNOWN)


def gone_back(
    payment: Payment | None,
    *,
    seen: Seen,
    merchant: Account,
    space: str,
    at: datetime,
    actor: Actor,
) -> Answer:
    """All of it went back, or the parts that are named."""
    if payment is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    who: dict[str, Any] = {"merchant": merchant, "space": space, "at": at, "actor": actor}
    if payment.journal_id is None and _is_all(payment, seen):
        _name_unpaid(payment, seen=seen, space=space)
        return giving_back.give_back(payment, told_kopecks=None, key="", reason=seen.reason, **who)
    if seen.refunds:
        done = parts_back(payment, seen=seen, **who)
        if seen.amount_kopecks is not None or not done.result.is_done:
            return done
    if payment.state == Payment.State.REVERSED:
        return answer(Result.DUPLICATE, payment)
    left = payment.told_left_kopecks
    ours = payment.refunds.filter(kind=Refund.Kind.OURS)
    parts = Q(state=State.SUCCEEDED) | Q(state__in=ASKED, told_kopecks__lt=left)
    if ours.filter(parts).exists():
        # Is it the echo of the part that we gave back, or the rest too? People find out.
        conflict(payment, at=at, actor=actor, told="reversed, after a part was given back")
        return answer(Result.OK, payment)
    return giving_back.give_back(
        payment,
        told_kopecks=None,
        key="",
        reason=seen.reason,
        refund=_wished(payment, kopecks=left),
        **who,
    )


def parts_back(
    payment: Payment, *, seen: Seen, merchant: Account, space: str, at: datetime, actor: Actor
) -> Answer:
    """Each part once, by the provider's key of it. Our own refunds are found by theirs; a provider
    that names them by no key of ours is understood to tell of the one of that amount.
    """
    result = answer(Result.DUPLICATE, payment)
    for key, kopecks in seen.refunds:
        known = payment.refunds.filter(Q(key=key) | Q(external_id=key))
        if known.filter(state=State.SUCCEEDED).exists():
            continue
        ours = known.first() or _wished(payment, kopecks=kopecks)
        if ours is not None and ours.key != key and ours.external_id != key[:100]:
            ours.external_id = key[:100]
            ours.save(update_fields=["external_id"])
        if ours is not None and ours.state == State.SUCCEEDED:
            continue  # somebody had said so before the provider did
        result = giving_back.give_back(
            payment,
            merchant=merchant,
            told_kopecks=kopecks,
            key=key,
            reason=seen.reason,
            space=space,
            at=at,
            actor=actor,
            refund=ours,
        )
        if not result.result.is_done:
            return result
    return result


def _is_all(payment: Payment, seen: Seen) -> bool:
    back = sum(kopecks for _key, kopecks in seen.refunds)
    is_named_whole = seen.amount_kopecks is None or back >= payment.told_kopecks
    return not seen.refunds or is_named_whole


def _name_unpaid(payment: Payment, *, seen: Seen, space: str) -> None:
    """All of it went back before we heard that it was paid: a late word of that, by the same id,
    is then a repeat.
    """
    if payment.external_id is None and seen.key:
        payment.external_id, payment.space = seen.key, space
        payment.save(update_fields=["external_id", "space"])


def _wished(payment: Payment, *, kopecks: int) -> Refund | None:
    """A refund of ours of that amount that is asked for and not heard of yet; else one of which a
    person has said that it is done, and the provider nothing until now.
    """
    same = payment.refunds.filter(kind=Refund.Kind.OURS, told_kopecks=kopecks)
    settled = same.filter(state=State.SUCCEEDED, external_id="").exclude(settled_by="")
    return same.filter(state__in=ASKED).first() or settled.first()
