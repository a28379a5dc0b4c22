"""Portmone B and C: the redirect form, and the JSON API (links, results, refunds, holds).

What is credited after a checkout is the answer to `result`, asked of Portmone by us: neither the
browser's return nor the notification is signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState
from billing.payments.engines import client
from billing.payments.engines.client import BareClient
from billing.payments.gateway import (
    Checkout,
    Link,
    Merchant,
    Order,
    PaymentView,
    ProviderUnreachableError,
    Setting,
)
from billing.payments.wire import documents, values

ADDRESS = "https://www.portmone.com.ua"
TIME = "%d.%m.%Y %H:%M:%S"
MAX_ROWS = 20_000
SETTINGS = (
    Setting("login", help="JSON API: log-in"),
    Setting("password", kind="secret", help="JSON API: password"),
    Setting("key", kind="secret", help="JSON API: key of signatures"),
    Setting("shop_site_id", help="one of several sites of one payee"),
)
STATES = {
    "CREATED": SeenState.WAITING,
    "PREAUTH": SeenState.HELD,
    "PAYED": SeenState.PAID,
    "REJECTED": SeenState.FAILED,
    "RETURN": SeenState.REVERSED,
}


def address(merchant: Merchant) -> str:
    """The gateway; its last slash matters."""
    return client.at(merchant, ADDRESS) + "/gateway/"


def signature(order: str, amount: str, stamp: str, merchant: Merchant) -> str:
    """The signature of a link: payee, time, order and amount, then the log-in."""
    text = f"{merchant['payee_id']}{stamp}{order.encode().hex()}{amount}"
    signed = text.upper() + str(merchant["login"]).encode().hex().upper()
    return recipes.hmac_sha256_upper(signed, str(merchant["key"]))


def link_document(order: Order, merchant: Merchant, moment: datetime) -> dict[str, Any]:
    """The document of `createLinkPayment`."""
    stamp = values.local_text(moment, "%Y%m%d%H%M%S")
    amount = values.uah_text(order.amount_kopecks)
    return {
        "method": "createLinkPayment",
        "payee": {
            "payeeId": str(merchant["payee_id"]),
            "login": str(merchant["login"]),
            "dt": stamp,
            "signature": signature(order.number, amount, stamp, merchant),
            "shopSiteId": str(merchant["shop_site_id"]),
        },
        "order": {
            "description": order.description,
            "shopOrderNumber": order.number,
            "billAmount": amount,
            "attribute1": order.account,
            **{f"attribute{number}": "" for number in range(2, 6)},
            "successUrl": order.success_url or merchant.callback_url("/ok"),
            "failureUrl": order.failure_url or merchant.callback_url("/fail"),
            "preauthFlag": "Y" if order.hold else "N",
            "billCurrency": "UAH",
            "expTime": str(order.lifetime_s),
            "encoding": "UTF-8",
        },
        "token": {
            "tokenFlag": "N",
            "returnToken": "N",
            "token": "",
            "cardMask": "",
            "otherPaymentMethods": "Y",
        },
        "payer": {
            "lang": order.language,
            "emailAddress": order.email,
            "showEmail": "N",
        },
    }


def row_seen(row: Mapping[str, Any]) -> Seen:
    """One object of a `result`. Raises BadValueError.

    A row with an error is no payment, whatever its status; one of a refund has an amount below
    zero.
    """
    state = STATES.get(documents.words(row, "status").upper(), SeenState.UNKNOWN)
    if state is SeenState.PAID and documents.words(row, "errorCode") not in ("", "0"):
        state = SeenState.UNKNOWN
    amount = values.json_uah(row.get("billAmount"), allow_negative=True)
    if amount < 0 and state is SeenState.PAID:
        state = SeenState.REVERSED
    fee = documents.words(row, "payee_commission")
    fee_kopecks = values.uah(fee) if fee.strip("0.,") else 0
    paid_at = documents.words(row, "pay_date")
    return Seen(
        state=state,
        order=values.short(documents.words(row, "shopOrderNumber"), 120),
        key=values.key(documents.words(row, "shopBillId")),
        amount_kopecks=abs(amount),
        gross_kopecks=abs(amount),
        net_kopecks=abs(amount) - fee_kopecks if fee_kopecks < abs(amount) else None,
        fee_kopecks=fee_kopecks,
        paid_at=values.local_time(paid_at, TIME) if paid_at else None,
        account=values.short(documents.words(row, "attribute1"), 40),
        reason=values.short(documents.words(row, "errorMessage"), 200),
        details={
            "card": values.short(documents.words(row, "cardMask"), 40),
            "rrn": values.short(documents.words(row, "rrn"), 40),
            "auth_code": values.short(documents.words(row, "authCode"), 40),
        },
    )


def of_order(rows: Sequence[Seen], payment: PaymentView) -> Seen:
    """What several rows say of one order: paid, perhaps more than once, with the parts that went
    back; or not yet. A row of what went back names the order only: it is of the first payment that
    has so much left.
    """
    mine = [row for row in rows if row.order == payment.order or row.key == payment.key]
    paid = {row.key: row for row in mine if row.state is SeenState.PAID}
    if paid:
        # The one that we know is the order's; further ones are payments of their own.
        keys = sorted(paid, key=lambda key: key != payment.key)
        back = _sorted_back(mine, {key: paid[key].amount_kopecks or 0 for key in keys})
        first, *others = (
            replace(
                paid[key],
                refunds=tuple(back[key]),
                account=paid[key].account or payment.account,
            )
            for key in keys
        )
        return replace(first, others=tuple(others))
    for state in (SeenState.HELD, SeenState.FAILED):
        for row in mine:
            if row.state is state:
                return replace(row, account=row.account or payment.account)
    return Seen(SeenState.WAITING, order=payment.order)


def _sorted_back(rows: Sequence[Seen], left: dict[str, int]) -> dict[str, list[tuple[str, int]]]:
    """What went back of each payment; `left` is what each was paid."""
    found: dict[str, list[tuple[str, int]]] = {key: [] for key in left}
    for row in rows:
        kopecks = row.amount_kopecks or 0
        if _is_back(row):
            fits = [key for key in left if left[key] >= kopecks] or list(left)
            left[fits[0]] -= kopecks
            found[fits[0]].append((row.key, kopecks))
    return found


def _is_back(row: Seen) -> bool:
    return row.state is SeenState.REVERSED


class CheckoutClient(BareClient):
    """The JSON API."""

    offers = frozenset({"create_checkout", "query", "refund", "capture", "fetch_registry"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """A link to Portmone's page."""
        document = link_document(order, merchant, link.at)
        answer = client.object_of(
            client.send_json(link, address(merchant), document, operation="createLinkPayment")
        )
        if documents.words(answer, "errorCode") not in ("", "0"):
            raise client.refused(answer)
        return Checkout(client.needed(answer, "linkPayment"))

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """What `result` says of the order."""
        rows = self._rows(
            link,
            merchant,
            "result",
            {"shopOrderNumber": payment.order, "status": "PAYED"},
        )
        return of_order(rows, payment)

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Give back all or a part; the row of the refund has an id of its own."""
        is_part = amount_kopecks < payment.amount_kopecks
        rows = self._rows(
            link,
            merchant,
            "return",
            {
                "shopOrderNumber": payment.order,
                "returnAmount": values.uah_text(amount_kopecks),
                "message": "partial refund" if is_part else "refund",
            },
        )
        back = next((row for row in rows if _is_back(row)), None)
        if back is None:
            raise ProviderUnreachableError("no row of a refund")
        return back

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Take held money."""
        rows = self._rows(
            link,
            merchant,
            "confirmPreauth",
            {
                "shopbillId": payment.key or payment.provider_ref,
                "postauthAmount": values.uah_text(amount_kopecks),
            },
        )
        return of_order(rows, payment)

    def release(self, shop_bill_id: str, merchant: Merchant, link: Link) -> None:
        """Let held money go."""
        self._rows(link, merchant, "rejectPreauth", {"shopbillId": shop_bill_id})

    def close(self, order: str, merchant: Merchant, link: Link) -> None:
        """Close a link that nobody has paid."""
        self._rows(link, merchant, "closeInvoice", {"shopOrderNumber": order})

    def fetch_registry(
        self, start: datetime, end: datetime, merchant: Merchant, link: Link
    ) -> Sequence[Seen]:
        """Paid orders of a half-open span; Portmone counts in whole days of Kyiv."""
        last = end - timedelta(seconds=1)
        rows = self._rows(
            link,
            merchant,
            "result",
            {
                "status": "PAYED",
                "startDate": values.local_text(start, "%d.%m.%Y"),
                "endDate": values.local_text(last, "%d.%m.%Y"),
            },
        )
        return [row for row in rows if row.paid_at is not None and start <= row.paid_at < end]

    def _rows(
        self, link: Link, merchant: Merchant, method: str, data: Mapping[str, str]
    ) -> list[Seen]:
        document = {
            "method": method,
            "id": "1",
            "params": {
                "data": {
                    "login": str(merchant["login"]),
                    "password": str(merchant["password"]),
                    "payeeId": str(merchant["payee_id"]),
                    **data,
                }
            },
        }
        answer = client.send_json(link, address(merchant), document, operation=method)
        if isinstance(answer, dict):
            # One row may come alone; an error is an object too.
            if documents.words(answer, "shopBillId"):
                answer = [answer]
            elif any(documents.words(answer, name) not in ("", "0") for name in client.ERROR_NAMES):
                raise client.refused(answer)
            else:
                return []
        if not isinstance(answer, list) or len(answer) > MAX_ROWS:
            raise ProviderUnreachableError("the answer is no list of a bearable length")
        return [client.understood(row_seen, client.object_of(row)) for row in answer]


class WebClient(CheckoutClient):
    """The redirect form; all else by the JSON API."""

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The form that the payer's browser posts."""
        fields = {
            "payee_id": str(merchant["payee_id"]),
            "shop_order_number": order.number,
            "bill_amount": values.uah_text(order.amount_kopecks),
            "bill_currency": "UAH",
            "description": order.description,
            "attribute1": order.account,
            "success_url": order.success_url or merchant.callback_url("/ok"),
            "failure_url": order.failure_url or merchant.callback_url("/fail"),
            "lang": order.language,
            "preauth_flag": "Y" if order.hold else "N",
            "encoding": "UTF-8",
            "shop_site_id": str(merchant["shop_site_id"]),
        }
        if merchant["key"] and merchant["login"]:
            stamp = values.local_text(link.at, "%Y%m%d%H%M%S")
            fields["dt"] = stamp
            fields["signature"] = signature(order.number, fields["bill_amount"], stamp, merchant)
        return Checkout(address(merchant), tuple(pair for pair in fields.items() if pair[1]))
