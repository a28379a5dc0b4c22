"""Requests of ours to payment systems: sent once, bounded in time and size, kept in the journal."""

import http.client
import secrets
import ssl
import time
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from django.core.cache import cache
from django.db import transaction

from billing.payments import journal, merchants
from billing.payments.gateway import (
    IncomingReply,
    OutgoingRequest,
    ProviderUnreachableError,
)
from billing.payments.merchants import Account

TIMEOUT_S = 20.0
MAX_REPLY_BYTES = 5_000_000


def exchange(request: OutgoingRequest, *, timeout_s: float = TIMEOUT_S) -> IncomingReply:
    """Send and read the answer; redirects are not followed. Raises ProviderUnreachableError."""
    parts = urlsplit(request.url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ProviderUnreachableError(f"no address of a provider: {request.url[:100]}")
    line: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        line = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=timeout_s, context=context
        )
    else:
        line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        line.request(request.method, target, request.body or None, dict(request.headers))
        answer = line.getresponse()
        body = answer.read(MAX_REPLY_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ProviderUnreachableError(f"{type(error).__name__}: {error}"[:300]) from error
    finally:
        line.close()
    if len(body) > MAX_REPLY_BYTES:
        raise ProviderUnreachableError("the answer is too long")
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return IncomingReply(answer.status, headers, body)


@dataclass
class HttpLink:
    """The line to one merchant account's provider (`gateway.Link`)."""

    merchant: Account
    at: datetime
    payment_id: int | None = None
    endpoint: str = ""
    sent: int = field(default=0, init=False)

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        """The answer; the exchange is in the journal whatever happened to it.

        Call it outside transactions: no lock may wait for another company's server.
        """
        began, reply, reason = time.perf_counter(), None, ""
        try:
            reply = exchange(request)
            return reply
        except ProviderUnreachableError as error:
            reason = str(error)
            raise
        finally:
            self.sent += 1
            self._keep(request, reply, operation=operation, reason=reason, began=began)

    def _keep(
        self,
        request: OutgoingRequest,
        reply: IncomingReply | None,
        *,
        operation: str,
        reason: str,
        began: float,
    ) -> None:
        with transaction.atomic():
            journal.write(
                at=self.at,
                direction="OUT",
                merchant_id=self.merchant.id,
                words=merchants.masked_words(self.merchant.view),
                endpoint=self.endpoint,
                operation=operation,
                payment_id=self.payment_id,
                remote_ip=None,
                method=request.method,
                address=request.url,
                headers=dict(request.headers),
                body=request.body,
                status=reply.status if reply is not None else None,
                reply=reply.body if reply is not None else b"",
                result="TEMPORARY" if reply is None else "OK" if reply.status < 400 else "INTERNAL",
                reason=reason,
                duration_us=int((time.perf_counter() - began) * 1_000_000),
            )

    def salt(self, length: int = 40) -> str:
        """Fresh hexadecimal digits."""
        return secrets.token_hex((length + 1) // 2)[:length]

    def _name(self, name: str) -> str:
        return f"payments:{self.merchant.id}:{self.merchant.version}:{name}"

    def recall(self, name: str) -> str | None:
        """A text kept for this merchant account; what is kept ends when its settings change."""
        found = cache.get(self._name(name))
        return found if isinstance(found, str) else None

    def remember(self, name: str, value: str, *, seconds: int) -> None:
        """Keep a text for that long at most."""
        cache.set(self._name(name), value, timeout=seconds)
