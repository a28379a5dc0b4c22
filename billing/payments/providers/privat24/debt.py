"""Privat24 "Debt" XML: Presearch, Search, Check, Pay, Cancel, Upload in one envelope `Transfer`."""

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from billing.payments.calls import (
    Answer,
    Call,
    Lookup,
    Pay,
    Payer,
    Prepare,
    RegistryIn,
    RegistryRow,
    Reverse,
    Search,
)
from billing.payments.engines.xml_envelope import XmlEnvelope
from billing.payments.gateway import Merchant, Message, Refusal, Setting
from billing.payments.results import TEXTS, Result, code_of
from billing.payments.wire import documents, values
from billing.payments.wire.documents import Markup, tag
from billing.payments.wire.values import BadValueError

NAMESPACE = "http://debt.privatbank.ua/Transfer"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
MAX_ROWS = 20_000
SETTINGS = (
    Setting("company_code", help="CompanyCode that the bank gave"),
    Setting("service_code", default="101", help="serviceCode that the bank gave; empty: any"),
    Setting("service_name", default="Internet"),
    Setting(
        "unknown_payment_code",
        kind="choice",
        default="98",
        choices=("98", "99"),
        help="ErrorInfo to a Cancel of a payment that we do not know",
    ),
)
CODES = {
    Result.OK: "0",
    Result.UNKNOWN_OPERATION: "1",
    Result.BAD_DOCUMENT: "1",
    Result.NOT_FOUND: "2",
    Result.BAD_ACCOUNT: "2",
    Result.BAD_AMOUNT: "3",
    Result.BAD_FORMAT: "3",
    Result.AMOUNT_TOO_SMALL: "3",
    Result.AMOUNT_TOO_LARGE: "3",
    Result.BAD_DATE: "4",
    Result.FORBIDDEN: "5",
    Result.AMBIGUOUS: "6",
    Result.DUPLICATE: "7",
    Result.WRONG_SERVICE: "8",
    Result.NOT_FOUND_PAYMENT: "98",
    Result.INACTIVE: "99",
    Result.CONFLICT: "99",
    Result.NOT_REVERSIBLE: "99",
    Result.INTERNAL: "99",
}
ACCOUNT_UNITS = ("billIdentifier", "bill_identifier", "ls")


# --- Reading -------------------------------------------------------------------------------------


def read_document(root: Element, body: bytes, merchant: Merchant, at: datetime) -> Message:
    """The message of a Transfer. Raises Refusal."""
    action = documents.attribute(root, "action")[:40]
    data = documents.child(root, "Data")
    named = Message(action, (), wire=action)
    if root.tag not in (f"{{{NAMESPACE}}}Transfer", "Transfer") or data is None:
        raise Refusal(Result.BAD_DOCUMENT, "no Transfer with Data", message=named)
    reader = READERS.get(action)
    if reader is None:
        raise Refusal(Result.UNKNOWN_OPERATION, action, message=named)
    try:
        call, wire = reader(data, merchant)
    except Refusal as refusal:
        raise Refusal(refusal.result, refusal.reason, message=named) from refusal
    except BadValueError as error:
        raise Refusal(Result.BAD_FORMAT, str(error), message=named) from error
    return Message(action, (call,), wire=wire or action)


def _units(data: Element) -> dict[str, str]:
    return {
        documents.attribute(unit, "name"): documents.attribute(unit, "value").strip()
        for unit in documents.children(data, "Unit")[:50]
    }


def _presearch(data: Element, merchant: Merchant) -> tuple[Call, str]:
    units = _units(data)
    by = {
        "name": units.get("fio", ""),
        "phone": units.get("phone", ""),
        "account": next((units[name] for name in ACCOUNT_UNITS if units.get(name)), ""),
    }
    return Search({name: values.short(text, 80) for name, text in by.items() if text}), ""


