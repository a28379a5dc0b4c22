"""monobank B: payments inside the bank's application, JSON without a signature.

The bank repeats a payment with the same trackingId; several payments of one message are one whole.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from billing.payments.calls import Answer, Lookup, Pay, Status
from billing.payments.engines.json_bill import JsonBill, Route
from billing.payments.gateway import Merchant, Message, Refusal, Setting
from billing.payments.results import TEXTS, WIDER, Result
from billing.payments.wire import documents, values

MAX_PAYMENTS = 20
BASE = "/api/v1/debt"
SETTINGS = (
    Setting("company_code", default="1"),
    Setting("service_code", default="101"),
    Setting("service_name", default="Internet"),
    Setting(
        "debt_errors",
        kind="choice",
        default="status",
        choices=("status", "body"),
        help="debt: status: 404 and 409 tell why; body: always 400, the document tells",
    ),
)
# The error format is not documented: the status tells.
STATUSES = {
    Result.NOT_FOUND: 404,
    Result.NOT_FOUND_PAYMENT: 404,
    Result.WRONG_ADDRESS: 403,
    Result.CONFLICT: 409,
    Result.INACTIVE: 400,
    Result.BAD_FORMAT: 400,
    Result.FORBIDDEN: 400,
    Result.TEMPORARY: 503,
    Result.INTERNAL: 503,
}


def _search(told: Mapping[str, Any], merchant: Merchant) -> Message:
    # The unit of `amount` is not confirmed: it decides nothing.
    return Message("search", (Lookup(account=_account(told)),))


def _searched(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    payer, entity = answers[0].payer, merchant.entity
    if payer is None:
        return refused(Refusal(answers[0].result, ""), merchant)
    return 200, {
        "accountInfo": {"fullName": payer.name, "account": payer.account},
        "services": [
            {
                "companyCode": str(merchant["company_code"]),
                "serviceCode": str(merchant["service_code"]),
                "name": str(merchant["service_name"]),
                "companyInfo": {
                    "edrpou": entity.edrpou if entity else "",
                    "name": entity.name if entity else "",
                    "bankName": entity.bank_name if entity else "",
                    "iban": entity.iban if entity else "",
                },
                "amountToPay": values.uah_number(payer.recommended_kopecks),
                "debtAmount": values.uah_number(payer.debt_kopecks),
                "debtDate": values.local_text(at, "%Y-%m-%d"),
            }
        ],
    }


def _payment(told: Mapping[str, Any], merchant: Merchant) -> Message:
    tracking = values.digits(documents.words(told, "trackingId"))
    rows = told.get("payments")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_PAYMENTS:
        raise Refusal(Result.BAD_FORMAT, "payments: one to twenty")
    account, paid_at = _account(told), values.iso_time(documents.words(told, "createdAt"))
    calls = []
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise Refusal(Result.BAD_FORMAT, "a payment is an object")
        for name, mine in (("companyCode", "company_code"), ("serviceCode", "service_code")):
            if documents.words(row, name) != str(merchant[mine]):
                raise Refusal(Result.WRONG_SERVICE, f"{name} is not ours")
        calls.append(
            Pay(
                account=account,
                amount_kopecks=values.json_uah(row.get("amount")),
                key=f"{tracking}:{number}",
                paid_at=paid_at,
                service=documents.words(row, "serviceCode"),
                details={
                    "bank_payment": values.digits(documents.words(row, "paymentId")),
                    "terminal": values.short(documents.words(told, "terminalInfo.terminalId"), 40),
                },
            )
        )
    return Message("payment", tuple(calls), is_whole=True)


def _paid(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    return 200, {"reference": "#".join(answer.reference for answer in answers)}


def _check(told: Mapping[str, Any], merchant: Merchant) -> Message:
    tracking = values.digits(documents.words(told, "trackingId"))
    keys = tuple(f"{tracking}:{number}" for number in range(1, MAX_PAYMENTS + 1))
    return Message("check", (Status(keys=keys),))


def _checked(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    credited = [row for row in answers[0].payments if row.state == "CONFIRMED"]
    return 200, {
        "reference": "#".join(row.reference for row in credited),
        "paymentCreated": bool(credited),
    }


def _account(told: Mapping[str, Any]) -> str:
    return values.account_number(documents.words(told, "account"))


def refused(refusal: Refusal, merchant: Merchant) -> tuple[int, object]:
    """Status and document of a refusal; under `debt_errors` = body the status tells less."""
    result: Result | None = refusal.result
    while result is not None and result not in STATUSES:
        result = WIDER.get(result)
    status = STATUSES[result or Result.INTERNAL]
    if merchant["debt_errors"] == "body" and status in (404, 409):
        status = 400
    return status, {"errCode": str(refusal.result), "errText": TEXTS[refusal.result]}


ENDPOINT = JsonBill(
    code="debt",
    space="debt",
    routes=(
        Route("GET", f"{BASE}/search", "search", _search, _searched),
        Route("POST", f"{BASE}/payment", "payment", _payment, _paid),
        Route("GET", f"{BASE}/payment/check", "check", _check, _checked),
    ),
    refusal=refused,
)
