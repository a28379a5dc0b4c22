"""EasyPay B: the merchant API. Orders for cards, their state, refunds, notifications.

`Sign` is base64(SHA-256(secret + body)), over the very bytes, both ways; a notification covers
order and amount. A page of the API is good for one order; the application's id lives for months.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState, Told, Trust
from billing.payments.engines import client
from billing.payments.engines.client import BareClient
from billing.payments.engines.form_callback import Webhook, by_status
from billing.payments.gateway import (
    Checkout,
    IncomingRequest,
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

ADDRESS = "https://merchantapi.easypay.ua"
SPACE = "merchant"
APP, PAGE = "easypay:app", "easypay:page"
APP_LIVES_S, PAGE_LIVES_S = 80 * 86_400, 15 * 60
SETTINGS = (
    Setting("partner_key", help="merchant API: PartnerKey"),
    Setting("service_key", help="merchant API: serviceKey"),
    Setting("merchant_secret", kind="secret", help="merchant API: secretKey"),
    Setting("locale", default="ua"),
    Setting(
        "state_call",
        kind="choice",
        default="orderState",
        choices=("orderState", "getOrder"),
        help="merchant API: how an order stands is asked by; getOrder is of one client only",
    ),
)
STATES = {
    "accepted": SeenState.PAID,
    "declined": SeenState.FAILED,
    "pending": SeenState.WAITING,
}
# Of the call getOrder; SUCCESS and PAID are both understood as paid.
ORDER_STATES = {
    "success": SeenState.PAID,
    "paid": SeenState.PAID,
    "processing": SeenState.WAITING,
    "fail": SeenState.FAILED,
    "error": SeenState.FAILED,
    "refund": SeenState.REVERSED,
}


def told(request: IncomingRequest, merchant: Merchant, moment: datetime) -> Message:
    """A notification in its present layout, or in that of v3.0."""
    secret = str(merchant["merchant_secret"])
    right = recipes.sha256_prefix_b64(request.body, secret)
    if not recipes.same(request.headers.get("sign", ""), right) or not secret:
        raise Refusal(Result.BAD_SIGNATURE, "Sign does not hold")
    document = documents.json_object(request.body)
    is_old = "action" in document and "OperationType" not in document
    message = _told_v3(document) if is_old else _told_now(document)
    service = (
        _flat(document, "additionalitems", "MerchantKey")
        if is_old
        else documents.words(document, "ServiceKey")
    )
    if service and service != str(merchant["service_key"]):
        raise Refusal(Result.WRONG_SERVICE, "another service key", message=message)
    return message


def _flat(document: Mapping[str, Any], where: str, name: str) -> str:
    """A text under a name that has dots in it."""
    inside = document.get(where)
    told_value = inside.get(name) if isinstance(inside, dict) else None
    return values.short(told_value, 100) if isinstance(told_value, str) else ""


def _told_now(document: Mapping[str, Any]) -> Message:
    operation = documents.words(document, "OperationType").lower()
    status = documents.words(document, "TransactionStatus").lower()
    key = values.digits(documents.words(document, "TransactionId"))
    amount = values.json_uah(document.get("Amount"))
    is_refund = operation == "refund"
    state = STATES.get(status, SeenState.UNKNOWN)
    if is_refund and state is SeenState.PAID:
        state = SeenState.REVERSED
    fee = documents.words(document, "Commission")
    seen = Seen(
        state=state,
        order=values.short(documents.words(document, "MerchantOrderId"), 60),
        key=key,
        amount_kopecks=amount,
        fee_kopecks=values.json_uah(document.get("Commission")) if fee.strip("0.") else 0,
        paid_at=values.iso_time(documents.words(document, "DateTime")),
        refunds=((f"{key}:refund:{amount}", amount),) if state is SeenState.REVERSED else (),
        reason=_flat(document, "AdditionalItems", "ErrorCode") or operation,
        details={
            "card": _flat(document, "AdditionalItems", "Card.Pan"),
            "brand": _flat(document, "AdditionalItems", "Card.BrandType"),
        },
    )
    word = values.short(f"{operation} {status}", 40)
    if is_refund and state is not SeenState.REVERSED:
        return Message(word, (), verified=("sha256",))
    # Only Declined was ever seen, Accepted is concluded: any other word is asked about.
    trust = Trust.HINT if state is SeenState.UNKNOWN else Trust.PROOF
    return Message(word, (Told(seen, trust, client="merchant"),), verified=("sha256",))


def _told_v3(document: Mapping[str, Any]) -> Message:
    action = documents.words(document, "action").lower()
    if action not in ("payment", "refund"):
        return Message(values.short(action, 40), (), verified=("sha256",))
    key = values.digits(documents.words(document, "details.payment_id"))
    amount = values.json_uah(documents.member(document, "details.amount"))
    seen = Seen(
        state=SeenState.PAID if action == "payment" else SeenState.REVERSED,
        order=values.short(documents.words(document, "order_id"), 60),
        key=key,
        amount_kopecks=amount,
        paid_at=values.iso_time(documents.words(document, "date")),
        refunds=((f"{key}:refund:{amount}", amount),) if action == "refund" else (),
        reason=action,
        details={"card": _flat(document, "additionalitems", "Card.Pan")},
    )
    return Message(f"v3 {action}", (Told(seen, Trust.PROOF),), verified=("sha256",))


class MerchantClient(BareClient):
    """Orders, their state, refunds of whole orders."""

    offers = frozenset({"create_checkout", "query", "refund"})

    def open_app(self, merchant: Merchant, link: Link) -> tuple[str, str]:
        """A new application id and its first page."""
        answer = self._send(link, merchant, "/api/system/createApp", {}, operation="createApp")
        app = client.needed(answer, "appId")
        link.remember(APP, app, seconds=APP_LIVES_S)
        return app, client.needed(answer, "pageId")

    def _session(self, merchant: Merchant, link: Link) -> dict[str, str]:
        """AppId and PageId for one request; a page is used once."""
        app, page = link.recall(APP), link.recall(PAGE)
        if not app:
            app, page = self.open_app(merchant, link)
        elif not page:
            answer = self._send(
                link,
                merchant,
                "/api/system/createPage",
                {},
                operation="createPage",
                more={"AppId": app},
            )
            page = client.needed(answer, "pageId")
        link.remember(PAGE, "", seconds=PAGE_LIVES_S)
        return {"AppId": app, "PageId": str(page)}

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """An order and its page."""
        document = {
            "order": {
                "serviceKey": str(merchant["service_key"]),
                "orderId": order.number,
                "description": order.description,
                "amount": values.uah_number(order.amount_kopecks),
                "additionalItems": {
                    "Merchant.UrlNotify": order.callback_url or merchant.callback_url("/notify")
                },
            },
            "urls": {"success": order.success_url, "failed": order.failure_url},
        }
        answer = self._signed(
            link, merchant, "/api/merchant/createOrder", document, operation="create"
        )
        return Checkout(client.needed(answer, "forwardUrl"))

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """The state of the order; the amount is the one that we asked for."""
        document: dict[str, Any] = {"serviceKey": str(merchant["service_key"])}
        if payment.key:
            document["transactionId"] = int(payment.key)
        else:
            document["orderId"] = payment.order
        call = str(merchant["state_call"])
        answer = self._signed(link, merchant, f"/api/merchant/{call}", document, operation="state")
        names, field = (
            (STATES, "paymentState") if call == "orderState" else (ORDER_STATES, "status")
        )
        state = names.get(documents.words(answer, field).lower(), SeenState.UNKNOWN)
        return Seen(
            state=state,
            order=payment.order,
            key=payment.key or documents.words(answer, "transactionId"),
            amount_kopecks=payment.amount_kopecks if state is SeenState.PAID else None,
        )

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Give the whole order back: the call has no amount."""
        if amount_kopecks != payment.amount_kopecks:
            raise ProviderRefusedError("WHOLE_ONLY", "EasyPay gives back whole orders only")
        document = {
            "orderId": payment.order,
            "serviceKey": str(merchant["service_key"]),
            "transactionId": int(payment.key),
        }
        answer = self._signed(
            link, merchant, "/api/merchant/cancelOrder", document, operation="refund"
        )
        refund_id = client.needed(answer, "refundTransactionId")
        return Seen(SeenState.REVERSED, order=payment.order, key=refund_id)

    def _signed(
        self,
        link: Link,
        merchant: Merchant,
        path: str,
        document: Mapping[str, Any],
        *,
        operation: str,
    ) -> dict[str, Any]:
        session = self._session(merchant, link)
        sign = recipes.sha256_prefix_b64(
            documents.json_bytes(document), str(merchant["merchant_secret"])
        )
        more = {**session, "Sign": sign}
        return self._send(link, merchant, path, document, operation=operation, more=more)

    def _send(
        self,
        link: Link,
        merchant: Merchant,
        path: str,
        document: Mapping[str, Any],
        *,
        operation: str,
        more: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        headers = {
            "PartnerKey": str(merchant["partner_key"]),
            "locale": str(merchant["locale"]),
            **(more or {}),
        }
        url = client.at(merchant, ADDRESS) + path
        answer = client.send_json(link, url, document, operation=operation, headers=headers)
        found = client.object_of(answer)
        error = found.get("error")
        if error:
            raise client.refused(error if isinstance(error, dict) else found, "ERROR")
        return found


ENDPOINT = Webhook("notify", SPACE, ("/notify",), told, by_status)