def _search(data: Element, merchant: Merchant) -> tuple[Call, str]:
    units = _units(data)
    told = next((units[name] for name in ACCOUNT_UNITS if units.get(name)), "")
    return Lookup(account=_account(told or documents.attribute(data, "presearchId"))), ""


def _account(told: str) -> str:
    try:
        return values.account_number(told)
    except BadValueError as error:
        raise Refusal(Result.BAD_ACCOUNT, str(error)) from error


def _amount(data: Element) -> int:
    """TotalSum, which is the sum of the services when they are told. Raises Refusal."""
    try:
        total = values.uah(documents.text(data, "TotalSum"))
        parts = [
            values.uah(documents.attribute(service, "sum"))
            for service in documents.children(data, "ServiceGroup/Service")
        ]
    except BadValueError as error:
        raise Refusal(Result.BAD_AMOUNT, str(error)) from error
    if parts and sum(parts) != total:
        raise Refusal(Result.BAD_AMOUNT, "the services do not sum to TotalSum")
    return total


def _service(data: Element, merchant: Merchant) -> str:
    ours = str(merchant["service_code"])
    told = [
        documents.attribute(service, "serviceCode")
        for service in documents.children(data, "ServiceGroup/Service")
    ]
    if ours and any(code != ours for code in told if code):
        raise Refusal(Result.WRONG_SERVICE, "another serviceCode")
    return next(iter(told), "")[:40]


def _created(data: Element) -> datetime | None:
    told = documents.text(data, "CreateTime")
    try:
        return values.iso_time(told) if told else None
    except BadValueError as error:
        raise Refusal(Result.BAD_DATE, str(error)) from error


def _payer(data: Element) -> str:
    payer = documents.child(data, "PayerInfo")
    return _account(
        documents.attribute(payer, "billIdentifier") or documents.attribute(payer, "ls")
    )


def _check(data: Element, merchant: Merchant) -> tuple[Call, str]:
    service = _service(data, merchant)
    _created(data)
    return Prepare(account=_payer(data), amount_kopecks=_amount(data), service=service), ""


def _pay(data: Element, merchant: Merchant) -> tuple[Call, str]:
    reference = documents.text(data, "CompanyInfo/CheckReference")
    told = documents.attribute(data, "id") or reference
    call = Pay(
        account=_payer(data),
        amount_kopecks=_amount(data),
        key=values.key(told),
        paid_at=_created(data),
        service=_service(data, merchant),
        reference=reference[:40],
        details={"unit": documents.text(data, "CompanyInfo/UnitCode")[:40]},
    )
    return call, ""


def _cancel(data: Element, merchant: Merchant) -> tuple[Call, str]:
    call = Reverse(
        key=values.key(documents.attribute(data, "id")),
        account=_payer(data),
        expect_kopecks=_amount(data),
        reason="Cancel",
    )
    return call, ""


def _upload(data: Element, merchant: Merchant) -> tuple[Call, str]:
    unit = documents.child(data, "Unit") if documents.children(data, "Unit") else data
    assert unit is not None
    number = values.key(documents.attribute(unit, "id"), max_length=80)
    payments = documents.children(unit, "PaymentGroup/Payment")
    if len(payments) > MAX_ROWS:
        raise Refusal(Result.BAD_FORMAT, "too many payments")
    told = documents.text(unit, "Sum")
    call = RegistryIn(
        name=f"REG-{number}",
        rows=tuple(_row(payment) for payment in payments),
        total_kopecks=values.uah(told) if told not in ("", "0", "0.00") else None,
        is_complete=False,
    )
    return call, f"REG-{number}"


def _row(payment: Element) -> RegistryRow:
    return RegistryRow(
        key=values.key(documents.attribute(payment, "id")),
        amount_kopecks=_amount(payment),
        account=_payer(payment),
        paid_at=_created(payment),
        reference=documents.text(payment, "CompanyInfo/CheckReference")[:100],
        is_reversal=documents.attribute(payment, "cancel").lower() in ("true", "1"),
    )


