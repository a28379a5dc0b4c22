"""iPay B and C: the simple form, and the Checkout XML API (create, status, capture, refund).

Answers carry a salt and its signature as our requests do: one that is not signed is no answer.
"""

from typing import Any
from xml.etree.ElementTree import Element

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
    ProviderRefusedError,
    ProviderUnreachableError,
    Setting,
)
from billing.payments.providers.ipay.bill import STATES
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError, Markup, tag

CHECKOUT = "https://checkout.ipay.ua"
SIMPLE = "https://api.ipay.ua"
DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
LANGUAGES = {"uk": "ua", "en": "en"}
SETTINGS = (
    Setting("sign_key", kind="secret", help="Checkout: key of our requests"),
    Setting("api_path", default="/api302", help="Checkout: version of the API"),
)


def info_of(order: Order) -> str:
    """What comes back in the payment's message: the account and our order."""
    info: dict[str, Any] = {"acc": order.account}
    if order.number:
        info["invoice"] = order.number
    return documents.json_bytes(info).decode()


def _auth(merchant: Merchant, link: Link) -> Markup:
    salt = link.salt(40)
    sign = recipes.hmac_sha512_salt(salt, str(merchant["sign_key"]))
    return tag("auth", tag("mch_id", str(merchant["mch_id"])), tag("salt", salt), tag("sign", sign))


def _hours(seconds: int) -> int:
    return min(240, max(1, -(-seconds // 3600)))


def seen_of(root: Element, payment: PaymentView) -> Seen:
    """What a status says. Raises BadValueError."""
    state = STATES.get(documents.text(root, "status"), SeenState.UNKNOWN)
    told, gross_told = documents.text(root, "invoice"), documents.text(root, "amount")
    net = values.kopecks(told) if told else None
    gross = values.kopecks(gross_told) if gross_told else net
    paid_at = documents.text(root, "init_date")
    is_paid = state is SeenState.PAID
    return Seen(
        state=state,
        order=payment.order,
        key=values.digits(documents.text(root, "pmt_id") or documents.text(root, "pid")),
        account=payment.account,
        amount_kopecks=net if is_paid else None,
        gross_kopecks=gross if is_paid else None,
        net_kopecks=net if is_paid else None,
        fee_kopecks=max(0, (gross or 0) - (net or 0)) if is_paid else 0,
        paid_at=values.local_time(paid_at, "%Y-%m-%d %H:%M:%S") if paid_at else None,
        reason=values.short(documents.text(root, "bnk_error_note"), 200),
        details={"card": values.short(documents.text(root, "card_mask"), 40)},
    )


class CheckoutClient(BareClient):
    """The Checkout API."""

    offers = frozenset({"create_checkout", "query", "refund", "capture"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """A payment and its page."""
        root = self._call(
            link,
            merchant,
            "create",
            tag("urls", tag("good", order.success_url), tag("bad", order.failure_url)),
            tag(
                "transactions",
                tag(
                    "transaction",
                    tag("amount", order.amount_kopecks),
                    tag("currency", "UAH"),
                    tag("desc", order.description),
                    tag("info", info_of(order)),
                ),
            ),
            tag("lifetime", _hours(order.lifetime_s)),
            tag("lang", LANGUAGES.get(order.language, "ua")),
        )
        page = documents.text(root, "url")
        if not page:
            raise ProviderUnreachableError("the answer has no url")
        return Checkout(page, provider_ref=documents.text(root, "pid"))

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """The status of the payment."""
        root = self._action(payment, merchant, link, "status")
        seen: Seen = client.understood(seen_of, root, payment)
        return seen

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Give back all or a part."""
        root = self._action(payment, merchant, link, "refund", tag("amount", amount_kopecks))
        is_done = documents.text(root, "status") == "9"
        state = SeenState.REVERSED if is_done else SeenState.WAITING
        return Seen(state, order=payment.order, key=documents.text(root, "pid"))

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Take held money, all or a part; then ask how it stands."""
        part: tuple[Markup, ...] = ()
        if amount_kopecks != payment.amount_kopecks:
            inside = tag("transaction", tag("amount", amount_kopecks))
            part = (tag("transactions", inside),)
        root = self._action(payment, merchant, link, "completion", *part)
        if documents.text(root, "status") != "5":
            return Seen(SeenState.WAITING, order=payment.order)
        return Seen(
            SeenState.PAID,
            order=payment.order,
            key=documents.text(root, "pid"),
            account=payment.account,
            amount_kopecks=amount_kopecks,
        )

    def _action(
        self, payment: PaymentView, merchant: Merchant, link: Link, action: str, *more: Markup
    ) -> Element:
        pid = payment.key or payment.provider_ref
        if not pid:
            raise ProviderUnreachableError("iPay has told no id of this payment")
        return self._call(link, merchant, action, tag("action", action), tag("pid", pid), *more)

    def _call(self, link: Link, merchant: Merchant, operation: str, *inside: Markup) -> Element:
        if not merchant["sign_key"]:
            raise ProviderRefusedError("NO_KEY", "this merchant account has no Checkout")
        document = DECLARATION + tag("payment", _auth(merchant, link), *inside)
        url = client.at(merchant, CHECKOUT) + str(merchant["api_path"])
        reply = client.send_form(link, url, {"data": document}, operation=operation)
        try:
            root = documents.xml(reply.body)
        except BadDocumentError as error:
            raise ProviderUnreachableError(str(error)) from error
        salt, sign = documents.text(root, "salt"), documents.text(root, "sign")
        right = recipes.hmac_sha512_salt(salt, str(merchant["sign_key"]))
        if salt and recipes.same_hex(sign, right):
            return root
        code = documents.text(root, "error") or documents.text(root, "code")
        if code and reply.status < 500:
            raise ProviderRefusedError(values.short(code, 60), documents.text(root, "desc")[:200])
        raise ProviderUnreachableError("the answer is not signed")


class WebClient(CheckoutClient):
    """The simple form; the payment comes by the message of channel A."""

    offers = frozenset({"create_checkout", "query"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The form that the payer's browser posts; it is not signed."""
        fields = {
            "id": str(merchant["mch_id"]),
            "amount": str(order.amount_kopecks),
            "desc": order.description,
            "good": order.success_url,
            "bad": order.failure_url,
            "lang": LANGUAGES.get(order.language, "ua"),
            "info": info_of(order),
        }
        return Checkout(client.at(merchant, SIMPLE) + "/simple/", tuple(fields.items()))
