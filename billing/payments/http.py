"""The one address at which providers call: `/pay/<provider>/<merchant>[/<suffix>]`.

The view reads nothing of Django's session, user or CSRF; whatever happens, the answer is in the
provider's own form, and the message is in the journal.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from django.core.cache import cache
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, UnreadablePostError
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt

from billing.ledger.errors import LedgerError
from billing.payments import answering, dispatch, journal, merchants
from billing.payments.calls import Answer
from billing.payments.gateway import (
    Endpoint,
    IncomingRequest,
    Message,
    OutgoingReply,
    ProviderRefusedError,
    ProviderUnreachableError,
    Refusal,
)
from billing.payments.merchants import Account
from billing.payments.models import Payment
from billing.payments.outgoing import HttpLink
from billing.payments.results import Result
from billing.payments.wire import addresses
from project.core import clock
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError
from project.core.http import client_ip

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 1_000_000
RENEW_AFTER_S = 60
KEPT_HEADERS = ("content-type", "authorization", "user-agent")


@csrf_exempt
def provider_calls(
    request: HttpRequest, provider: str, merchant: str, suffix: str = ""
) -> HttpResponse:
    """A message of a payment provider, in; its answer, out."""
    began = time.perf_counter()
    at = clock.now()
    try:
        account = merchants.find(provider=provider, slug=merchant)
    except DatabaseError as error:
        # Whose secrets would sign an answer is not known without the database.
        logger.warning("%s: %s", provider, error)
        return HttpResponse(b"", status=503, content_type="text/plain")
    endpoint = account.provider.endpoint_for(suffix) if account is not None else None
    if account is None or endpoint is None or not account.is_active:
        return HttpResponseNotFound(b"", content_type="text/plain")
    incoming = _incoming(request, suffix)
    # Texts for payers are written in Ukrainian, whatever a cookie of the caller says.
    with translation.override("uk"):
        reply = _answer(incoming, account, endpoint, at=at, began=began)
    response = HttpResponse(reply.body, status=reply.status, content_type=reply.content_type)
    for name, value in reply.headers:
        response.headers[name] = value
    return response


def _incoming(request: HttpRequest, suffix: str) -> IncomingRequest:
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        body = b""
    return IncomingRequest(
        method=str(request.method),
        suffix=suffix,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.META.get("QUERY_STRING", ""),
        body=body if len(body) <= MAX_BODY_BYTES else b"",
        remote_ip=client_ip(request),
    )


def _answer(
    request: IncomingRequest, account: Account, endpoint: Endpoint, *, at: datetime, began: float
) -> OutgoingReply:
    actor = Actor(kind=ActorKind.PROVIDER, label=account.provider.title, ip=request.remote_ip)
    message: Message | None = None
    try:
        if not addresses.is_allowed(request.remote_ip, account.view.networks):
            raise Refusal(Result.WRONG_ADDRESS, f"{request.remote_ip} may not call")
        message, account = _read(request, account, endpoint, at=at)
        with transaction.atomic():
            answers = dispatch.perform(
                message, merchant=account, endpoint=endpoint, at=at, actor=actor
            )
            reply = endpoint.write(message, answers, account.view, at)
            _keep(request, account, endpoint, message, answers, reply=reply, at=at, began=began)
        return reply
    except Refusal as refusal:
        refused = refusal
    except (LedgerError, DatabaseError, DomainError) as error:
        logger.warning("%s/%s: %s", account.provider.code, endpoint.code, error)
        refused = Refusal(
            Result.TEMPORARY, f"{type(error).__name__}: {error}"[:300], message=message
        )
    except Exception as error:
        logger.exception("%s/%s failed", account.provider.code, endpoint.code)
        refused = Refusal(Result.INTERNAL, type(error).__name__, message=message)
    return _refuse(refused, request, account, endpoint, at=at, began=began)


def _read(
    request: IncomingRequest, account: Account, endpoint: Endpoint, *, at: datetime
) -> tuple[Message, Account]:
    """The message; when its signature does not hold, once more with keys asked of the provider."""
    try:
        return endpoint.read(request, account.view, at), account
    except Refusal as refusal:
        renew = getattr(endpoint, "renew", None)
        name = f"payments:{account.id}:renewed"
        if refusal.result is not Result.BAD_SIGNATURE or renew is None:
            raise
        if not cache.add(name, "1", timeout=RENEW_AFTER_S):
            raise
        try:
            learned = renew(account.view, HttpLink(account, at, endpoint=endpoint.code))
        except (ProviderUnreachableError, ProviderRefusedError) as error:
            logger.warning("%s: its keys cannot be renewed: %s", account.provider.code, error)
            raise refusal from error
    account = merchants.learn(merchant_id=account.id, settings=learned)
    return endpoint.read(request, account.view, at), account


def _refuse(
    refusal: Refusal,
    request: IncomingRequest,
    account: Account,
    endpoint: Endpoint,
    *,
    at: datetime,
    began: float,
) -> OutgoingReply:
    try:
        reply = endpoint.refuse(refusal, request, account.view, at)
    except Exception:
        # A key of ours that cannot sign: the provider is told to come back, people read the log.
        logger.exception("%s/%s cannot even refuse", account.provider.code, endpoint.code)
        reply = OutgoingReply(503, "text/plain", b"")
    message = refusal.message or Message(operation="", calls=())
    try:
        with transaction.atomic():
            if refusal.conflicts_with is not None:
                known = Payment.objects.get(id=refusal.conflicts_with)
                actor = Actor(kind=ActorKind.PROVIDER, label=account.provider.title)
                answering.conflict(known, at=at, actor=actor, told="in a message of several")
            _keep(
                request, account, endpoint, message, [Answer(refusal.result)], reply=reply,
                at=at, began=began, reason=refusal.reason,
            )  # fmt: skip
    except DatabaseError as error:
        # Without a database nothing is credited and nothing is kept; the provider tries again.
        logger.warning("a message of %s was not kept: %s", account.provider.code, error)
    return reply


def _keep(
    request: IncomingRequest,
    account: Account,
    endpoint: Endpoint,
    message: Message,
    answers: Sequence[Answer],
    *,
    reply: OutgoingReply,
    at: datetime,
    began: float,
    reason: str = "",
) -> None:
    wrong = next((one.result for one in answers if not one.result.is_done), Result.OK)
    journal.write(
        at=at,
        direction="IN",
        merchant_id=account.id,
        words=merchants.masked_words(account.view),
        endpoint=endpoint.code,
        operation=message.operation,
        payment_id=next((one.payment_id for one in answers if one.payment_id), None),
        remote_ip=request.remote_ip,
        method=request.method,
        address=request.suffix + (f"?{request.query}" if request.query else ""),
        headers={
            name: value
            for name, value in request.headers.items()
            if name in KEPT_HEADERS or "sign" in name
        },
        body=request.body,
        status=reply.status,
        reply=reply.body,
        result=str(wrong),
        verified=message.verified,
        reason=reason,
        duration_us=int((time.perf_counter() - began) * 1_000_000),
    )
