"""Our side of Platon: the checkout form, an invoice by a saved card, status, refund, capture.

A refund is accepted at once and told as done by a callback; it is not asked for in the first ten
minutes, and the status of one order no more than once a minute: the provider's rules.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState
from billing.payments.engines.client import (
    BareClient,
    at,
    json_of,
    object_of,
    refused,
    send_form,
)
from billing.payments.gateway import (
    Checkout,
    Link,
    Merchant,
    Order,
    PaymentView,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.providers.platon.callback import card_ends
from billing.payments.wire import documents, values

ADDRESS = "https://secure.platononline.com"
REFUND_AFTER = timedelta(minutes=10)
STATUS_EVERY_S = 60
# The engine's family says so; this provider has not confirmed it (`believes_status`).
STATES = {
    "SETTLED": SeenState.PAID,
    "PENDING": SeenState.HELD,
    "PREPARE": SeenState.WAITING,
    "3DS": SeenState.WAITING,
    "REDIRECT": SeenState.WAITING,
    "DECLINED": SeenState.FAILED,
    "REVERSAL": SeenState.REVERSED,
    "VOID": SeenState.REVERSED,
    "CHARGEBACK": SeenState.REVERSED,
}


def transaction_hash(payment: PaymentView, merchant: Merchant) -> str:
    """The digest of calls that name a transaction."""
    email = payment.details.get("email") or str(merchant["default_email"])
    parts = [(email, True), (str(merchant["password"]), False), (payment.key, False)]
    if merchant["hash_formula"] == "full":
        parts.append((card_ends(payment.details.get("card", "")), True))
    return recipes.md5_rev_upper(parts)


def order_hash(order: str, merchant: Merchant) -> str:
    """The digest of calls that name an order."""
    return recipes.md5_rev_upper([(str(merchant["password"]), False), (order, False)])


class PlatonClient(BareClient):
    """Checkout form and server API."""

    offers = frozenset({"create_checkout", "query", "refund", "capture"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The form that the payer's browser posts; its digest covers the amount."""
        document = {
            "amount": values.uah_text(order.amount_kopecks),
            "description": order.description,
            "currency": "UAH",
        }
        text = json.dumps(document, separators=(",", ":"))
        data = base64.b64encode(text.encode()).decode()
        signed = [str(merchant["key"]), "CC", data, order.success_url, str(merchant["password"])]
        fields = {
            "payment": "CC",
            "key": signed[0],
            "url": order.success_url,
            "error_url": order.failure_url,
            "data": data,
            "order": order.number,
            "ext1": order.account,
            "email": order.email or str(merchant["default_email"]),
            "phone": order.phone,
            "lang": "EN" if order.language == "en" else "UK",
            "sign": recipes.md5_rev_upper([(value, True) for value in signed]),
        }
        url = at(merchant, ADDRESS) + "/payment/auth"
        return Checkout(url, tuple(pair for pair in fields.items() if pair[1]))

    def pay_by_token(
        self, order: Order, card_token: str, merchant: Merchant, link: Link
    ) -> Checkout:
        """An invoice for a saved card (the answer's layout is not confirmed)."""
        amount, payment = values.uah_text(order.amount_kopecks), "CCT"
        fields = {
            "key": str(merchant["key"]),
            "order": order.number[:32],
            "action": "CREATE",
            "payment": payment,
            "description": order.description,
            "amount": amount,
            "card_token": card_token,
            "url": order.success_url,
            "error_url": order.failure_url,
            "sign": recipes.md5_rev_upper(
                [
                    (str(merchant["key"]), False),
                    (payment, False),
                    (amount, False),
                    (str(merchant["password"]), True),
                ]
            ),
        }
        answer = self._call(
            link,
            at(merchant, ADDRESS) + "/post-invoice/",
            {name: value for name, value in fields.items() if value},
            operation="invoice",
        )
        names = ("redirect_url", "url", "link", "invoice_url")
        page = next((text for name in names if (text := documents.words(answer, name))), "")
        return Checkout(page, provider_ref=documents.words(answer, "trans_id"))

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """What Platon says of the transaction, or of the order while no transaction is known."""
        once = f"platon:asked:{payment.order or payment.key}"
        if link.recall(once):
            raise ProviderUnreachableError("asked about this order less than a minute ago")
        link.remember(once, "1", seconds=STATUS_EVERY_S)
        fields = {"client_key": str(merchant["key"])}
        if payment.key:
            fields |= {
                "action": "GET_TRANS_STATUS",
                "trans_id": payment.key,
                "hash": transaction_hash(payment, merchant),
            }
        else:
            fields |= {
                "action": "GET_TRANS_STATUS_BY_ORDER",
                "order_id": payment.order,
                "hash": order_hash(payment.order, merchant),
            }
        answer = self._post(link, merchant, fields, operation="status")
        state = STATES.get(documents.words(answer, "status").upper(), SeenState.UNKNOWN)
        return Seen(
            state=state if merchant["believes_status"] else SeenState.UNKNOWN,
            order=payment.order,
            key=payment.key or documents.words(answer, "trans_id"),
            amount_kopecks=payment.amount_kopecks if state is SeenState.PAID else None,
            reason=values.short(documents.words(answer, "decline_reason"), 200),
        )

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Ask for the money to go back; a callback tells when it has."""
        told_at = payment.details.get("told_at", "")
        if told_at and link.at < datetime.fromisoformat(told_at) + REFUND_AFTER:
            raise ProviderRefusedError("TOO_EARLY", "ten minutes after the payment at the earliest")
        fields = {
            "action": "CREDITVOID",
            "client_key": str(merchant["key"]),
            "trans_id": payment.key,
            "amount": values.uah_text(amount_kopecks),
            "hash": transaction_hash(payment, merchant),
        }
        if merchant["refunds_at_once"]:
            fields["immediately"] = "Y"
        self._post(link, merchant, fields, operation="refund")
        return Seen(SeenState.WAITING, order=payment.order, key=payment.key)

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Take the money of a two-stage payment."""
        fields = {
            "action": "CAPTURE",
            "client_key": str(merchant["key"]),
            "trans_id": payment.key or payment.provider_ref,
            "amount": values.uah_text(amount_kopecks),
            "hash": transaction_hash(payment, merchant),
        }
        answer = self._post(link, merchant, fields, operation="capture")
        is_done = documents.words(answer, "result").upper() == "SUCCESS"
        return Seen(
            SeenState.PAID if is_done else SeenState.WAITING,
            order=payment.order,
            key=documents.words(answer, "trans_id") or fields["trans_id"],
            amount_kopecks=amount_kopecks if is_done else None,
        )

    def _post(
        self, link: Link, merchant: Merchant, fields: Mapping[str, str], *, operation: str
    ) -> dict[str, Any]:
        return self._call(link, at(merchant, ADDRESS) + "/post-unq/", fields, operation=operation)

    @staticmethod
    def _call(link: Link, url: str, fields: Mapping[str, str], *, operation: str) -> dict[str, Any]:
        answer = object_of(json_of(send_form(link, url, fields, operation=operation)))
        result = documents.words(answer, "result").upper()
        if result in ("DECLINED", "ERROR"):
            reason = documents.words(answer, "decline_reason")
            raise ProviderRefusedError(result, reason or refused(answer).text)
        if operation != "invoice" and result not in ("SUCCESS", "ACCEPTED"):
            raise ProviderUnreachableError(f"result {values.short(result, 40)!r}")
        return answer