READERS = {
    "Presearch": _presearch,
    "Search": _search,
    "Check": _check,
    "Pay": _pay,
    "Cancel": _cancel,
    "Upload": _upload,
}


# --- Writing -------------------------------------------------------------------------------------


def layout(message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime) -> Markup:
    """The answer to an action; a repeated Pay is an error here (7)."""
    answer, action = answers[0], message.operation
    is_repeat = answer.result is Result.DUPLICATE and action == "Pay"
    if is_repeat or not answer.result.is_done:
        return _error(action, answer.result, answer.text, merchant)
    if action == "Presearch":
        return _transfer(action, _payers(answer.payers))
    if action == "Search" and answer.payer is not None:
        return _transfer(action, _debt(answer.payer, merchant, at))
    if action == "Upload":
        return _transfer(action, _data("Gateway", reference=str(message.wire)))
    prefix = "CHK-" if action == "Check" else ""
    return _transfer(action, _data("Gateway", reference=f"{prefix}{answer.reference}"))


def layout_refusal(refusal: Refusal, merchant: Merchant, at: datetime) -> Markup:
    """ErrorInfo."""
    action = refusal.message.operation if refusal.message is not None else ""
    return _error(action, refusal.result, "", merchant)


def _error(action: str, result: Result, text: str, merchant: Merchant) -> Markup:
    code = code_of(result, CODES)
    if result is Result.NOT_FOUND_PAYMENT:
        code = str(merchant["unknown_payment_code"])
    said = "Duplicate payment" if result is Result.DUPLICATE else text or TEXTS[result]
    return _transfer(action, _data("ErrorInfo", tag("Message", said), code=code))


def _transfer(action: str, data: Markup) -> Markup:
    return tag("Transfer", data, xmlns=NAMESPACE, interface="Debt", action=action)


def _data(kind: str, *inside: Markup, **attributes: str) -> Markup:
    return tag("Data", *inside, **{"xmlns:xsi": XSI, "xsi:type": kind, **attributes})


def _payers(payers: Sequence[Payer]) -> Markup:
    return _data(
        "PayersTable",
        tag("Headers", tag("Header", name="fio"), tag("Header", name="ls")),
        tag(
            "Columns",
            tag("Column", *(tag("Element", payer.name) for payer in payers)),
            tag("Column", *(tag("Element", payer.account) for payer in payers)),
        ),
    )


def _debt(payer: Payer, merchant: Merchant, at: datetime) -> Markup:
    parts = [tag("Fio", payer.name)]
    if payer.phone:
        parts.append(tag("Phone", payer.phone))
    if payer.address:
        parts.append(tag("Address", payer.address))
    entity = merchant.entity
    company = [tag("CompanyCode", str(merchant["company_code"]))]
    if entity is not None:
        company.append(tag("CompanyName", entity.name))
    who = {"billIdentifier": payer.account, "ls": payer.account}
    return _data(
        "DebtPack",
        tag("PayerInfo", *parts, **who),
        tag(
            "ServiceGroup",
            tag(
                "DebtService",
                tag(
                    "CompanyInfo",
                    *company,
                    mfo=(entity.mfo or None) if entity else None,
                    okpo=(entity.edrpou or None) if entity else None,
                    account=(entity.iban or None) if entity else None,
                ),
                tag(
                    "DebtInfo",
                    tag("Balance", values.uah_text(payer.balance_kopecks)),
                    amountToPay=values.uah_text(payer.recommended_kopecks),
                    debt=values.uah_text(payer.debt_kopecks),
                ),
                tag("ServiceName", str(merchant["service_name"])),
                tag("PayerInfo", **who),
                serviceCode=str(merchant["service_code"]),
            ),
        ),
        billPeriod=values.local_text(at, "%Y%m"),
    )


ENDPOINT = XmlEnvelope(
    code="debt",
    space="debt",
    read_document=read_document,
    layout=layout,
    layout_refusal=layout_refusal,
    declaration=DECLARATION,
)
