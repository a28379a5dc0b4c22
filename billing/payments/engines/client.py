"""Our side of a provider's API: what all clients share (pure; a `Link` does the sending)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from billing.payments.calls import Seen
from billing.payments.gateway import (
    Checkout,
    IncomingReply,
    Link,
    Merchant,
    Order,
    OutgoingRequest,
    PaymentView,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError
from billing.payments.wire.values import BadValueError

JSON = "application/json"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
ERROR_NAMES = ("errCode", "errorCode", "error_code", "error", "code")
ERROR_TEXTS = ("errText", "error_message", "errorMessage", "message", "error")


class BareClient:
    """A client that offers nothing; a provider overrides what it has and names it in `offers`."""

    offers: frozenset[str] = frozenset()
    registry_space = ""

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """Not offered."""
        raise _not_offered("create_checkout")

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """Not offered."""
        raise _not_offered("query")

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Not offered."""
        raise _not_offered("refund")

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Not offered."""
        raise _not_offered("capture")

    def fetch_registry(
        self, start: datetime, end: datetime, merchant: Merchant, link: Link
    ) -> Sequence[Seen]:
        """Not offered."""
        raise _not_offered("fetch_registry")


def _not_offered(name: str) -> ProviderRefusedError:
    return ProviderRefusedError("NOT_OFFERED", f"the protocol has no {name}")


def at(merchant: Merchant, address: str) -> str:
    """The provider's address, or that of the sandbox or simulator that is set."""
    return merchant.base_url or address


def send_json(
    link: Link,
    url: str,
    document: object,
    *,
    operation: str,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
) -> Any:
    """The JSON answer to a JSON request; None sends no body.

    Raises ProviderUnreachableError, ProviderRefusedError.
    """
    body = b"" if document is None else documents.json_bytes(document)
    return send_bytes(link, url, body, operation=operation, headers=headers, method=method)


def send_bytes(
    link: Link,
    url: str,
    body: bytes,
    *,
    operation: str,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
) -> Any:
    """The JSON answer to a request whose bytes are signed. Raises as `send_json`."""
    sent = dict(headers or {})
    if body:
        sent.setdefault("Content-Type", JSON)
    reply = link.send(OutgoingRequest(method, url, tuple(sent.items()), body), operation=operation)
    return json_of(reply)


def send_form(link: Link, url: str, fields: Mapping[str, str], *, operation: str) -> IncomingReply:
    """The answer to a form. Raises ProviderUnreachableError, ProviderRefusedError."""
    request = OutgoingRequest("POST", url, (("Content-Type", FORM),), urlencode(fields).encode())
    reply = link.send(request, operation=operation)
    if reply.status >= 500:
        raise ProviderUnreachableError(f"status {reply.status}")
    return reply


def json_of(reply: IncomingReply) -> Any:
    """The document of an answer. 5xx and what is no JSON are no answer; 4xx is a refusal."""
    if reply.status >= 500 or reply.status == 429:
        raise ProviderUnreachableError(f"status {reply.status}")
    try:
        document = documents.json_document(reply.body) if reply.body.strip() else {}
    except BadDocumentError as error:
        if reply.status >= 400:
            raise ProviderRefusedError(str(reply.status)) from error
        raise ProviderUnreachableError(str(error)) from error
    if reply.status >= 400:
        raise refused(document, str(reply.status))
    return document


def object_of(document: Any) -> dict[str, Any]:
    """The answer, when it is an object. Raises ProviderUnreachableError."""
    if not isinstance(document, dict):
        raise ProviderUnreachableError("the answer is not an object")
    return document


def refused(document: Any, status: str = "") -> ProviderRefusedError:
    """The refusal that a document tells of."""
    told = document if isinstance(document, Mapping) else {}
    code = next((text for name in ERROR_NAMES if (text := documents.words(told, name))), status)
    text = next((text for name in ERROR_TEXTS if (text := documents.words(told, name))), "")
    return ProviderRefusedError(values.short(code, 60), values.short(text, 200))


def needed(document: Mapping[str, Any], path: str) -> str:
    """A text of an answer that must be there. Raises ProviderUnreachableError."""
    text = documents.words(document, path)
    if not text:
        raise ProviderUnreachableError(f"the answer has no {path}")
    return text


def understood(read: Any, *told: Any) -> Any:
    """What `read` makes of an answer; one that it cannot read is no answer."""
    try:
        return read(*told)
    except (BadValueError, BadDocumentError) as error:
        raise ProviderUnreachableError(str(error)) from error
