"""Privat24 C: the merchant (ishop) form and its callback. Closed for new merchants, kept for old.

`payment` is a form inside of the form's field; sha1(md5(payment + password)) is over it exactly as
it was received, so order and amount are covered.
"""

from datetime import datetime

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState, Told, Trust
from billing.payments.engines import client
from billing.payments.engines.client import BareClient
from billing.payments.engines.form_callback import Fields, FormCallback, by_status
from billing.payments.gateway import (
    Checkout,
    Link,
    Merchant,
    Message,
    Order,
    Refusal,
    Setting,
)
from billing.payments.results import Result
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError
from billing.payments.wire.values import BadValueError

ADDRESS = "https://api.privatbank.ua"
SETTINGS = (
    Setting("ishop_merchant", help="ishop: our merchant number"),
    Setting("ishop_password", kind="secret", help="ishop: password of the merchant"),
    Setting("ishop_test", kind="flag", default=False, help="ishop: test payments are credited"),
)
STATES = {
    "ok": SeenState.PAID,
    "test": SeenState.PAID,
    "wait": SeenState.WAITING,
    "fail": SeenState.FAILED,
}


def verify(fields: Fields, merchant: Merchant) -> bool:
    """Whether `signature` holds."""
    password = str(merchant["ishop_password"])
    right = recipes.sha1_md5(fields.get("payment", ""), password)
    return recipes.same_hex(fields.get("signature", ""), right) and bool(password)


def told(fields: Fields, merchant: Merchant, moment: datetime) -> Message:
    """The payment inside."""
    try:
        inside = documents.form(fields.get("payment", "").encode("utf-8", "replace"))
    except BadDocumentError as error:
        raise BadValueError(str(error)) from error
    if inside.get("merchant") != str(merchant["ishop_merchant"]):
        raise Refusal(Result.WRONG_SERVICE, "another merchant")
    if inside.get("ccy") != "UAH":
        raise BadValueError("another currency")
    word = values.short(inside.get("state", ""), 20)
    if word == "test" and not merchant["ishop_test"]:
        return Message(word, ())
    order = values.short(inside.get("order", ""), 60)
    date = inside.get("date", "")
    seen = Seen(
        state=STATES.get(word, SeenState.UNKNOWN),
        order=order,
        key=values.key(inside.get("ref", "") or order),
        amount_kopecks=values.uah(inside.get("amt", "")),
        paid_at=values.local_time(date, "%d%m%y%H%M%S") if date else None,
        account=values.short(inside.get("ext_details", ""), 40).strip(),
        reason=f"state {word}",
        details={"payer_phone": values.short(inside.get("sender_phone", ""), 30)},
    )
    return Message(word, (Told(seen, Trust.PROOF),))


class FormClient(BareClient):
    """The redirect form; it is not signed."""

    offers = frozenset({"create_checkout"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The form that the payer's browser posts."""
        fields = {
            "amt": values.uah_text(order.amount_kopecks),
            "ccy": "UAH",
            "merchant": str(merchant["ishop_merchant"]),
            "order": order.number,
            "details": order.description,
            "ext_details": order.account,
            "return_url": order.success_url,
            "server_url": order.callback_url or merchant.callback_url("/ishop"),
            "pay_way": "privat24",
        }
        return Checkout(client.at(merchant, ADDRESS) + "/p24api/ishop", tuple(fields.items()))


ENDPOINT = FormCallback(
    "ishop", "ishop", ("/ishop",), verify, told, by_status, verified="sha1(md5)"
)
