"""F4: a form with a digest tells us of a payment; the payer came by a form of ours.

The engine reads the form and checks the digest by the provider's recipe; what its fields mean is
the provider's own function, `told`. Providers of F5 (a webhook with a JSON body) use `Webhook`,
which gets the very bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from billing.payments.calls import Answer
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

TEXT_TYPE = "text/plain; charset=utf-8"
Fields = Mapping[str, str]
# What is answered: status and text.
Words = Callable[[Result], tuple[int, str]]


@dataclass(frozen=True)
class FormCallback:
    """An endpoint of F4.

    `verify` says whether the digest holds; `told` gives the message (it may raise BadValueError);
    `words` the status and text of each result. `encoding` of the form's percent-encoded bytes.
    """

    code: str
    space: str
    suffixes: tuple[str, ...]
    verify: Callable[[Fields, Merchant], bool]
    told: Callable[[Fields, Merchant, datetime], Message]
    words: Words
    verified: str = "digest"
    encoding: str = "utf-8"
    family: Family = field(default=Family.FORM_CALLBACK, init=False)

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The message of a form whose digest holds. Raises Refusal."""
        if request.method != "POST":
            raise Refusal(Result.UNKNOWN_OPERATION, f"method {request.method}")
        try:
            fields = documents.form(request.body, encoding=self.encoding)
        except BadDocumentError as error:
            raise Refusal(Result.BAD_DOCUMENT, str(error)) from error
        if not self.verify(fields, merchant):
            raise Refusal(Result.BAD_SIGNATURE, "the digest does not hold")
        try:
            message = self.told(fields, merchant, at)
        except BadValueError as error:
            raise Refusal(Result.BAD_FORMAT, str(error)) from error
        return replace(message, verified=(*message.verified, self.verified))

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The word for the one result."""
        return self._out(answers[0].result if answers else Result.OK)

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The word for a refusal."""
        return self._out(refusal.result)

    def _out(self, result: Result) -> OutgoingReply:
        status, text = self.words(result)
        return OutgoingReply(status, TEXT_TYPE, text.encode())


@dataclass(frozen=True)
class Webhook:
    """An endpoint of F5: the provider posts a document of its own on every change of an invoice.

    `told` gets the request with its very bytes (the signature is over these) and raises Refusal or
    BadValueError or BadDocumentError.
    """

    code: str
    space: str
    suffixes: tuple[str, ...]
    told: Callable[[IncomingRequest, Merchant, datetime], Message]
    words: Words
    family: Family = field(default=Family.INVOICE_API, init=False)

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The verified message. Raises Refusal."""
        if request.method != "POST":
            raise Refusal(Result.UNKNOWN_OPERATION, f"method {request.method}")
        try:
            return self.told(request, merchant, at)
        except BadDocumentError as error:
            raise Refusal(Result.BAD_DOCUMENT, str(error)) from error
        except BadValueError as error:
            raise Refusal(Result.BAD_FORMAT, str(error)) from error

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The word for the one result."""
        return self._out(answers[0].result if answers else Result.OK)

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The word for a refusal."""
        return self._out(refusal.result)

    def _out(self, result: Result) -> OutgoingReply:
        status, text = self.words(result)
        return OutgoingReply(status, TEXT_TYPE, text.encode())


def by_status(result: Result) -> tuple[int, str]:
    """For providers that read the status only: 200 done or known, 403 not believed, 503 later."""
    if result.is_done or result in (Result.PENDING, Result.NOT_FOUND, Result.INACTIVE):
        return 200, ""
    if result in (Result.BAD_SIGNATURE, Result.WRONG_ADDRESS, Result.FORBIDDEN):
        return 403, ""
    if result in (Result.TEMPORARY, Result.INTERNAL):
        return 503, ""
    return 400, ""
