"""Portmone bill XML: REQUESTS (debt), BILLS (payments), PAY_ORDERS (register) in a form's field."""

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from billing.payments.calls import (
    Answer,
    Call,
    Lookup,
    Pay,
    RegistryIn,
    RegistryRow,
    Reverse,
)
from billing.payments.engines.xml_envelope import XmlEnvelope
from billing.payments.gateway import Merchant, Message, Refusal, Setting
from billing.payments.results import TEXTS, Result, code_of
from billing.payments.wire import documents, values
from billing.payments.wire.documents import Markup, tag
from billing.payments.wire.values import BadValueError

MAX_PAYERS = 100
MAX_BILLS = 5_000
SPACE = "portmone"  # one for all channels: SHOPBILLID, shopBillId and BILL_ID are one number
SETTINGS = (
    Setting("payee_id", help="our id at Portmone (PAYEE); empty: any"),
    Setting("closed_code", default="15", help="RESULT to a payment for a closed account"),
)
REJECTS = {
    Result.OK: "0",
    Result.NOT_FOUND: "1",
    Result.BAD_ACCOUNT: "1",
    Result.INACTIVE: "3",
    Result.INTERNAL: "2",
}
CODES = {
    Result.OK: "0",
    Result.NOT_FOUND: "15",
    Result.BAD_ACCOUNT: "15",
    Result.INACTIVE: "15",
    Result.WRONG_SERVICE: "4",
    Result.NOT_FOUND_PAYMENT: "2",
    Result.BAD_FORMAT: "2",
    Result.FORBIDDEN: "4",
    Result.INTERNAL: "2",
}


# --- Reading -------------------------------------------------------------------------------------


def read_document(root: Element, body: bytes, merchant: Merchant, at: datetime) -> Message:
    """The message by its root element. Raises Refusal."""
    word = documents.local(root.tag)
    named = Message(word[:40], ())
    try:
        if word == "REQUESTS":
            return _requests(root, merchant)
        if word == "BILLS":
            return _bills(root, merchant)
        if word == "PAY_ORDERS":
            return _pay_orders(root, merchant)
    except BadValueError as error:
        raise Refusal(Result.BAD_FORMAT, str(error), message=named) from error
    except Refusal as refusal:
        raise Refusal(refusal.result, refusal.reason, message=named) from refusal
    raise Refusal(Result.UNKNOWN_OPERATION, word[:40], message=named)


def _our_payee(told: str, merchant: Merchant) -> None:
    ours = str(merchant["payee_id"])
    if ours and told and told != ours:
        raise Refusal(Result.WRONG_SERVICE, "another payee")


def _account(payer: Element | None) -> str:
    if payer is None:
        raise BadValueError("there is no PAYER")
    told = documents.text(payer, "CONTRACT_NUMBER") or documents.text(payer, "ATTRIBUTE1")
    return values.account_number(told)


def _requests(root: Element, merchant: Merchant) -> Message:
    _our_payee(documents.text(root, "PAYEE"), merchant)
    payers = documents.children(root, "PAYER")
    if not 0 < len(payers) <= MAX_PAYERS:
        raise Refusal(Result.BAD_FORMAT, "one to a hundred payers")
    accounts = [values.short(documents.text(payer, "CONTRACT_NUMBER"), 64) for payer in payers]
    calls = tuple(Lookup(account=account) for account in accounts)
    return Message("REQUESTS", calls, wire=accounts)


def _bills(root: Element, merchant: Merchant) -> Message:
    bills = documents.children(root, "BILL")
    if not 0 < len(bills) <= MAX_BILLS:
        raise Refusal(Result.BAD_FORMAT, "no BILL, or too many")
    return Message("BILLS", tuple(_bill(bill, merchant) for bill in bills))


def _bill(bill: Element, merchant: Merchant) -> Call:
    _our_payee(documents.text(bill, "PAYEE/CODE"), merchant)
    key = values.digits(documents.text(bill, "BILL_ID"))
    account = _account(documents.child(bill, "PAYER"))
    amount = values.uah(documents.text(bill, "PAYED_AMOUNT"), allow_negative=True)
    if amount < 0:
        return Reverse(key=key, account=account, amount_kopecks=-amount, reason="PAYED_AMOUNT < 0")
    number = documents.text(bill, "BILL_NUMBER")
    commission = documents.text(bill, "PAYED_COMMISSION")
    return Pay(
        account=account,
        amount_kopecks=amount,
        key=key,
        paid_at=_paid_at(bill),
        fee_kopecks=values.uah(commission) if commission.strip("0.,") else 0,
        # The number is ours where the client came by a checkout of ours.
        order=number if number.isascii() and number.isdigit() else "",
        details={
            name: values.short(documents.text(bill, wire), 60)
            for name, wire in (
                ("bill_number", "BILL_NUMBER"),
                ("auth_code", "AUTH_CODE"),
                ("card", "CARD_MASK"),
                ("bank", "BANK/NAME"),
            )
            if documents.text(bill, wire)
        },
    )


