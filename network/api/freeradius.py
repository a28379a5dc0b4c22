"""What FreeRADIUS (rlm_rest) asks over HTTP. The meaning of a status is rlm_rest's, not the web's:

| status | FreeRADIUS takes it as |
|---|---|
| 200 with attributes | go on with them |
| 204 | done |
| 401 with Reply-Message | refuse this subscriber, and forget what was cached of him |
| 400 | our packet was not understood; decide from the cache |
| 500 | this one could not be decided now (something else holds a row); decide from the cache |
| 503 | the service is unwell; open the circuit breaker, decide from the cache |

So a wrong token, which is our own mistake and nobody's debt, is a 503. Bodies hold passwords in
clear text: nothing of them is ever logged.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.db import DataError, Error, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from psycopg.errors import DeadlockDetected, LockNotAvailable

from network import (
    access_requests,
    authorizations,
    closed,
    echoes,
    factor_sources,
    queries,
    sessions,
)
from network.accounting import UselessPacketError, read
from network.entry_facts import facts_of
from network.radius import echo, messages, note_entry
from network.radius.stream_entry import BadEntryError
from network.texts import REPLY_MESSAGES
from project.core import clock

logger = logging.getLogger(__name__)

TOKEN_HEADER = "X-Geobill-Token"  # noqa: S105
TOKEN_KEY = "HTTP_X_GEOBILL_TOKEN"  # noqa: S105
View = Callable[..., HttpResponse]


def for_radius(view: View) -> View:
    """Guard of all these views: the shared token, the shape of the body, an ill database."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        token = request.META.get(TOKEN_KEY, "")
        if not constant_time_compare(token, settings.GEOBILL_RADIUS_REST_TOKEN):
            logger.error("a request to %s had no right %s", request.path, TOKEN_HEADER)
            return JsonResponse({"error": "token"}, status=503)
        try:
            return _answered(view, request, *args, **kwargs)
        except messages.BadMessageError as error:
            return JsonResponse({"error": str(error)}, status=400)
        except DataError:
            logger.exception("%s: the database refused a value", request.path)
            return JsonResponse({"error": "value"}, status=400)
        except OperationalError as error:
            # One that waits for another is no reason to stop asking for everybody.
            is_one = isinstance(error.__cause__, LockNotAvailable | DeadlockDetected)
            logger.error("%s: database: %s", request.path, type(error.__cause__).__name__)
            return JsonResponse({"error": "busy"}, status=500 if is_one else 503)
        except Error as error:
            logger.error("%s: database: %s", request.path, type(error).__name__)
            return JsonResponse({"error": "database"}, status=503)

    return guarded


@for_radius
@require_POST
def authorize(request: HttpRequest) -> HttpResponse:
    """POST /radius/authorize: one Access-Request."""
    message, at = messages.parse(request.body), clock.now()
    identity = messages.identity_of(message, factor_sources.current())
    answer = access_requests.authorize(identity=identity, nas_address=_nas_address(message), at=at)
    if settings.GEOBILL_RADIUS_ACCOUNTING == "rest":  # else FreeRADIUS tells, through the stream
        note = authorizations.note_of(message, answer, identity=identity, at=at)
        if note is not None:
            authorizations.LATER.add(note)
    # It comes back with the note of what FreeRADIUS then answered.
    why = note_entry.reason_text(
        reason=answer.reason, missed=answer.missed, subscription_id=answer.subscription_id
    )
    told = {"request:Bill-Reason": messages.value(why)}
    if not answer.accepted:
        text = REPLY_MESSAGES.get(answer.reason, REPLY_MESSAGES["UNKNOWN"])
        return JsonResponse({**told, **messages.reply_message(str(text))}, status=401)
    told |= messages.reply(answer.reply)
    if answer.lent:
        told["request:Bill-Lent"] = messages.value(answer.lent)
    if answer.password is None:
        told["control:Auth-Type"] = messages.value("Accept")
    else:
        told["control:Cleartext-Password"] = messages.value(answer.password)
    return JsonResponse(told)


@for_radius
@require_POST
def accounting(request: HttpRequest) -> HttpResponse:
    """POST /radius/accounting: one Accounting-Request; 204 once it is stored.

    What nobody can use is answered 204 as well: refused, it would stay first in the buffer of
    FreeRADIUS for ever and hold up all that follow. 200 with `Bill-Verdict` CLOSED once it is
    stored, where the service has no full access now: FreeRADIUS forgets the answer it remembers.
    """
    message = messages.parse(request.body)
    entry = message.text("Bill-Entry")
    try:
        if entry:  # from the buffer: in one word, as in the stream
            facts = facts_of(entry.encode("ascii", "replace"), received_at=clock.now())
            sessions.ingest([facts])
            return HttpResponse(status=204)
        told = echo.of_message(message, echoes.names())
        facts = read(message, received_at=clock.now(), echo=told, sources=factor_sources.current())
        sessions.ingest([facts])
        if closed.is_closed(subscription_id=getattr(facts, "subscription_id", None)):
            return JsonResponse({"request:Bill-Verdict": messages.value("CLOSED")})
    except (BadEntryError, UselessPacketError, DataError) as error:
        logger.warning("an accounting packet was dropped: %s", error)
    return HttpResponse(status=204)


@for_radius
@require_POST
def post_auth(request: HttpRequest) -> HttpResponse:
    """POST /radius/post-auth: what FreeRADIUS answered in the end (`Bill-Entry`); 204 once it is
    written down. What nobody can use is answered 204 as well, as of accounting."""
    entry = messages.parse(request.body).text("Bill-Entry")
    try:
        note = note_entry.parse(entry.encode("ascii", "replace"), received_at=clock.now())
        authorizations.write_down([note])
    except (BadEntryError, *authorizations.NOT_HAVING_IT) as error:
        logger.warning("a note of an authorization was dropped: %s", error)
    return HttpResponse(status=204)


@for_radius
@require_GET
def nas(request: HttpRequest, address: str) -> HttpResponse:
    """GET /radius/nas/<ip>: the registered BRAS as "secret name", or as attributes of a dynamic
    client with `?format=json` (which keeps secrets with spaces whole); 404 for a stranger."""
    found = queries.radius_client(address=address)
    if found is None:
        return HttpResponse(status=404)
    if request.GET.get("format") != "json":
        return HttpResponse(f"{found.secret} {found.name}\n", content_type="text/plain")
    return JsonResponse(
        {
            "control:FreeRADIUS-Client-Secret": messages.value(found.secret),
            "control:FreeRADIUS-Client-Shortname": messages.value(found.name),
            "control:FreeRADIUS-Client-Require-MA": messages.value(
                "yes" if found.requires_message_authenticator else "no"
            ),
            "control:Bill-Driver": messages.value(found.driver),
        }
    )


def _answered(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """The view's answer; a second try where the database has closed this thread's connection, as a
    restart does. Whatever is told twice here counts once."""
    try:
        return view(request, *args, **kwargs)
    except OperationalError:
        lost = connection.connection is not None and connection.connection.closed
        if not lost or connection.in_atomic_block:
            raise
        connection.close()
        return view(request, *args, **kwargs)


def _nas_address(message: messages.RadiusMessage) -> str | None:
    """Where the packet came from; NAS-IP-Address inside it may be wrong behind NAT."""
    return queries.valid_address(message.text("Bill-Nas-Src", "NAS-IP-Address"))
