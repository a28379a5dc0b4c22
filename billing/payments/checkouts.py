"""Orders of ours at payment systems: begun, asked about, captured.

Requests to a provider go out between transactions, never inside one: what is to be asked is written
first, and what came back is applied under the payment's lock, so that a crash in between leaves an
attempt that is asked about later.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from billing.ledger import queries as ledger_queries
from billing.payments import (
    answering,
    attempts,
    crediting,
    events,
    merchants,
    payers,
    telling,
)
from billing.payments.calls import Answer, Seen, SeenState, Told, Trust
from billing.payments.gateway import (
    Checkout,
    Client,
    Endpoint,
    Link,
    Order,
    PaymentView,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.merchants import Account
from billing.payments.models import Payment, PaymentAttempt
from billing.payments.outgoing import HttpLink
from billing.payments.results import Result
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError, NotFoundError

logger = logging.getLogger(__name__)

State = PaymentAttempt.State
EXPIRES_AFTER = timedelta(hours=24)
ASK_AFTER = timedelta(minutes=2)
ASK_AGAIN_AFTER = timedelta(minutes=10)
MAX_ASKED = 50


class CannotPayError(DomainError):
    """This account cannot be paid so, now or at all."""

    code = "cannot_pay"
    http_status = 409
    message = _("This contract cannot be paid in this way.")


class ProviderDownError(DomainError):
    """The payment system does not answer, or refused to begin the payment."""

    code = "provider_down"
    http_status = 503
    message = _("The payment system does not answer. Try another one or come back later.")


@dataclass(frozen=True, slots=True)
class Started:
    """A payment that is begun: our order, and where the payer goes."""

    payment_id: int
    order: str
    checkout: Checkout


def client_of(merchant: Account, name: str = "") -> Client:
    """A client of the merchant account's provider. Raises CannotPayError."""
    client = merchant.provider.client(name)
    if client is None:
        raise CannotPayError(provider=merchant.provider.code)
    return client


def create_checkout(
    *,
    at: datetime,
    actor: Actor,
    merchant_id: int,
    account_code: str,
    amount_kopecks: int,
    success_url: str,
    failure_url: str,
    client: str = "",
    description: str = "",
    link: Link | None = None,
    mark: Callable[[str], str] = str,
    **order: Any,
) -> Started:
    """Begin a payment of a client: an order of ours and the provider's page for it.

    In the addresses `{order}` is our number of the order and `{mark}` what `mark` makes of it.

    Raises CannotPayError, ProviderDownError.
    """
    merchant = merchants.get(merchant_id=merchant_id)
    module = client_of(merchant, client)
    with transaction.atomic():
        payment, attempt = _begin(
            merchant,
            account_code=account_code,
            amount_kopecks=amount_kopecks,
            client=client,
            at=at,
            actor=actor,
        )
    number = payment.order_number or ""
    names = {"{order}": number, "{mark}": mark(number)}
    wanted = Order(
        number=number,
        account=payment.account_code,
        amount_kopecks=amount_kopecks,
        description=description or f"Інтернет, договір {payment.account_code}",
        success_url=_filled(success_url, names),
        failure_url=_filled(failure_url, names),
        **order,
    )
    line = link or HttpLink(merchant, at, payment.id, client)
    try:
        checkout = module.create_checkout(wanted, merchant.view, line)
    except ProviderUnreachableError as error:
        _attempt_failed(attempt.id, state=State.UNKNOWN, error=str(error), at=at)
        raise ProviderDownError() from error
    except ProviderRefusedError as error:
        _attempt_failed(attempt.id, state=State.FAILED, error=str(error), at=at)
        raise ProviderDownError() from error
    with transaction.atomic():
        PaymentAttempt.objects.filter(id=attempt.id, state=State.CREATED).update(state=State.SENT)
        PaymentAttempt.objects.filter(id=attempt.id).update(
            provider_ref=checkout.provider_ref[:100],
            url=checkout.url,
            fields=[list(pair) for pair in checkout.fields],
            sent_at=at,
        )
    return Started(payment.id, payment.order_number or "", checkout)


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(name, value)
    return text