def _paid_at(bill: Element) -> datetime | None:
    day, clock = documents.text(bill, "PAY_DATE"), documents.text(bill, "PAY_TIME")
    return values.iso_time(f"{day}T{clock or '00:00:00'}") if day else None


def _pay_orders(root: Element, merchant: Merchant) -> Message:
    orders = documents.children(root, "PAY_ORDER")
    if not 0 < len(orders) <= MAX_PAYERS:
        raise Refusal(Result.BAD_FORMAT, "no PAY_ORDER, or too many")
    return Message("PAY_ORDERS", tuple(_pay_order(order, merchant) for order in orders))


def _pay_order(order: Element, merchant: Merchant) -> RegistryIn:
    _our_payee(documents.text(order, "PAYEE/CODE"), merchant)
    bills = documents.children(order, "BILLS/BILL")
    if len(bills) > MAX_BILLS:
        raise Refusal(Result.BAD_FORMAT, "too many bills")
    return RegistryIn(
        name=values.digits(documents.text(order, "PAY_ORDER_ID")),
        rows=tuple(_row(bill) for bill in bills),
        total_kopecks=values.uah(documents.text(order, "PAY_ORDER_AMOUNT"), allow_negative=True),
        is_complete=False,
    )


def _row(bill: Element) -> RegistryRow:
    amount = values.uah(documents.text(bill, "PAYED_AMOUNT"), allow_negative=True)
    return RegistryRow(
        key=values.digits(documents.text(bill, "BILL_ID")),
        amount_kopecks=abs(amount),
        account=_account(documents.child(bill, "PAYER")),
        paid_at=_paid_at(bill),
        is_reversal=amount < 0,
    )


# --- Writing -------------------------------------------------------------------------------------


def layout(message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime) -> Markup:
    """RESPONSE of a debt request, RESULT of everything else."""
    if message.operation == "REQUESTS":
        return _response(message.wire, answers, merchant, at)
    wrong = next((one for one in answers if not one.result.is_done), None)
    if wrong is not None:
        return _result(wrong.result, merchant)
    is_repeat = all(one.result is Result.DUPLICATE for one in answers)
    trn = answers[0].reference if message.operation == "BILLS" and len(answers) == 1 else ""
    parts = [tag("ERROR_CODE", "0"), tag("REASON", "Duplicate" if is_repeat else "OK")]
    return tag("RESULT", *parts, *([tag("TRN_ID", trn)] if trn else []))


def _response(
    accounts: Sequence[str], answers: Sequence[Answer], merchant: Merchant, at: datetime
) -> Markup:
    payee = str(merchant["payee_id"])
    period = values.local_text(at, "%m%y")
    bills, rejects = [], []
    for account, answer in zip(accounts, answers, strict=True):
        number = tag("CONTRACT_NUMBER", account)
        if answer.payer is None:
            code = code_of(answer.result, REJECTS)
            said = "Payer not found" if code == "1" else TEXTS[answer.result]
            rejects.append(
                tag(
                    "REJECT",
                    tag("PAYER", number),
                    tag("ERROR_CODE", code),
                    tag("ERROR_MESSAGE", said),
                )
            )
            continue
        shown = {"NAME": answer.payer.name, "ADDRESS": answer.payer.address}
        bills.append(
            tag(
                "BILL",
                tag("PAYEE", tag("CODE", payee)),
                tag("PAYER", number, **{name: text for name, text in shown.items() if text}),
                tag("BILL_DATE", values.local_text(at, "%Y-%m-%d")),
                tag("BILL_NUMBER", f"B{account}-{period}"),
                tag("AMOUNT", values.uah_text(answer.payer.recommended_kopecks)),
                tag("DEBT", values.uah_text(answer.payer.debt_kopecks)),
            )
        )
    parts = []
    if bills:
        parts.append(tag("BILLS", tag("PAYEE", payee), tag("BILL_PERIOD", period), *bills))
    if rejects:
        parts.append(tag("REJECTS", tag("PAYEE", payee), *rejects))
    return tag("RESPONSE", *parts)


def layout_refusal(refusal: Refusal, merchant: Merchant, at: datetime) -> Markup:
    """SYSTEM_ERROR to a debt request, RESULT to everything else."""
    if refusal.message is not None and refusal.message.operation == "REQUESTS":
        reason = tag("REASON", TEXTS[refusal.result])
        return tag("RESPONSE", tag("SYSTEM_ERROR", tag("ERROR_CODE", "2"), reason))
    return _result(refusal.result, merchant)


def _result(result: Result, merchant: Merchant) -> Markup:
    code = code_of(result, CODES)
    if result is Result.INACTIVE:
        return tag(
            "RESULT",
            tag("ERROR_CODE", str(merchant["closed_code"])),
            tag("REASON", TEXTS[result]),
        )
    said = "Payer not found" if code == "15" else TEXTS[result]
    return tag("RESULT", tag("ERROR_CODE", code), tag("REASON", said))


ENDPOINT = XmlEnvelope(
    code="bill",
    space=SPACE,
    read_document=read_document,
    layout=layout,
    layout_refusal=layout_refusal,
    form_field="data",
)
