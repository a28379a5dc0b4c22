"""F1: a query string in, a small XML document with a numeric result out; one phase, OSMP-like."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing.payments.calls import Answer
from billing.payments.engines import auth, fields
from billing.payments.engines.fields import Operation, Reply
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
from billing.payments.wire.documents import BadDocumentError, Markup

XML_TYPE = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class TerminalGet:
    """An endpoint of the family: operations by the value of one parameter, answers by a layout.

    `word_of`: the operation's word of a query; the layout gives the root element of an answer.
    """

    code: str
    space: str
    word_of: Callable[[Mapping[str, str]], str]
    operations: Mapping[str, Operation]
    codes: Mapping[Result, str]
    layout: Callable[[Reply], Markup]
    suffixes: tuple[str, ...] = ("",)
    check: Callable[[Mapping[str, str], Merchant], Result | None] | None = None
    family: Family = field(default=Family.TERMINAL_GET, init=False)

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The message of a query string. Raises Refusal."""
        query = self._query(request)
        verified = auth.basic(request, merchant)
        if request.method != "GET":
            raise Refusal(Result.UNKNOWN_OPERATION, f"method {request.method}")
        message = fields.read(self.word_of(query), self.operations, query.get)
        refused = self.check(query, merchant) if self.check is not None else None
        if refused is not None:
            raise Refusal(refused, "refused by the merchant's settings", message=message)
        return Message(message.operation, message.calls, message.wire, verified)

    def _query(self, request: IncomingRequest) -> dict[str, str]:
        try:
            return documents.form(request.query.encode("utf-8", "replace"))
        except BadDocumentError as error:
            raise Refusal(Result.BAD_DOCUMENT, str(error)) from error

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The XML of the one answer."""
        return self._out(fields.reply_to(message, answers[0], self.codes, merchant))

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The XML of a refusal, with whatever could be read of the query."""
        answer = Answer(refusal.result)
        message = refusal.message
        if message is None:
            message = self._guess(request)
        return self._out(fields.reply_to(message, answer, self.codes, merchant))

    def _guess(self, request: IncomingRequest) -> Message | None:
        try:
            query = self._query(request)
            return fields.read(self.word_of(query), self.operations, query.get)
        except Refusal as refusal:
            return refusal.message

    def _out(self, reply: Reply) -> OutgoingReply:
        body = documents.DECLARATION + self.layout(reply)
        return OutgoingReply(200, XML_TYPE, body.encode("utf-8", "replace"))