def _begin(
    merchant: Account,
    *,
    account_code: str,
    amount_kopecks: int,
    client: str,
    at: datetime,
    actor: Actor,
) -> tuple[Payment, PaymentAttempt]:
    found = payers.find(code=account_code, merchant=merchant)
    if found.result is not Result.OK or not merchant.is_active:
        raise CannotPayError(reason=str(found.result))
    if crediting.limits(amount_kopecks, merchant=merchant) is not None:
        raise CannotPayError(
            _("The amount is too small or too large for this payment system."), field="amount"
        )
    payment = Payment.objects.create(
        account_id=found.account_id,
        channel=merchant.provider.channel,
        merchant_id=merchant.id,
        endpoint=client,
        account_code=found.code,
        amount_kopecks=amount_kopecks,
        told_kopecks=amount_kopecks,
        gross_kopecks=amount_kopecks,
        request_hash=answering.request_hash(account=found.code, amount_kopecks=amount_kopecks),
        state=Payment.State.CREATED,
        paid_at=at,
        created_at=at,
        created_by=actor.label[:150],
    )
    # The row's own number makes it unique; some providers take no more than digits.
    payment.order_number = str(ORDER_BASE + payment.id)
    payment.save(update_fields=["order_number"])
    attempt = PaymentAttempt.objects.create(
        payment=payment, client=client, state=State.CREATED, created_at=at
    )
    events.heard(payment, kind="CREATED", at=at, actor=actor)
    return payment, attempt


ORDER_BASE = 10_000_000


def _attempt_failed(attempt_id: int, *, state: str, error: str, at: datetime) -> None:
    PaymentAttempt.objects.filter(id=attempt_id).update(
        state=state, error=error[:300], finished_at=at if state == State.FAILED else None
    )


def view_of(payment: Payment, attempt: PaymentAttempt | None = None) -> PaymentView:
    """The payment as a client module sees it."""
    attempt = attempt or payment.attempts.order_by("-id").first()
    return PaymentView(
        id=payment.id,
        order=payment.order_number or "",
        key=payment.external_id or "",
        provider_ref=attempt.provider_ref if attempt is not None else "",
        account=payment.account_code,
        amount_kopecks=payment.told_kopecks,
        created_at=payment.created_at,
        details=payment.details,
    )


def ask(*, at: datetime, attempt_id: int, client: str = "", link: Link | None = None) -> Answer:
    """Ask the provider about an attempt and act on what it says. Raises NotFoundError,
    ProviderDownError.
    """
    attempt = PaymentAttempt.objects.select_related("payment").filter(id=attempt_id).first()
    if attempt is None or attempt.payment.merchant_id is None:
        raise NotFoundError()
    payment = attempt.payment
    merchant = merchants.get(merchant_id=attempt.payment.merchant_id)
    name = client or attempt.client
    module = merchant.provider.client(name)
    if module is None or "query" not in module.offers:
        return answering.answer(Result.PENDING, payment)
    PaymentAttempt.objects.filter(id=attempt_id).update(asked_at=at)
    line = link or HttpLink(merchant, at, payment.id, name)
    try:
        seen = module.query(view_of(payment, attempt), merchant.view, line)
    except (ProviderUnreachableError, ProviderRefusedError) as error:
        raise ProviderDownError() from error
    return apply(seen, merchant=merchant, endpoint=name, payment=payment, at=at)


def apply(
    seen: Seen, *, merchant: Account, endpoint: str, payment: Payment, at: datetime
) -> Answer:
    """Act on an answer that the provider gave to a question of ours: that is proof."""
    actor = Actor(kind=ActorKind.PROVIDER, label=merchant.provider.title)
    space = space_of(merchant)
    with transaction.atomic():
        first, *_others = [
            telling.told(
                Told(one, Trust.PROOF),
                merchant=merchant,
                endpoint=endpoint,
                space=payment.space or space,
                at=at,
                actor=actor,
            )
            for one in (seen, *seen.others)
        ]
    return first


