"""Platezhka (E-platezhka): an XML envelope `commandCall` with the log-in inside; kopecks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from billing.payments.calls import Call, Lookup, Pay, Reverse
from billing.payments.engines import auth
from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.engines.fields import Field, Operation, Reply
from billing.payments.engines.xml_envelope import OperationsInXml, XmlEnvelope
from billing.payments.gateway import Merchant, Provider, Setting
from billing.payments.results import Result
from billing.payments.wire import documents, values
from billing.payments.wire.documents import Markup, tag

CODES = {
    Result.OK: "0",
    Result.TEMPORARY: "1",
    Result.BAD_ACCOUNT: "4",
    Result.NOT_FOUND: "5",
    Result.FORBIDDEN: "7",
    Result.NOT_FOUND_PAYMENT: "7",
    Result.NOT_REVERSIBLE: "7",
    Result.UNKNOWN_OPERATION: "7",
    Result.BAD_AMOUNT: "8",
    Result.BAD_FORMAT: "8",
    Result.AMOUNT_TOO_SMALL: "241",
    Result.AMOUNT_TOO_LARGE: "242",
    Result.INACTIVE: "79",
    Result.PENDING: "90",
    Result.INTERNAL: "300",
}


def _lookup(told: Mapping[str, Any]) -> Call:
    return Lookup(account=told["account"])


def _pay(told: Mapping[str, Any]) -> Call:
    return Pay(
        account=told["account"],
        amount_kopecks=told["amount"],
        key=told["key"],
        paid_at=told["paid_at"],
        service=told["service"],
        details={"terminal": told["terminal"]} if told.get("terminal") else {},
    )


def _cancel(told: Mapping[str, Any]) -> Call:
    return Reverse(
        key=told["key"],
        account=told["account"],
        expect_kopecks=told["amount"],
        reason="cancel",
    )


# transactionID is new on each retry: it is kept in the journal and decides nothing.
OPERATIONS = {
    "check": Operation(
        {
            "request": Field("transactionID", "key"),
            "service": Field("payElementID", "text"),
            "account": Field("account", "account"),
        },
        _lookup,
    ),
    "pay": Operation(
        {
            "request": Field("transactionID", "key"),
            "service": Field("payElementID", "text"),
            "account": Field("account", "account"),
            "key": Field("payID", "key"),
            "paid_at": Field("payTimestamp", "local_time"),
            "amount": Field("amount", "kopecks"),
            "terminal": Field("terminalId", "text", required=False),
        },
        _pay,
    ),
    "cancel": Operation(
        {
            "request": Field("transactionID", "key"),
            "service": Field("payElementID", "text"),
            "account": Field("account", "account"),
            "key": Field("cancelPayID", "key"),
            "amount": Field("amount", "kopecks"),
        },
        _cancel,
    ),
}


def _word(root: Element) -> str:
    return documents.text(root, "command")


def check(root: Element, body: bytes, merchant: Merchant) -> Result | None:
    """Log-in, password and service number; a cancel where the contract has none."""
    login, password = documents.text(root, "login"), documents.text(root, "password")
    if not auth.credentials_hold(login, password, merchant):
        return Result.WRONG_ADDRESS
    service = str(merchant["service"])
    if service and documents.text(root, "payElementID") != service:
        return Result.WRONG_SERVICE
    if _word(root) == "cancel" and not merchant["allows_cancel"]:
        return Result.FORBIDDEN
    return None


def reply(reply: Reply, at: datetime) -> Markup:
    """`commandResponse`."""
    payment, payer = reply.answer.payment, reply.answer.payer
    reference = payment.reference if payment is not None and reply.is_done else "0"
    parts = [
        tag("extTransactionID", reference),
        tag("account", reply.raw.get("account", "")),
        tag("result", reply.code),
    ]
    if payer is not None:
        shown = {
            "FIO": payer.name,
            "balance": values.uah_text(payer.balance_kopecks),
            "address": payer.address,
        }
        said = [(name, text) for name, text in shown.items() if text]
        parts.append(
            tag(
                "fields",
                *(tag(f"field{n}", text, name=name) for n, (name, text) in enumerate(said, 1)),
            )
        )
    is_cancelled = reply.operation == "cancel" and reply.is_done
    return tag(
        "commandResponse", *parts, tag("comment", "Cancelled" if is_cancelled else reply.text)
    )


_READ = OperationsInXml(
    root="commandCall",
    word_of=_word,
    operations=OPERATIONS,
    codes=CODES,
    reply=reply,
    check=check,
    verified=("login",),
)

PROVIDER = Provider(
    code="platezhka",
    title="Platezhka",
    protocol="commandCall XML",
    endpoints=(
        XmlEnvelope(
            code="terminal",
            space="platezhka",
            read_document=_READ.read_document,
            layout=_READ.layout,
            layout_refusal=_READ.layout_refusal,
        ),
    ),
    settings=(
        *BASIC_SETTINGS,
        Setting("login", required=True),
        Setting("password", kind="secret", required=True),
        Setting("service", help="payElementID that was agreed; empty: any"),
        Setting("allows_cancel", kind="flag", default=True, help="off: a cancel is answered 7"),
    ),
    capabilities=frozenset({"lookup", "reverse"}),
    open_questions=("a register and the present list of addresses: ask Platezhka",),
)
