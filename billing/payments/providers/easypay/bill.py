"""EasyPay Provider 3.1: an XML envelope in two phases, signed both ways by RSA-SHA1."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from billing.payments import recipes
from billing.payments.calls import Call, Commit, Drop, Lookup, Prepare
from billing.payments.engines.fields import Field, Operation, Reply
from billing.payments.engines.xml_envelope import OperationsInXml, XmlEnvelope
from billing.payments.gateway import Merchant, Message, Setting
from billing.payments.results import Result
from billing.payments.wire import documents, values
from billing.payments.wire.documents import Markup, tag

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
ISO = "%Y-%m-%dT%H:%M:%S"
HEADER = ("DateTime", "Sign", "Token")
SETTINGS = (
    Setting("service_id", help="ServiceId that was agreed; empty: any"),
    Setting("verify_key", help="EasyPay's public key (PEM); empty: requests are not signed"),
    Setting("sign_key", kind="key", help="our private key (PEM); empty: answers are not signed"),
    Setting(
        "cancel_confirmed",
        kind="flag",
        default=False,
        help="on: Cancel of a credited payment reverses it; off: it is refused (-2)",
    ),
)
CODES = {
    Result.OK: "0",
    Result.NOT_FOUND: "-200",
    Result.INACTIVE: "-11",
    Result.CONFLICT: "-6",
    Result.NOT_FOUND_PAYMENT: "-79",
    Result.NOT_REVERSIBLE: "-2",
    Result.BAD_SIGNATURE: "-80",
    Result.WRONG_SERVICE: "-58",
    Result.FORBIDDEN: "-80",
    Result.AMOUNT_TOO_SMALL: "-2",
    Result.AMOUNT_TOO_LARGE: "-2",
    Result.BAD_DOCUMENT: "-51",
    Result.BAD_FORMAT: "-52",
    Result.INTERNAL: "-300",
}


def _lookup(told: Mapping[str, Any]) -> Call:
    return Lookup(account=told["account"])


def _prepare(told: Mapping[str, Any]) -> Call:
    return Prepare(
        account=told["account"],
        amount_kopecks=told["amount"],
        key=told["key"],
        service=told["service"],
    )


def _commit(told: Mapping[str, Any]) -> Call:
    return Commit(reference=told["reference"])


def _drop(told: Mapping[str, Any]) -> Call:
    return Drop(reference=told["reference"])


OPERATIONS = {
    "Check": Operation(
        {"service": Field("Check/ServiceId"), "account": Field("Check/Account", "account")},
        _lookup,
    ),
    "Payment": Operation(
        {
            "service": Field("Payment/ServiceId"),
            "key": Field("Payment/OrderId", "key"),
            "account": Field("Payment/Account", "account"),
            "amount": Field("Payment/Amount", "uah"),
        },
        _prepare,
    ),
    "Confirm": Operation(
        {
            "service": Field("Confirm/ServiceId"),
            "reference": Field("Confirm/PaymentId", "key"),
        },
        _commit,
    ),
    "Cancel": Operation(
        {"service": Field("Cancel/ServiceId"), "reference": Field("Cancel/PaymentId", "key")},
        _drop,
    ),
}


def word(root: Element) -> str:
    """The operation: the first element that is not of the header."""
    names = (documents.local(child.tag) for child in root)
    return next((name for name in names if name not in HEADER), "")


def check(root: Element, body: bytes, merchant: Merchant) -> Result | None:
    """The signature over the very bytes with an empty Sign, then the service."""
    key = str(merchant["verify_key"])
    if key and not recipes.rsa_sha1_verify(body, key):
        return Result.BAD_SIGNATURE
    service = str(merchant["service_id"])
    if service and documents.text(root, f"{word(root)}/ServiceId") != service:
        return Result.WRONG_SERVICE
    return None


def reply(reply: Reply, at: datetime) -> Markup:
    """`Response`; a repeated OrderId is a refusal here, a repeated Confirm a success."""
    is_known = reply.operation == "Payment" and reply.answer.result is Result.DUPLICATE
    code, text = ("-6", "Order already exists") if is_known else (reply.code, reply.text)
    parts = [
        tag("StatusCode", code),
        tag("StatusDetail", text),
        tag("DateTime", values.local_text(at, ISO)),
    ]
    if reply.merchant["sign_key"]:
        parts.append(tag("Sign"))
    if code == "0":
        parts += _more(reply, at)
    return tag("Response", *parts)


def _more(reply: Reply, at: datetime) -> list[Markup]:
    payment, payer = reply.answer.payment, reply.answer.payer
    if payer is not None:
        shown = [tag("Name", payer.name)]
        if payer.address:
            shown.append(tag("Address", payer.address))
        return [tag("AccountInfo", *shown, tag("Balance", values.uah_text(payer.balance_kopecks)))]
    if payment is None:
        return []
    if reply.operation == "Payment":
        return [tag("PaymentId", payment.reference)]
    if reply.operation == "Confirm":
        return [tag("OrderDate", values.local_text(payment.recorded_at, ISO))]
    return [tag("CancelDate", values.local_text(at, ISO))]


def sign(body: bytes, merchant: Merchant) -> bytes:
    """The answer with its signature, where we sign."""
    key = str(merchant["sign_key"])
    return recipes.rsa_sha1_sign(body, key) if key else body


def read_document(root: Element, body: bytes, merchant: Merchant, at: datetime) -> Message:
    """As declared; whether a credited payment may be cancelled is the merchant account's policy."""
    message = _READ.read_document(root, body, merchant, at)
    calls = tuple(
        replace(call, reverse_credited=bool(merchant["cancel_confirmed"]))
        if isinstance(call, Drop)
        else call
        for call in message.calls
    )
    return replace(message, calls=calls)


_READ = OperationsInXml(
    root="Request",
    word_of=word,
    operations=OPERATIONS,
    codes=CODES,
    reply=reply,
    check=check,
    verified=("rsa_sha1",),
)

ENDPOINT = XmlEnvelope(
    code="bill",
    space="bill",
    read_document=read_document,
    layout=_READ.layout,
    layout_refusal=_READ.layout_refusal,
    declaration=DECLARATION,
    sign=sign,
)