def space_of(merchant: Account, endpoint: str = "") -> str:
    """The idempotency space of an endpoint, or of the provider's orders."""
    endpoints: tuple[Endpoint, ...] = merchant.provider.endpoints
    for one in endpoints:
        if one.code == endpoint:
            return one.space
    return merchant.provider.order_space or endpoints[0].space


def on_ask(*, payload: dict[str, Any], at: datetime) -> None:
    """The outbox: somebody hinted that a payment has changed. A provider that is down is asked
    again by the outbox's own delays.
    """
    ask(at=at, attempt_id=payload["attempt"], client=payload.get("client", ""))


def ask_about_open(*, at: datetime) -> int:
    """Ask about attempts of which nobody told us the end; close what was never paid. How many."""
    waiting = list(
        PaymentAttempt.objects.filter(
            state__in=attempts.OPEN,
            created_at__lt=at - ASK_AFTER,
            created_at__gt=at - 7 * EXPIRES_AFTER,
        )
        .exclude(asked_at__gt=at - ASK_AGAIN_AFTER)
        # Who was never asked about goes first: carts that nobody pays are asked about for days.
        .order_by(F("asked_at").asc(nulls_first=True), "id")
        .values_list("id", flat=True)[:MAX_ASKED]
    )
    for attempt_id in waiting:
        try:
            ask(at=at, attempt_id=attempt_id)
        except DomainError as error:
            logger.info("attempt %s: %s", attempt_id, error)
    return len(waiting)


def expire(*, at: datetime, actor: Actor) -> int:
    """Close announced payments and orders that nobody paid within a day; money that comes for one
    later is still taken. What is said to be paid and not confirmed yet stays open. How many.
    """
    said_paid = PaymentAttempt.objects.filter(
        payment=OuterRef("id"), state=State.UNKNOWN, provider_ref=OuterRef("external_id")
    )
    old = (
        Payment.objects.filter(state__in=answering.OPEN_STATES, created_at__lt=at - EXPIRES_AFTER)
        .exclude(Exists(said_paid))
        .values_list("id", flat=True)[:1000]
    )
    closed = 0
    for payment_id in list(old):
        with transaction.atomic():
            payment = (
                Payment.objects.select_for_update(skip_locked=True)
                .filter(id=payment_id, state__in=answering.OPEN_STATES)
                .first()
            )
            if payment is not None:
                answering.close(
                    payment, state=Payment.State.CANCELLED, at=at, actor=actor, reason="expired"
                )
                closed += 1
    return closed


def capture(
    *,
    at: datetime,
    payment_id: int,
    amount_kopecks: int | None = None,
    link: Link | None = None,
) -> Answer:
    """Take the money that is held for a payment. Raises CannotPayError, ProviderDownError."""
    payment = Payment.objects.filter(id=payment_id, merchant__isnull=False).first()
    if payment is None or payment.state != Payment.State.PENDING:
        raise CannotPayError(_("There is no held money for this payment."))
    merchant = merchants.get(merchant_id=payment.merchant_id or 0)
    attempt = payment.attempts.order_by("-id").first()
    name = attempt.client if attempt is not None else payment.endpoint
    module = client_of(merchant, name)
    if "capture" not in module.offers:
        raise CannotPayError(provider=merchant.provider.code)
    amount = amount_kopecks or payment.told_kopecks
    line = link or HttpLink(merchant, at, payment.id, name)
    try:
        seen = module.capture(view_of(payment, attempt), amount, merchant.view, line)
    except (ProviderUnreachableError, ProviderRefusedError) as error:
        raise ProviderDownError() from error
    return apply(seen, merchant=merchant, endpoint=name, payment=payment, at=at)


def account_to_pay(*, account_code: str) -> int | None:
    """The balance of an account that may be paid to, or None; for the page that asks for money."""
    found = ledger_queries.subscriber_with_balance(code=account_code)
    return None if found is None or found.is_closed else found.balance_kopecks


__all__ = [
    "SeenState",
    "account_to_pay",
    "ask",
    "ask_about_open",
    "capture",
    "create_checkout",
    "expire",
]
