"""Portmone's unsigned words: the browser's return (B) and the JSON notification (D).

Each says no more than "ask": nothing is credited before Portmone has answered `result`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing.payments.calls import Answer, Seen, SeenState, Told, Trust
from billing.payments.engines.form_callback import TEXT_TYPE
from billing.payments.gateway import (
    Family,
    IncomingRequest,
    Merchant,
    Message,
    OutgoingReply,
    Refusal,
)
from billing.payments.providers.portmone.bill import SPACE
from billing.payments.results import TEXTS, Result
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError
from billing.payments.wire.values import BadValueError

CLIENT = "checkout"
JSON_TYPE = "application/json; charset=utf-8"


def _hint(word: str, order: str, key: str) -> Message:
    if not order.strip():
        raise BadValueError("no order")
    seen = Seen(
        SeenState.UNKNOWN,
        order=values.short(order.strip(), 120),
        key=values.digits(key) if key.strip() else "",
    )
    return Message(word, (Told(seen, Trust.HINT, client=CLIENT),))


@dataclass(frozen=True)
class BrowserReturn:
    """The payer comes back with a form that anybody could have written."""

    code: str = "return"
    space: str = SPACE
    suffixes: tuple[str, ...] = ("/ok", "/fail")
    family: Family = field(default=Family.FORM_CALLBACK, init=False)

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The order that the form names. Raises Refusal."""
        if request.method not in ("POST", "GET"):
            raise Refusal(Result.UNKNOWN_OPERATION, f"method {request.method}")
        body = request.body
        if request.method == "GET":
            body = request.query.encode("utf-8", "replace")
        try:
            fields = documents.form(body)
            order, key = fields.get("SHOPORDERNUMBER", ""), fields.get("SHOPBILLID", "")
            return _hint(request.suffix.strip("/"), order, key)
        except BadDocumentError as error:
            raise Refusal(Result.BAD_DOCUMENT, str(error)) from error
        except BadValueError as error:
            raise Refusal(Result.BAD_FORMAT, str(error)) from error

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """A word for the payer, the same whatever is known: this page proves nothing."""
        return OutgoingReply(200, TEXT_TYPE, "Дякуємо. Платіж перевіряється.".encode())

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """A form without an order."""
        status = 503 if refusal.result in (Result.TEMPORARY, Result.INTERNAL) else 400
        status = 403 if refusal.result is Result.WRONG_ADDRESS else status
        return OutgoingReply(status, TEXT_TYPE, TEXTS[refusal.result].encode())


@dataclass(frozen=True)
class Notification:
    """Portmone tells of a change of an order, unsigned."""

    code: str = "notification"
    space: str = SPACE
    suffixes: tuple[str, ...] = ("/notify",)
    family: Family = field(default=Family.INVOICE_API, init=False)

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The order that the document names. Raises Refusal."""
        if request.method != "POST":
            raise Refusal(Result.UNKNOWN_OPERATION, f"method {request.method}")
        try:
            document = documents.json_object(request.body)
            order = documents.words(document, "shopOrderNumber")
            return _hint("notification", order, documents.words(document, "shopBillId"))
        except BadDocumentError as error:
            raise Refusal(Result.BAD_DOCUMENT, str(error)) from error
        except BadValueError as error:
            raise Refusal(Result.BAD_FORMAT, str(error)) from error

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """`errorCode` 0: it is heard; what it is about is asked next."""
        result = answers[0].result if answers else Result.OK
        heard = result.is_done or result is Result.PENDING
        return self._out(200, "0" if heard else "2", "OK" if heard else TEXTS[result], at)

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """`errorCode` 2."""
        status = 503 if refusal.result in (Result.TEMPORARY, Result.INTERNAL) else 400
        status = 403 if refusal.result is Result.WRONG_ADDRESS else status
        return self._out(status, "2", TEXTS[refusal.result], at)

    @staticmethod
    def _out(status: int, code: str, reason: str, at: datetime) -> OutgoingReply:
        document = {"errorCode": code, "reason": reason, "responseId": str(int(at.timestamp()))}
        return OutgoingReply(status, JSON_TYPE, documents.json_bytes(document))


RETURN, NOTIFICATION = BrowserReturn(), Notification()
