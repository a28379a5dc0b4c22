"""Privat24 G: LiqPay, today's online button. A form, a signed callback, status, refund, capture.

`data` is base64 of JSON, `signature` base64(SHA-1(key + data + key)): it covers all of `data`.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
    PaymentView,
    ProviderRefusedError,
    Refusal,
    Setting,
)
from billing.payments.results import Result
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError
from billing.payments.wire.values import BadValueError

ADDRESS = "https://www.liqpay.ua"
SPACE = "liqpay"
SETTINGS = (
    Setting("liqpay_public_key", help="LiqPay: public key of the merchant"),
    Setting("liqpay_private_key", kind="secret", help="LiqPay: private key of the merchant"),
    Setting("liqpay_paytypes", help="LiqPay: methods offered, privat24 alone for instance"),
    Setting("liqpay_sandbox", kind="flag", default=False, help="LiqPay: test payments count"),
)
STATES = {
    "success": SeenState.PAID,
    "sandbox": SeenState.PAID,
    "hold_wait": SeenState.HELD,
    "failure": SeenState.FAILED,
    "error": SeenState.FAILED,
    "reversed": SeenState.REVERSED,
    "wait_secure": SeenState.WAITING,
    "wait_accept": SeenState.WAITING,
    "wait_lc": SeenState.WAITING,
    "processing": SeenState.WAITING,
}


def pack(document: Mapping[str, Any], merchant: Merchant) -> dict[str, str]:
    """The pair of fields that carries a document."""
    data = base64.b64encode(documents.json_bytes(document)).decode()
    private = str(merchant["liqpay_private_key"])
    return {"data": data, "signature": recipes.sha1_sandwich_b64(data, private)}


def verify(fields: Fields, merchant: Merchant) -> bool:
    """Whether `signature` holds."""
    private = str(merchant["liqpay_private_key"])
    right = recipes.sha1_sandwich_b64(fields.get("data", ""), private)
    return recipes.same(fields.get("signature", "").strip(), right) and bool(private)


def unpack(data: str) -> dict[str, Any]:
    """The document in `data`. Raises BadValueError."""
    try:
        return documents.json_object(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError, BadDocumentError) as error:
        raise BadValueError("data is no base64 of a JSON object") from error


def seen_of(document: Mapping[str, Any]) -> Seen:
    """What a callback or a status says. Raises BadValueError."""
    word = documents.words(document, "status")
    state = STATES.get(word, SeenState.UNKNOWN)
    needs_amount = state is SeenState.PAID
    if needs_amount and documents.words(document, "currency") != "UAH":
        raise BadValueError("another currency")
    amount = values.json_uah(document.get("amount")) if needs_amount else None
    told_fee = documents.words(document, "receiver_commission")
    fee = values.json_uah(document.get("receiver_commission")) if told_fee.strip("0.") else 0
    ended = documents.words(document, "end_date")
    is_moment = ended.isdigit() and needs_amount
    return Seen(
        state=state,
        order=values.short(documents.words(document, "order_id"), 60),
        key=documents.words(document, "payment_id")[:60],
        amount_kopecks=amount,
        gross_kopecks=amount,
        net_kopecks=amount - fee if amount is not None and 0 < fee < amount else None,
        fee_kopecks=fee if amount is not None and fee < amount else 0,
        paid_at=values.unix_time(int(ended) // 1000) if is_moment else None,
        reason=values.short(documents.words(document, "err_code") or word, 100),
        details={
            "method": values.short(documents.words(document, "paytype"), 30),
            "card": values.short(documents.words(document, "sender_card_mask2"), 40),
            "payer_phone": values.short(documents.words(document, "sender_phone"), 30),
        },
    )


def told(fields: Fields, merchant: Merchant, moment: datetime) -> Message:
    """The callback."""
    document = unpack(fields.get("data", ""))
    word = values.short(documents.words(document, "status"), 30)
    if documents.words(document, "public_key") != str(merchant["liqpay_public_key"]):
        raise Refusal(Result.WRONG_SERVICE, "another public key")
    if word == "sandbox" and not merchant["liqpay_sandbox"]:
        return Message(word, ())
    seen = seen_of(document)
    if seen.state is SeenState.PAID and not seen.key:
        raise BadValueError("no payment_id")
    return Message(word, (Told(seen, Trust.PROOF, client="liqpay"),))


class LiqpayClient(BareClient):
    """The form and the server's calls."""

    offers = frozenset({"create_checkout", "query", "refund", "capture"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The form that the payer's browser posts."""
        document: dict[str, Any] = {
            "version": 3,
            "public_key": str(merchant["liqpay_public_key"]),
            "action": "hold" if order.hold else "pay",
            "amount": values.uah_number(order.amount_kopecks),
            "currency": "UAH",
            "description": order.description,
            "order_id": order.number,
            "server_url": order.callback_url or merchant.callback_url("/liqpay"),
            "result_url": order.success_url,
        }
        if merchant["liqpay_paytypes"]:
            document["paytypes"] = str(merchant["liqpay_paytypes"])
        if merchant["liqpay_sandbox"]:
            document["sandbox"] = 1
        url = client.at(merchant, ADDRESS) + "/api/3/checkout"
        return Checkout(url, tuple(pack(document, merchant).items()))

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """The status of the order."""
        answer = self._request(link, merchant, "status", {"order_id": payment.order})
        if documents.words(answer, "status") == "sandbox" and not merchant["liqpay_sandbox"]:
            return Seen(SeenState.WAITING, order=payment.order)
        seen: Seen = client.understood(seen_of, answer)
        return seen

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Give back all or a part."""
        amount = values.uah_number(amount_kopecks)
        answer = self._request(
            link, merchant, "refund", {"order_id": payment.order, "amount": amount}
        )
        is_done = documents.words(answer, "status") in ("reversed", "success")
        state = SeenState.REVERSED if is_done else SeenState.WAITING
        return Seen(state, order=payment.order, key=documents.words(answer, "payment_id")[:60])

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Take held money."""
        amount = values.uah_number(amount_kopecks)
        answer = self._request(
            link, merchant, "hold_completion", {"order_id": payment.order, "amount": amount}
        )
        if documents.words(answer, "status") == "success":
            return self.query(payment, merchant, link)
        return Seen(SeenState.WAITING, order=payment.order)

    @staticmethod
    def _request(
        link: Link, merchant: Merchant, action: str, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        if not merchant["liqpay_private_key"]:
            raise ProviderRefusedError("NO_KEY", "this merchant account has no LiqPay")
        document = {
            "version": 3,
            "public_key": str(merchant["liqpay_public_key"]),
            "action": action,
            **more,
        }
        url = client.at(merchant, ADDRESS) + "/api/request"
        reply = client.send_form(link, url, pack(document, merchant), operation=action)
        answer = client.object_of(client.json_of(reply))
        if documents.words(answer, "result") == "error":
            code = documents.words(answer, "err_code") or "error"
            text = documents.words(answer, "err_description")
            raise ProviderRefusedError(values.short(code, 60), values.short(text, 200))
        return answer


ENDPOINT = FormCallback("liqpay", SPACE, ("/liqpay",), verify, told, by_status, verified="sha1")
