"""What people do with payments, with a second person where it is large.

Operations of `billing.payments` know no limit: providers, lists and commands do them as well. What
a person does goes through here.
"""

from datetime import date, datetime

from django.db import transaction

from billing.bookkeeping.errors import NotAPersonError, SamePersonError
from billing.bookkeeping.limits import limit_kopecks, needs_second_person
from billing.ledger import operations as ledger
from billing.payments import operations as payments
from billing.payments.gateway import Link
from billing.payments.models import Payment, Refund
from billing.payments.transfers import locked
from project.core.actor import Actor


def give_back(
    *,
    at: datetime,
    actor: Actor,
    payment_id: int,
    amount_kopecks: int,
    reason: str,
    idempotency_key: str,
    link: Link | None = None,
) -> Refund:
    """Give a payment back through its payment system; a large one WAITS for a second person.

    Large is what `limits` says of the contract, the day and the person, with what the person has
    moved there alone. Raises NotAPersonError and what `payments.refund` raises.
    """
    user_id = actor.user_id
    if user_id is None:
        raise NotAPersonError

    def is_too_much(payment: Payment, kopecks: int) -> bool:
        if payment.holder_id is None:
            limit = limit_kopecks()
            return limit is not None and kopecks > limit
        ledger.lock_balances(account_ids=[payment.holder_id])
        return needs_second_person(
            account_id=payment.holder_id, amount_kopecks=kopecks, user_id=user_id, at=at
        )

    return payments.refund(
        at=at,
        actor=actor,
        payment_id=payment_id,
        amount_kopecks=amount_kopecks,
        reason=reason,
        idempotency_key=idempotency_key,
        link=link,
        is_too_much=is_too_much,
    )


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
    """Say whose an unallocated payment is. A large one that was taken back from a contract is given
    to another by somebody else: alone, nobody moves money from client to client.

    Raises SamePersonError and what `payments.allocate` raises.
    """
    payment = locked(payment_id=payment_id)
    limit = limit_kopecks()
    if limit is not None and payment.amount_kopecks > limit:
        taken_back = payment.events.filter(kind="PUT_BACK").order_by("-id").first()
        if taken_back is not None and taken_back.actor == actor.label[:150]:
            raise SamePersonError
    return payments.allocate(
        at=at,
        on_date=on_date,
        actor=actor,
        payment_id=payment_id,
        account_id=account_id,
        reason=reason,
    )
