"""Privat24's old GET dialect (bill_search, bill_input), for contracts that still have it."""

from collections.abc import Mapping
from typing import Any

from billing.payments.calls import Call, Lookup, Pay
from billing.payments.engines.fields import Field, Operation, Reply
from billing.payments.engines.terminal_get import TerminalGet
from billing.payments.results import Result
from billing.payments.wire import values
from billing.payments.wire.documents import Markup, tag

CODES = {
    Result.OK: "0",
    Result.UNKNOWN_OPERATION: "1",
    Result.NOT_FOUND: "2",
    Result.BAD_ACCOUNT: "2",
    Result.BAD_FORMAT: "3",
    Result.BAD_DATE: "4",
    Result.FORBIDDEN: "5",
    Result.AMBIGUOUS: "6",
    Result.CONFLICT: "99",
    Result.INACTIVE: "99",
    Result.INTERNAL: "99",
}


def _lookup(told: Mapping[str, Any]) -> Call:
    return Lookup(account=told["account"])


def _pay(told: Mapping[str, Any]) -> Call:
    return Pay(
        account=told["account"],
        amount_kopecks=told["amount"],
        key=told["key"],
        paid_at=told.get("paid_at"),
    )


OPERATIONS = {
    "bill_search": Operation({"account": Field("bill_identifier", "account")}, _lookup),
    "bill_input": Operation(
        {
            "account": Field("bill_identifier", "account"),
            "amount": Field("sum", "uah"),
            "key": Field("pkey", "key"),
            "paid_at": Field("date", "iso_time", required=False),
        },
        _pay,
    ),
}


def layout(reply: Reply) -> Markup:
    """ResponseDebt, ResponseExtInputPay or errorResponse."""
    payer, entity = reply.answer.payer, reply.merchant.entity
    if not reply.is_done:
        return tag("errorResponse", tag("code", reply.code), tag("message", reply.text))
    if payer is None:
        inner = tag("inner_ref", reply.raw.get("key", ""))
        return tag("ResponseExtInputPay", tag("extInputPay", inner))
    return tag(
        "ResponseDebt",
        tag(
            "debtPayPack",
            tag(
                "service",
                tag(
                    "ks",
                    company_code=str(reply.merchant["company_code"]),
                    service_code=str(reply.merchant["service_code"]),
                    service=str(reply.merchant["service_name"]),
                ),
                tag("debt", amount_to_pay=values.uah_text(payer.recommended_kopecks)),
                tag("payer", ls=payer.account),
            ),
            tag("message", entity.name if entity else ""),
            phone=payer.phone,
            fio=payer.name,
            bill_identifier=payer.account,
            address=payer.address,
        ),
    )


ENDPOINT = TerminalGet(
    code="legacy",
    space="legacy",
    word_of=lambda query: query.get("action", ""),
    operations=OPERATIONS,
    codes=CODES,
    layout=layout,
    suffixes=("/legacy",),
)
