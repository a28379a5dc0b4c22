"""PUMB "facility" API: bill payments as JSON under a detached JWS, both ways; kopecks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from billing.payments import recipes
from billing.payments.calls import (
    Answer,
    Call,
    Doubt,
    Lookup,
    Pay,
    Payer,
    PaymentRow,
    RegistryIn,
    RegistryRow,
    Reverse,
    Status,
)
from billing.payments.engines.json_bill import JsonBill, Route
from billing.payments.gateway import IncomingRequest, Merchant, Message, Refusal, Setting
from billing.payments.results import TEXTS, Result, code_of
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError
from billing.payments.wire.values import BadValueError

HEADER = "x-jws-signature"
MAX_ROWS = 20_000
SETTINGS = (
    Setting("service_code", help="service code that was agreed; empty: any"),
    Setting("verify_key", required=True, help="the bank's public key (PEM)"),
    Setting("sign_key", kind="key", required=True, help="our private key (PEM)"),
    Setting("sign_alg", default="RS256", choices=recipes.JWS_ALGORITHMS),
    Setting(
        "iat_window_s",
        kind="number",
        default=86_400,
        help="how old the time in a message may be, seconds; 0: any",
    ),
    Setting(
        "unknown_payment_code",
        kind="choice",
        default="VALIDATION_ERROR",
        choices=("VALIDATION_ERROR", "CLIENT_NOT_FOUND", "OPERATION_FORBIDDEN"),
        help="the code for a payment that we do not know; the bank tells of none",
    ),
    Setting(
        "notification_reverses",
        kind="choice",
        default="named",
        choices=("named", "any"),
        help="which words but SUCCESS in payment-notification take the credit back: FAILED and "
        "CANCELED (people are shown any other), or any",
    ),
)
CODES = {
    Result.OK: "OK",
    Result.NOT_FOUND: "CLIENT_NOT_FOUND",
    Result.INACTIVE: "OPERATION_FORBIDDEN",
    Result.FORBIDDEN: "OPERATION_FORBIDDEN",
    Result.BAD_SIGNATURE: "VALIDATION_ERROR",
    Result.BAD_FORMAT: "VALIDATION_ERROR",
    Result.NOT_FOUND_PAYMENT: "VALIDATION_ERROR",
    Result.CONFLICT: "OPERATION_FORBIDDEN",
    Result.INTERNAL: "SERVICE_TEMPORARILY_UNAVAILABLE",
}
# The bank's words for a payment that came to nothing (of its /confirm and /status).
FAILED = ("FAILED", "CANCELED", "CANCELLED")
STATES = {"CONFIRMED": "SUCCESS", "REVERSED": "CANCELED", "CANCELLED": "CANCELED"}


# --- The envelope --------------------------------------------------------------------------------


def open_envelope(
    request: IncomingRequest, merchant: Merchant, at: datetime
) -> tuple[Any, tuple[str, ...]]:
    """The payload whose detached signature holds. Raises Refusal, BadDocumentError."""
    payload = documents.json_object(request.body).get("payload")
    parts = request.headers.get(HEADER, "").split(".")
    if not isinstance(payload, str) or len(parts) != 3 or parts[1]:
        raise Refusal(Result.BAD_SIGNATURE, "no detached signature")
    header, _, signature = parts
    try:
        words = documents.json_object(recipes.b64url_decode(header))
        alg = documents.words(words, "alg")
        holds = recipes.jws_detached_verify(
            header, payload, signature, alg=alg, pem=str(merchant["verify_key"])
        )
        if not holds:
            raise Refusal(Result.BAD_SIGNATURE, f"the signature does not hold ({alg[:10]})")
        document = documents.json_object(recipes.b64url_decode(payload))
    except recipes.BadKeyError as error:
        raise Refusal(Result.TEMPORARY, f"the bank's key is unusable: {error}") from error
    except BadDocumentError:
        raise
    except ValueError as error:
        raise BadDocumentError(str(error)) from error
    _in_time(document, merchant, at)
    return document, ("jws",)


def _in_time(document: Mapping[str, Any], merchant: Merchant, at: datetime) -> None:
    """A message is not older (nor newer) than the window, where it tells its time."""
    window = int(merchant["iat_window_s"] or 0)
    if not window or document.get("iat") is None:
        return
    try:
        made_at = values.unix_time(document["iat"])
    except BadValueError as error:
        raise Refusal(Result.BAD_DATE, str(error)) from error
    if abs((at - made_at).total_seconds()) > window:
        raise Refusal(Result.BAD_DATE, "the message is of another time")


def close_envelope(body: bytes, merchant: Merchant) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """The answer as a payload, and the header with its signature."""
    alg = str(merchant["sign_alg"])
    header = recipes.b64url(documents.json_bytes({"alg": alg, "typ": "JWT"}))
    payload = recipes.b64url(body)
    signature = recipes.jws_detached_sign(header, payload, alg=alg, pem=str(merchant["sign_key"]))
    envelope = documents.json_bytes({"payload": payload})
    return envelope, ((HEADER, f"{header}..{signature}"),)


# --- Operations ----------------------------------------------------------------------------------


def _check(told: Mapping[str, Any], merchant: Merchant) -> Message:
    rows = told.get("fields")
    named = {
        documents.words(row, "alias"): documents.words(row, "value")
        for row in (rows if isinstance(rows, list) else [])[:50]
        if isinstance(row, dict)
    }
    if "CLIENT_ID" not in named:
        raise Refusal(Result.MISSING_FIELD, "there is no CLIENT_ID")
    return Message("check", (Lookup(account=values.account_number(named["CLIENT_ID"])),))


def _checked(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    payer = answers[0].payer
    return (
        (200, _card(payer, merchant))
        if payer
        else refused(Refusal(answers[0].result, ""), merchant)
    )


def _card(payer: Payer, merchant: Merchant) -> dict[str, Any]:
    info = {"name": payer.name, "address": payer.address, "msisdn": payer.phone}
    money = "DEBT" if payer.balance_kopecks < 0 else "OVERPAYMENT"
    return {
        "service_code": str(merchant["service_code"]),
        "payer_id": payer.account,
        "payer_info": {name: text for name, text in info.items() if text},
        "fields": [
            {"alias": money, "value": str(abs(payer.balance_kopecks))},
            {
                "alias": "REC_AMOUNT",
                "value": str(payer.recommended_kopecks),
                "options": {"amount_restriction": "NONE"},
            },
        ],
    }


def _confirm(told: Mapping[str, Any], merchant: Merchant) -> Message:
    _our_service(told, merchant)
    call = Pay(
        account=values.account_number(documents.words(told, "payer_id")),
        amount_kopecks=values.json_kopecks(told.get("amount")),
        key=values.key(documents.words(told, "payment_id")),
        paid_at=values.unix_time(told["iat"]) if told.get("iat") is not None else None,
        service=documents.words(told, "service_code"),
    )
    return Message("confirm", (call,))


def _confirmed(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    payment = answers[0].payment
    if payment is None or not answers[0].result.is_done:
        return refused(Refusal(answers[0].result, ""), merchant)
    return 200, _state(payment, merchant, with_key=False)


def _state(payment: PaymentRow, merchant: Merchant, *, with_key: bool) -> dict[str, Any]:
    key = {"payment_id": payment.key} if with_key else {}
    return {
        "service_code": payment.service or str(merchant["service_code"]),
        "operation_id": payment.reference,
        **key,
        "status": STATES.get(payment.state, "FAILED"),
    }


def _notify(told: Mapping[str, Any], merchant: Merchant) -> Message:
    key = values.key(documents.words(told, "payment_id"))
    amount = values.json_kopecks(told.get("amount"))
    status = documents.words(told, "status").upper()
    if not status:
        raise Refusal(Result.MISSING_FIELD, "there is no status")
    call: Call = Status(key=key)
    if status in FAILED or (status != "SUCCESS" and merchant["notification_reverses"] == "any"):
        call = Reverse(key=key, expect_kopecks=amount, reason=f"bank: {status}"[:60])
    elif status != "SUCCESS":
        call = Doubt(key=key, expect_kopecks=amount, says=values.short(status, 40))
    return Message("payment-notification", (call,))


def _notified(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    if not answers[0].result.is_done:
        return refused(Refusal(answers[0].result, ""), merchant)
    return 200, {}


def _status(told: Mapping[str, Any], merchant: Merchant) -> Message:
    key, reference = documents.words(told, "payment_id"), documents.words(told, "operation_id")
    if not key and not reference:
        raise Refusal(Result.MISSING_FIELD, "neither payment_id nor operation_id")
    call = Status(
        key=values.key(key) if key else "", reference=values.digits(reference) if reference else ""
    )
    return Message("status", (call,))


def _stated(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    payment = answers[0].payment
    if payment is None:
        return refused(Refusal(answers[0].result, ""), merchant)
    return 200, _state(payment, merchant, with_key=True)


def _report(told: Mapping[str, Any], merchant: Merchant) -> Message:
    rows = told.get("payments")
    if not isinstance(rows, list) or len(rows) > MAX_ROWS:
        raise Refusal(Result.BAD_FORMAT, "payments is a list")
    day = values.iso_time(documents.words(told, "date") + "T00:00:00")
    name = values.key(documents.words(told, "id"), max_length=80)
    found = tuple(_row(row) for row in rows)
    call = RegistryIn(
        name=name,
        rows=found,
        start=day,
        total_kopecks=sum(row.amount_kopecks for row in found),
    )
    return Message("report", (call,), wire=name)


def _row(row: object) -> RegistryRow:
    if not isinstance(row, dict):
        raise BadValueError("a payment is an object")
    return RegistryRow(
        key=values.key(documents.words(row, "id")),
        amount_kopecks=values.json_kopecks(row.get("amount")),
        account=documents.words(row, "payer_id")[:64],
        paid_at=values.iso_time(documents.words(row, "date")),
        reference=documents.words(row, "operation_id")[:100],
    )


def _reported(
    message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> tuple[int, object]:
    if not answers[0].result.is_done:
        return refused(Refusal(answers[0].result, ""), merchant)
    return 200, {"report_id": message.wire}


def _our_service(told: Mapping[str, Any], merchant: Merchant) -> None:
    service = str(merchant["service_code"])
    if service and documents.words(told, "service_code") != service:
        raise Refusal(Result.WRONG_SERVICE, "another service code")


def refused(refusal: Refusal, merchant: Merchant) -> tuple[int, object]:
    """400 with the bank's word for it."""
    code = code_of(refusal.result, CODES)
    if refusal.result is Result.NOT_FOUND_PAYMENT:
        code = str(merchant["unknown_payment_code"])
    return 400, {"code": code, "message": TEXTS[refusal.result]}


ENDPOINT = JsonBill(
    code="bill",
    space="bill",
    routes=(
        Route("POST", "/check", "check", _check, _checked),
        Route("POST", "/confirm", "confirm", _confirm, _confirmed),
        Route("POST", "/payment-notification", "payment-notification", _notify, _notified),
        Route("GET", "/status", "status", _status, _stated),
        Route("POST", "/report", "report", _report, _reported),
    ),
    refusal=refused,
    open_envelope=open_envelope,
    close_envelope=close_envelope,
    uses_basic=False,
)
