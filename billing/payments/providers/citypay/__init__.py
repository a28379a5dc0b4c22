"""CityPay: terminals; F1 with other names, and a register that we serve."""

from collections.abc import Mapping
from typing import Any

from billing.payments.calls import Call, Lookup, Pay, RegistryOut
from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.engines.fields import Field, Operation, Reply
from billing.payments.engines.terminal_get import TerminalGet
from billing.payments.gateway import Merchant, Provider, Setting
from billing.payments.results import Result
from billing.payments.wire import values
from billing.payments.wire.documents import Markup, tag

REGISTRY = "registry"
# Only these two are documented; everything else is one code, a setting of the merchant account.
CODES = {
    Result.OK: "0",
    Result.NOT_FOUND: "21",
    Result.INACTIVE: "closed",
    Result.NOT_FOUND_PAYMENT: "other",
    Result.BAD_FORMAT: "other",
    Result.FORBIDDEN: "other",
    Result.INTERNAL: "other",
}


def _word(query: Mapping[str, str]) -> str:
    word = query.get("QueryType")
    if word is None and "CheckDateBegin" in query and "CheckDateEnd" in query:
        return REGISTRY
    # Its word is ours, never the provider's.
    return "" if word is None or word == REGISTRY else word


def _lookup(told: Mapping[str, Any]) -> Call:
    return Lookup(account=told["account"])


def _pay(told: Mapping[str, Any]) -> Call:
    return Pay(
        account=told["account"],
        amount_kopecks=told["amount"],
        key=told["key"],
        paid_at=told["paid_at"],
    )


def _registry(told: Mapping[str, Any]) -> Call:
    return RegistryOut(start=told["start"], end=told["end"])


OPERATIONS = {
    "check": Operation(
        {"key": Field("TransactionId", "digits"), "account": Field("Account", "account")}, _lookup
    ),
    "pay": Operation(
        {
            "key": Field("TransactionId", "digits"),
            "account": Field("Account", "account"),
            "amount": Field("Amount", "uah"),
            "paid_at": Field("TransactionDate", "local_time"),
        },
        _pay,
    ),
    REGISTRY: Operation(
        {
            "start": Field("CheckDateBegin", "local_time"),
            "end": Field("CheckDateEnd", "local_time"),
        },
        _registry,
    ),
}


def layout(reply: Reply) -> Markup:
    """`Response`: of a check, of a payment, or the register."""
    if reply.operation == REGISTRY and reply.is_done:
        return tag("Response", *(_row(row) for row in reply.answer.payments))
    parts: list[Markup] = [tag("TransactionId", reply.raw.get("key", ""))]
    if reply.operation == "pay":
        payment = reply.answer.payment
        parts.append(tag("TransactionExt", payment.reference if reply.is_done and payment else ""))
        parts.append(tag("Amount", reply.raw.get("amount", "")))
    ours = {"other": "other_code", "closed": "closed_code"}
    code = str(reply.merchant[ours[reply.code]]) if reply.code in ours else reply.code
    return tag("Response", *parts, tag("ResultCode", code), tag("Comment", reply.text))


def _row(row: Any) -> Markup:
    return tag(
        "Payment",
        tag("TransactionId", row.key),
        tag("Account", row.account),
        tag("TransactionDate", values.local_text(row.paid_at, "%Y%m%d%H%M%S")),
        tag("Amount", values.uah_text(row.amount_kopecks)),
    )


def check(query: Mapping[str, str], merchant: Merchant) -> Result | None:
    """Nothing of the settings refuses a message."""
    return None


PROVIDER = Provider(
    code="citypay",
    title="CityPay",
    protocol="QueryType GET/XML 3.03",
    endpoints=(
        TerminalGet(
            code="terminal",
            space="citypay",
            word_of=_word,
            operations=OPERATIONS,
            codes=CODES,
            layout=layout,
            check=check,
        ),
    ),
    settings=(
        *BASIC_SETTINGS,
        Setting("other_code", default="1", help="the code for everything but 0 and 21"),
        Setting("closed_code", default="21", help="the code for a closed account"),
    ),
    capabilities=frozenset({"lookup", "registry_out"}),
    open_questions=(
        "cancel: field names unknown; answered with the other code",
        "codes besides 0 and 21: one code, the setting other_code",
        "a closed account: closed_code, 21",
        "time base of the register: the time that CityPay sent with the payment",
    ),
)
