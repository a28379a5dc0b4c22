"""F2: an XML document in, an XML document out.

The document is the body, or stands in a form's field. Which operation it is, is said by the root
element, a child or an attribute: the provider's own function finds out. `OperationsInXml` reads
those that are simple enough to be declared field by field; the others give functions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from xml.etree.ElementTree import Element

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
from billing.payments.wire.values import BadValueError

XML_TYPE = "text/xml; charset=utf-8"

ReadDocument = Callable[[Element, bytes, Merchant, datetime], Message]
Layout = Callable[[Message, Sequence[Answer], Merchant, datetime], Markup]
LayoutRefusal = Callable[[Refusal, Merchant, datetime], Markup]


@dataclass(frozen=True)
class XmlEnvelope:
    """An endpoint of the family, with the provider's own functions.

    `form_field`: where the document stands, "" for the body itself. `read_document` gets the root
    and the very bytes of the document (a signature is over these). `sign` turns the written answer
    into the signed one. `status_of` gives the HTTP status of an operation's result; 200 without it.
    """

    code: str
    space: str
    read_document: ReadDocument
    layout: Layout
    layout_refusal: LayoutRefusal
    suffixes: tuple[str, ...] = ("",)
    form_field: str = ""
    declaration: str = documents.DECLARATION
    sign: Callable[[bytes, Merchant], bytes] | None = None
    status_of: Callable[[str, Result], int] | None = None
    family: Family = field(default=Family.XML_ENVELOPE, init=False)

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The message in a document. Raises Refusal."""
        verified = auth.basic(request, merchant)
        if request.method != "POST":
            raise Refusal(Result.BAD_DOCUMENT, f"method {request.method}")
        try:
            body = self._document(request)
            root = documents.xml(body)
        except BadDocumentError as error:
            raise Refusal(Result.BAD_DOCUMENT, str(error)) from error
        try:
            message = self.read_document(root, body, merchant, at)
        except BadValueError as error:
            raise Refusal(Result.BAD_FORMAT, str(error)) from error
        return replace(message, verified=(*verified, *message.verified))

    def _document(self, request: IncomingRequest) -> bytes:
        if not request.body.strip():
            raise BadDocumentError("the body is empty")
        name = self.form_field
        if not name and "form-urlencoded" in request.headers.get("content-type", ""):
            # Some senders put the document into a field although they should not.
            fields_of = documents.form(request.body) if request.body[:1] != b"<" else {}
            if len(fields_of) == 1:
                name = next(iter(fields_of))
        return documents.form_field(request.body, name) if name else request.body

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The answers in one document."""
        wrong = next((one.result for one in answers if not one.result.is_done), Result.OK)
        root = self.layout(message, answers, merchant, at)
        return self._out(root, merchant, message.operation, wrong)

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The refusal in the provider's form."""
        operation = refusal.message.operation if refusal.message is not None else ""
        root = self.layout_refusal(refusal, merchant, at)
        return self._out(root, merchant, operation, refusal.result)

    def _out(
        self, root: Markup, merchant: Merchant, operation: str, result: Result
    ) -> OutgoingReply:
        body = (self.declaration + root).encode("utf-8", "replace")
        if self.sign is not None:
            body = self.sign(body, merchant)
        status = self.status_of(operation, result) if self.status_of is not None else 200
        return OutgoingReply(status, XML_TYPE, body)


@dataclass(frozen=True)
class OperationsInXml:
    """Operations declared field by field; gives the functions that `XmlEnvelope` wants.

    `root`: the name of the root element. `word_of`: the operation's word of a document. `check`
    refuses by settings or by a log-in in the body, after the fields were read.
    """

    root: str
    word_of: Callable[[Element], str]
    operations: Mapping[str, Operation]
    codes: Mapping[Result, str]
    reply: Callable[[Reply, datetime], Markup]
    check: Callable[[Element, bytes, Merchant], Result | None] | None = None
    verified: tuple[str, ...] = ()

    def read_document(
        self, root: Element, body: bytes, merchant: Merchant, at: datetime
    ) -> Message:
        """The message of a document; who sends it is checked before what it says.

        Raises Refusal.
        """
        if documents.local(root.tag) != self.root:
            raise Refusal(Result.BAD_DOCUMENT, "another root element")

        def get(path: str) -> str | None:
            found = documents.child(root, path)
            return None if found is None else (found.text or "").strip()

        refused = self.check(root, body, merchant) if self.check is not None else None
        if refused is not None:
            raise fields.refusal(
                refused, "log-in, signature or service", word=self.word_of(root),
                raw=self._raw(root, get),
            )  # fmt: skip
        message = fields.read(self.word_of(root), self.operations, get)
        return Message(message.operation, message.calls, message.wire, self.verified)

    def _raw(self, root: Element, get: Callable[[str], str | None]) -> dict[str, str]:
        known = self.operations.get(self.word_of(root)) or next(iter(self.operations.values()))
        return {name: get(one.wire) or "" for name, one in known.fields.items()}

    def layout(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> Markup:
        """The answer in the provider's layout."""
        return self.reply(fields.reply_to(message, answers[0], self.codes, merchant), at)

    def layout_refusal(self, refusal: Refusal, merchant: Merchant, at: datetime) -> Markup:
        """The refusal in the provider's layout."""
        answer = Answer(refusal.result)
        return self.reply(fields.reply_to(refusal.message, answer, self.codes, merchant), at)
