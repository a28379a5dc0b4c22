"""Portmone E: the old API of forms that answers in XML. For contracts that have no JSON API."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from billing.payments.calls import Seen
from billing.payments.engines import client
from billing.payments.gateway import (
    Link,
    Merchant,
    PaymentView,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.providers.portmone.checkout import (
    MAX_ROWS,
    WebClient,
    address,
    of_order,
    row_seen,
)
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError

# Names of the XML, and the same in the JSON API.
NAMES = {
    "shop_bill_id": "shopBillId",
    "shop_order_number": "shopOrderNumber",
    "bill_amount": "billAmount",
    "status": "status",
    "pay_date": "pay_date",
    "error_code": "errorCode",
    "error_message": "errorMessage",
    "attribute1": "attribute1",
    "auth_code": "authCode",
    "card_mask": "cardMask",
    "payee_commission": "payee_commission",
}


def _row(order: Element) -> Seen:
    return row_seen({mine: documents.text(order, theirs) for theirs, mine in NAMES.items()})


class LegacyClient(WebClient):
    """The redirect form, and the old calls behind it."""

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """What is known of the order."""
        fields = {"method": "result", "shop_order_number": payment.order, "status": "PAYED"}
        return of_order(self._orders(link, merchant, fields), payment)

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Give back all or a part."""
        fields = {
            "method": "return",
            "shop_bill_id": payment.key,
            "return_amount": values.uah_text(amount_kopecks),
        }
        rows = self._orders(link, merchant, fields)
        if not rows:
            raise ProviderUnreachableError("no row of a refund")
        return rows[-1]

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Take held money."""
        fields = {
            "method": "preauth",
            "action": "set_paid",
            "shop_bill_id": payment.key or payment.provider_ref,
            "postauth_amount": values.uah_text(amount_kopecks),
        }
        return of_order(self._orders(link, merchant, fields), payment)

    def fetch_registry(
        self, start: datetime, end: datetime, merchant: Merchant, link: Link
    ) -> Sequence[Seen]:
        """Paid orders of a half-open span."""
        fields = {
            "method": "result",
            "status": "PAYED",
            "start_date": values.local_text(start, "%d.%m.%Y"),
            "end_date": values.local_text(end - timedelta(seconds=1), "%d.%m.%Y"),
        }
        rows = self._orders(link, merchant, fields)
        return [row for row in rows if row.paid_at is not None and start <= row.paid_at < end]

    def _orders(self, link: Link, merchant: Merchant, fields: Mapping[str, str]) -> list[Seen]:
        sent = {
            **fields,
            "payee_id": str(merchant["payee_id"]),
            "login": str(merchant["login"]),
            "password": str(merchant["password"]),
            "encoding": "UTF-8",
            "lang": "uk",
        }
        reply = client.send_form(link, address(merchant), sent, operation=fields["method"])
        try:
            root = documents.xml(reply.body)
        except BadDocumentError as error:
            raise ProviderUnreachableError(str(error)) from error
        orders = documents.children(root, "orders/order") or documents.children(root, "order")
        code = documents.text(root, "request/error_code") or documents.text(root, "error_code")
        if not orders and code not in ("", "0"):
            text = documents.text(root, "request/error_message")
            raise ProviderRefusedError(values.short(code, 40), values.short(text, 200))
        if len(orders) > MAX_ROWS:
            raise ProviderUnreachableError("too many rows")
        return [client.understood(_row, order) for order in orders]
