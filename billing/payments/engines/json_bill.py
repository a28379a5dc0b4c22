"""F3: REST-like JSON. Each operation has its method and suffix; an envelope may be signed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from billing.payments.calls import Answer
from billing.payments.engines import auth
from billing.payments.gateway import (
    Family,
    IncomingRequest,
    Merchant,
    Message,
    OutgoingReply,
    Refusal,
)
from billing.payments.results import Result
from billing.payments.wire import documents
from billing.payments.wire.documents import BadDocumentError
from billing.payments.wire.values import BadValueError

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: what its document asks, and what it is answered.

    `read` gets the parameters of the query (GET) or the document (POST) and raises Refusal or
    BadValueError; `write` gives status and document.
    """

    method: str
    suffix: str
    word: str
    read: Callable[[Mapping[str, Any], Merchant], Message]
    write: Callable[[Message, Sequence[Answer], Merchant, datetime], tuple[int, object]]


@dataclass(frozen=True)
class JsonBill:
    """An endpoint of the family.

    `open_envelope` gives the document of a verified request and the checks that it passed;
    `close_envelope` the body and headers of an answer. `refusal` gives status and document.
    """

    code: str
    space: str
    routes: Sequence[Route]
    refusal: Callable[[Refusal, Merchant], tuple[int, object]]
    open_envelope: (
        Callable[[IncomingRequest, Merchant, datetime], tuple[Any, tuple[str, ...]]] | None
    ) = None
    close_envelope: (
        Callable[[bytes, Merchant], tuple[bytes, tuple[tuple[str, str], ...]]] | None
    ) = None
    uses_basic: bool = True
    family: Family = field(default=Family.JSON_BILL, init=False)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Where the operations are."""
        return tuple(route.suffix for route in self.routes)

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The message of a verified request. Raises Refusal."""
        verified = auth.basic(request, merchant) if self.uses_basic else ()
        route = self._route(request)
        try:
            if request.method == "GET":
                document: Any = documents.form(request.query.encode("utf-8", "replace"))
            elif self.open_envelope is not None:
                document, more = self.open_envelope(request, merchant, at)
                verified += more
            else:
                document = documents.json_object(request.body)
            if not isinstance(document, dict):
                raise BadDocumentError("not an object")
        except BadDocumentError as error:
            raise Refusal(Result.BAD_DOCUMENT, str(error)) from error
        try:
            message = route.read(document, merchant)
        except BadValueError as error:
            raise Refusal(Result.BAD_FORMAT, str(error)) from error
        return replace(message, operation=route.word, wire=(route, message.wire), verified=verified)

    def _route(self, request: IncomingRequest) -> Route:
        suffix = request.suffix.rstrip("/")
        for route in self.routes:
            if route.method == request.method and route.suffix == suffix:
                return route
        raise Refusal(Result.UNKNOWN_OPERATION, f"{request.method} {suffix[:60]}")

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The answers as JSON, signed where the protocol signs."""
        route, wire = message.wire
        inner = replace(message, wire=wire)
        status, document = route.write(inner, answers, merchant, at)
        return self._out(status, document, merchant)

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The refusal as JSON, signed too."""
        status, document = self.refusal(refusal, merchant)
        return self._out(status, document, merchant)

    def _out(self, status: int, document: object, merchant: Merchant) -> OutgoingReply:
        body = documents.json_bytes(document)
        if self.close_envelope is None:
            return OutgoingReply(status, JSON_TYPE, body)
        body, headers = self.close_envelope(body, merchant)
        return OutgoingReply(status, JSON_TYPE, body, headers)
