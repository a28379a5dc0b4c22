"""The dialect of F1 that iBox and monobank speak, answer elements and codes included."""

from collections.abc import Mapping
from typing import Any

from billing.payments.calls import Call, Lookup, Pay, Reverse
from billing.payments.engines.fields import Field, Operation, Reply
from billing.payments.engines.terminal_get import TerminalGet
from billing.payments.gateway import Merchant, Setting
from billing.payments.results import Result
from billing.payments.wire import values
from billing.payments.wire.documents import Markup, tag

SETTINGS = (
    Setting("pay_type", help="our service number; empty: any"),
    Setting("fop_id", help="which legal entity gets the money, shown in the check"),
    Setting("allows_cancel", kind="flag", default=True),
    Setting("answers_balance", kind="flag", default=False, help="command=balance answers as check"),
)

CODES = {
    Result.OK: "0",
    Result.TEMPORARY: "1",
    Result.BAD_ACCOUNT: "4",
    Result.NOT_FOUND: "5",
    Result.FORBIDDEN: "7",
    Result.INACTIVE: "79",
    Result.NOT_FOUND_PAYMENT: "79",
    Result.PENDING: "90",
    Result.AMOUNT_TOO_SMALL: "241",
    Result.AMOUNT_TOO_LARGE: "242",
    Result.BAD_FORMAT: "300",
    Result.INTERNAL: "300",
}


def _lookup(told: Mapping[str, Any]) -> Call:
    return Lookup(account=told["account"], amount_kopecks=told["amount"])


def _pay(told: Mapping[str, Any]) -> Call:
    return Pay(
        account=told["account"],
        amount_kopecks=told["amount"],
        key=told["key"],
        paid_at=told.get("paid_at"),
        service=told.get("service", ""),
    )


def _cancel(told: Mapping[str, Any]) -> Call:
    return Reverse(
        key=told.get("cancelled", ""), reference=told.get("reference", ""), reason="cancel"
    )


def _balance(told: Mapping[str, Any]) -> Call:
    return Lookup(account=told["account"])


OPERATIONS = {
    "check": Operation(
        {
            "key": Field("txn_id", "digits"),
            "account": Field("account", "account"),
            "amount": Field("sum", "uah"),
            "service": Field("pay_type", "text", required=False),
        },
        _lookup,
    ),
    "balance": Operation(
        {"key": Field("txn_id", "digits", required=False), "account": Field("account", "account")},
        _balance,
    ),
    "pay": Operation(
        {
            "key": Field("txn_id", "digits"),
            "account": Field("account", "account"),
            "amount": Field("sum", "uah"),
            "paid_at": Field("txn_date", "local_time", required=False),
            "service": Field("pay_type", "text", required=False),
        },
        _pay,
    ),
    "cancel": Operation(
        {
            "key": Field("txn_id", "digits", required=False),
            "reference": Field("prv_txn", "key", required=False),
            "cancelled": Field("cancel_txn_id", "digits", required=False),
        },
        _cancel,
    ),
}


def layout(reply: Reply) -> Markup:
    """`response` with the elements of the operation."""
    parts: list[Markup] = []
    if reply.raw.get("key") or reply.operation != "cancel":
        parts.append(tag("ibox_txn_id", reply.raw.get("key", "")))
    payment = reply.answer.payment
    if reply.operation == "pay":
        if reply.is_done and payment is not None and payment.finished_at is not None:
            parts.append(tag("prv_txn", payment.reference))
            parts.append(tag("prv_txn_date", values.local_text(payment.finished_at)))
            parts.append(tag("sum", values.uah_text(payment.amount_kopecks)))
        else:
            parts.append(tag("sum", reply.raw.get("amount", "")))
    if reply.operation == "cancel" and payment is not None:
        parts.append(tag("prv_txn", payment.reference))
    parts.append(tag("result", reply.code))
    payer = reply.answer.payer
    if payer is not None:
        shown = {
            "balance": values.uah_text(payer.balance_kopecks),
            "name": payer.name,
            "address": payer.address,
            "fop_id": str(reply.merchant["fop_id"]),
        }
        said = [(name, text) for name, text in shown.items() if text]
        parts.append(
            tag(
                "fields",
                *(tag(f"field{n}", text, name=name) for n, (name, text) in enumerate(said, 1)),
            )
        )
    is_cancelled = reply.operation == "cancel" and reply.is_done
    parts.append(tag("comment", "Cancelled" if is_cancelled else reply.text))
    return tag("response", *parts)


def check(query: Mapping[str, str], merchant: Merchant) -> Result | None:
    """The service number, where the merchant account has one; a cancel that names nothing."""
    service = str(merchant["pay_type"])
    if service and query.get("pay_type", service).strip() != service:
        return Result.WRONG_SERVICE
    if query.get("command") == "balance" and not merchant["answers_balance"]:
        return Result.UNKNOWN_OPERATION
    if query.get("command") == "cancel":
        if not merchant["allows_cancel"]:
            return Result.FORBIDDEN
        if not (query.get("prv_txn") or query.get("cancel_txn_id")):
            return Result.MISSING_FIELD
    return None


def endpoint(code: str, space: str) -> TerminalGet:
    """An endpoint that speaks the dialect."""
    return TerminalGet(
        code=code,
        space=space,
        word_of=lambda query: query.get("command", ""),
        operations=OPERATIONS,
        codes=CODES,
        layout=layout,
        check=check,
    )
