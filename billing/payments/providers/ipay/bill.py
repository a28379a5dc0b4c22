"""iPay messages to the biller: `check` and `payment` XML in a form's field, a signed salt; kopecks.

The signature covers the salt only. So a salt counts once, and a payment is confirmed by asking the
Checkout API before it is credited, unless the merchant account says that there is none.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from billing.payments import recipes
from billing.payments.calls import Answer, Lookup, Seen, SeenState, Told, Trust
from billing.payments.engines.xml_envelope import XmlEnvelope
from billing.payments.gateway import Merchant, Message, Nonce, Refusal, Setting
from billing.payments.results import TEXTS, Result
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError, Markup, tag
from billing.payments.wire.values import BadValueError

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
CLIENT = "checkout"
SETTINGS = (
    Setting("mch_id", help="our merchant number; empty: any"),
    Setting("notify_key", kind="secret", required=True, help="key of notifications"),
    Setting("check_profile", default="A", choices=("A", "B"), help="answer of check"),
    Setting("check_ok", default="0", choices=("0", "1"), help="profile B: the code of success"),
    Setting("check_signed", kind="flag", default=False, help="on: a check without sign is refused"),
    Setting(
        "confirm",
        default="query",
        choices=("query", "salt"),
        help="query: the Checkout status call confirms each payment before it is credited (needs"
        " sign_key); salt: the signed salt and the networks are believed",
    ),
    Setting("account_path", default="acc", help="where the account is in info: acc, step_1.acc"),
)
STATES = {
    "5": SeenState.PAID,
    "13": SeenState.PAID,
    "9": SeenState.REVERSED,
    "2": SeenState.FAILED,
    "4": SeenState.FAILED,
    "6": SeenState.FAILED,
    "14": SeenState.FAILED,
    "3": SeenState.HELD,
    "1": SeenState.WAITING,
    "7": SeenState.WAITING,
    "8": SeenState.WAITING,
    "10": SeenState.WAITING,
    "11": SeenState.WAITING,
}


def read_document(root: Element, body: bytes, merchant: Merchant, at: datetime) -> Message:
    """The message by its root element. Raises Refusal."""
    word = documents.local(root.tag)
    if word == "check":
        return _check(root, merchant)
    if word == "payment":
        return _payment(root, merchant)
    raise Refusal(Result.UNKNOWN_OPERATION, word[:40])


def _holds(root: Element, merchant: Merchant) -> bool:
    salt, sign = documents.text(root, "salt"), documents.text(root, "sign")
    right = recipes.hmac_sha512_salt(salt, str(merchant["notify_key"]))
    return recipes.same_hex(sign, right) and bool(salt)


def _check(root: Element, merchant: Merchant) -> Message:
    salt, account = documents.text(root, "salt"), documents.text(root, "pay_account")
    named = Message("check", (), wire=salt)
    is_signed = documents.child(root, "sign") is not None
    if (is_signed or merchant["check_signed"]) and not _holds(root, merchant):
        raise Refusal(Result.BAD_SIGNATURE, "the salt's signature does not hold", message=named)
    _our_merchant(documents.text(root, "mch_id"), merchant, named)
    try:
        call = Lookup(account=values.account_number(account))
    except BadValueError as error:
        raise Refusal(Result.BAD_ACCOUNT, str(error), message=named) from error
    return Message("check", (call,), wire=salt, verified=("salt",) if is_signed else ())


def _our_merchant(told: str, merchant: Merchant, named: Message) -> None:
    ours = str(merchant["mch_id"])
    if ours and told and told != ours:
        raise Refusal(Result.WRONG_SERVICE, "another mch_id", message=named)


def _payment(root: Element, merchant: Merchant) -> Message:
    named = Message("payment", ())
    if not _holds(root, merchant):
        raise Refusal(Result.BAD_SIGNATURE, "the salt's signature does not hold", message=named)
    transactions = documents.children(root, "transactions/transaction")
    first = transactions[0] if transactions else root
    _our_merchant(documents.text(first, "mch_id"), merchant, named)
    key = values.digits(documents.attribute(root, "id"))
    status = documents.text(root, "status")
    state = STATES.get(status, SeenState.UNKNOWN)
    account, invoice, order = _info(first, merchant)
    gross = values.kopecks(documents.text(root, "amount"))
    told = documents.text(first, "invoice") or documents.text(root, "invoice")
    net = values.kopecks(told) if told else invoice or gross
    if documents.text(root, "currency", "UAH") not in ("UAH", "980", ""):
        raise Refusal(Result.BAD_FORMAT, "another currency", message=named)
    paid = documents.text(root, "timestamp")
    seen = Seen(
        state=state,
        key=key,
        provider_ref=key,
        order=order,
        account=account,
        amount_kopecks=net,
        gross_kopecks=gross,
        net_kopecks=net,
        fee_kopecks=max(0, gross - net),
        paid_at=values.unix_time(paid) if paid else None,
        reason=f"status {status[:10]} {documents.text(root, 'bnk_error_note')[:80]}".strip(),
        details={
            "card": values.short(documents.text(root, "card_mask"), 40),
            "rrn": values.short(documents.text(root, "rrn"), 40),
        },
    )
    says = hashlib.sha256(f"{key}|{status}|{account}|{net}|{gross}".encode()).hexdigest()
    is_asked = merchant["confirm"] == "query"
    if is_asked and not merchant["sign_key"] and state in (SeenState.PAID, SeenState.REVERSED):
        reason = "confirm=query needs sign_key; without Checkout set the networks and confirm=salt"
        raise Refusal(Result.TEMPORARY, reason, message=named)
    trust = Trust.HINT if is_asked else Trust.PROOF
    return Message(
        "payment",
        (Told(seen, trust, client=CLIENT, opens=is_asked),),
        verified=("salt",),
        nonce=Nonce(documents.text(root, "salt")[:128], says),
    )


def _info(transaction: Element, merchant: Merchant) -> tuple[str, int | None, str]:
    """Account, net amount and our order out of the JSON in `info`."""
    try:
        info = documents.json_object(documents.text(transaction, "info").encode())
    except BadDocumentError as error:
        raise BadValueError("info is no JSON") from error
    paths = (str(merchant["account_path"]), "acc", "step_1.acc")
    account = next((text for path in paths if (text := documents.words(info, path))), "")
    net = documents.words(info, "step_2.invoice")
    order = documents.words(info, "invoice") or documents.words(info, "order")
    return values.account_number(account), values.kopecks(net) if net else None, order[:40]


def layout(message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime) -> Markup:
    """The answer to a check in the agreed profile; of a payment only the status counts."""
    if message.operation != "check":
        return tag("response", tag("desc", "TRANSACTION OK"))
    answer = answers[0]
    info = {}
    if answer.payer is not None:
        balance = values.uah_text(answer.payer.balance_kopecks)
        info = {"name": answer.payer.name, "balance": balance}
    return _checked(answer.result, message.wire, merchant, at, info)


def _checked(
    result: Result, salt: str, merchant: Merchant, at: datetime, info: dict[str, str]
) -> Markup:
    is_ok = result.is_done
    if merchant["check_profile"] == "A":
        return tag(
            "response",
            tag("code", "1" if is_ok else "-1"),
            tag("desc", "OK" if is_ok else "FAIL"),
            tag("datetime", values.local_text(at, "%Y-%m-%dT%H:%M:%S")),
            tag("salt", salt),
        )
    good = str(merchant["check_ok"])
    return tag(
        "response",
        tag("check_code", good if is_ok else "1" if good == "0" else "0"),
        tag("desc", "ok" if is_ok else TEXTS[result]),
        tag("datetime", values.local_text(at)),
        *([tag("info", documents.json_bytes(info).decode())] if info else []),
    )


def layout_refusal(refusal: Refusal, merchant: Merchant, at: datetime) -> Markup:
    """The refusal of a check; of a payment its text, under a status that is not 200."""
    message = refusal.message
    if message is not None and message.operation == "check":
        return _checked(refusal.result, str(message.wire or ""), merchant, at, {})
    return tag("response", tag("desc", TEXTS[refusal.result]))


def status_of(operation: str, result: Result) -> int:
    """HTTP status: a payment that is not taken is not 200, so that iPay repeats it."""
    if operation == "check" or result.is_done or result in (Result.PENDING, Result.NOT_FOUND):
        return 200
    if result in (Result.BAD_SIGNATURE, Result.WRONG_ADDRESS):
        return 403
    return 503 if result in (Result.TEMPORARY, Result.INTERNAL) else 400


ENDPOINT = XmlEnvelope(
    code="bill",
    space="ipay",
    read_document=read_document,
    layout=layout,
    layout_refusal=layout_refusal,
    form_field="xml",
    declaration=DECLARATION,
    status_of=status_of,
)
