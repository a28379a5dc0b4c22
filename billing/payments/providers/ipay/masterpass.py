"""iPay D: the Masterpass wallet. Saved cards of a payer, and payments by them.

What is credited comes by the message of channel A whose id is `pmt_id`; a charge here only says
where the payer goes next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.payments import recipes
from billing.payments.calls import SeenState
from billing.payments.engines import client
from billing.payments.gateway import (
    Link,
    Merchant,
    Order,
    ProviderRefusedError,
    ProviderUnreachableError,
    Setting,
)
from billing.payments.providers.ipay.checkout import LANGUAGES, CheckoutClient
from billing.payments.wire import documents, values

ADDRESS = "https://walletmc.ipay.ua"
MAX_CARDS = 100
SETTINGS = (
    Setting("masterpass_login", help="Masterpass: log-in"),
    Setting("masterpass_key", kind="secret", help="Masterpass: key of signatures"),
    Setting(
        "masterpass_hash",
        kind="choice",
        default="md5",
        choices=recipes.TIME_KEY_HASHES,
        help="Masterpass: digest of time and key",
    ),
)
STATES = {"5": SeenState.PAID, "4": SeenState.FAILED, "0": SeenState.WAITING}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose wallet it is: a telephone (`380…`) and our number of the client."""

    phone: str
    account: str
    language: str = "uk"


@dataclass(frozen=True, slots=True)
class Card:
    """A saved card: its name at iPay and its masked number."""

    alias: str
    mask: str
    is_expired: bool


@dataclass(frozen=True, slots=True)
class Charge:
    """A payment by a saved card; `redirect_url`: the bank wants to ask the payer."""

    payment_id: str
    state: SeenState
    amount_kopecks: int
    redirect_url: str = ""


class MasterpassClient(CheckoutClient):
    """The wallet; a payment is asked about by the Checkout API."""

    offers = frozenset({"query"})

    def status(self, holder: Holder, merchant: Merchant, link: Link) -> str:
        """`exists`, `invite`, `notexists` or `blocked`."""
        answer = self._call_wallet(link, merchant, "Check", holder)
        return client.needed(answer, "user_status")

    def cards(self, holder: Holder, merchant: Merchant, link: Link) -> list[Card]:
        """The saved cards."""
        rows = self._call_wallet(link, merchant, "List", holder).get("cards") or []
        if not isinstance(rows, list) or len(rows) > MAX_CARDS:
            raise ProviderUnreachableError("no list of cards")
        return [
            Card(
                client.needed(row, "card_alias"),
                documents.words(row, "mask"),
                documents.words(row, "is_expired").lower() in ("y", "1", "yes", "true"),
            )
            for row in rows
            if isinstance(row, dict)
        ]

    def page(
        self,
        action: str,
        holder: Holder,
        merchant: Merchant,
        link: Link,
        *,
        success_url: str,
        error_url: str,
    ) -> str:
        """The address of iPay's page that registers (`RegisterByURL`, `InviteByURL`,
        `RegisterPurchaseByURL`) or adds a card (`AddcardByURL`).
        """
        urls = {"success_url": success_url, "error_url": error_url}
        return client.needed(self._call_wallet(link, merchant, action, holder, urls), "url")

    def delete_card(self, alias: str, holder: Holder, merchant: Merchant, link: Link) -> None:
        """Forget a card."""
        self._call_wallet(link, merchant, "DeleteCard", holder, {"card_alias": alias})

    def unlink(self, holder: Holder, merchant: Merchant, link: Link) -> None:
        """Forget the payer."""
        self._call_wallet(link, merchant, "UnlinkUser", holder)

    def widget_session(self, order: Order, holder: Holder, merchant: Merchant, link: Link) -> str:
        """A session of the browser's widget."""
        more = {"pmt_desc": order.description, "pmt_info": {"acc": order.account}}
        answer = self._call_wallet(link, merchant, "InitWidgetSession", holder, more)
        return client.needed(answer, "session")

    def charge(
        self,
        order: Order,
        alias: str,
        holder: Holder,
        merchant: Merchant,
        link: Link,
        *,
        threeds: Mapping[str, str] | None = None,
    ) -> Charge:
        """Pay by a saved card."""
        more: dict[str, Any] = {
            "card_alias": alias,
            "invoice": order.amount_kopecks,
            "pmt_desc": order.description,
            "pmt_info": {"invoice": order.amount_kopecks, "acc": order.account},
        }
        if threeds:
            more["threeds_info"] = dict(threeds)
        return self._charged(self._call_wallet(link, merchant, "PaymentCreate", holder, more))

    def verify(
        self, payment_id: str, data: str, holder: Holder, merchant: Merchant, link: Link
    ) -> Charge:
        """What the bank's page has told of a payment that it asked about."""
        more = {"pmt_id": int(payment_id), "threeds_data": data}
        return self._charged(self._call_wallet(link, merchant, "PaymentVerify3DS", holder, more))

    @staticmethod
    def _charged(answer: Mapping[str, Any]) -> Charge:
        amount = documents.words(answer, "amount") or documents.words(answer, "invoice")
        return Charge(
            payment_id=client.needed(answer, "pmt_id"),
            state=STATES.get(documents.words(answer, "pmt_status"), SeenState.UNKNOWN),
            amount_kopecks=client.understood(values.kopecks, amount) if amount else 0,
            redirect_url=documents.words(answer, "security_data.redirect_url"),
        )

    @staticmethod
    def _call_wallet(
        link: Link,
        merchant: Merchant,
        action: str,
        holder: Holder,
        more: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        if not merchant["masterpass_key"]:
            raise ProviderRefusedError("NO_KEY", "this merchant account has no wallet")
        time = values.local_text(link.at)
        key, algorithm = str(merchant["masterpass_key"]), str(merchant["masterpass_hash"])
        document = {
            "request": {
                "auth": {
                    "login": str(merchant["masterpass_login"]),
                    "time": time,
                    "sign": recipes.hash_time_key(time, key, algorithm=algorithm),
                },
                "action": action,
                "body": {
                    "msisdn": holder.phone,
                    "user_id": holder.account,
                    "lang": LANGUAGES.get(holder.language, "ua"),
                    **(more or {}),
                },
            }
        }
        url = client.at(merchant, ADDRESS) + "/"
        answer = client.object_of(client.send_json(link, url, document, operation=action))
        found = client.object_of(answer.get("response"))
        if error := documents.words(found, "error"):
            raise ProviderRefusedError(values.short(error, 60), values.short(error, 200))
        return found
