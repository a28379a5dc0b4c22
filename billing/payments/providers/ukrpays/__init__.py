"""UkrPays: a redirect form, and a signed callback that also tells of payments at terminals."""

from datetime import datetime

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState, Told, Trust
from billing.payments.engines.client import BareClient, at
from billing.payments.engines.form_callback import Fields, FormCallback
from billing.payments.gateway import (
    Checkout,
    Link,
    Merchant,
    Message,
    Nonce,
    Order,
    Provider,
    Setting,
)
from billing.payments.results import Result, code_of
from billing.payments.wire import values

ADDRESS = "https://ukrpays.com"
METHODS = {
    "1": "Visa/MasterCard",
    "12": "LiqPay",
    "17": "WebMoney",
    "21": "Visa/MasterCard (PrivatBank)",
    "131": "24nonStop",
    "132": "Tyme",
    "133": "EasyPay",
    "134": "E-Pay",
    "136": "FC Sistema",
    "137": "City24",
    "139": "iBox",
}
WORDS = {
    Result.OK: "OK",
    Result.DUPLICATE: "duplicate",
    Result.NOT_FOUND: "usernotfound",
    Result.INACTIVE: "Error: inactive",
    Result.BAD_FORMAT: "Error: format",
    Result.FORBIDDEN: "Error: forbidden",
    Result.CONFLICT: "Error: conflict",
    Result.TEMPORARY: "Error: temporary",
    Result.INTERNAL: "Error: internal",
}


def _account(fields: Fields) -> str:
    """`order`; contracts of 2009 say `login`."""
    return fields.get("order", fields.get("login", ""))


def _signed(fields: Fields, *, with_note: bool) -> list[str]:
    note = [fields["note"]] if with_note and "note" in fields else []
    return [
        fields.get("id_ups", ""),
        _account(fields),
        *note,
        fields.get("amount", ""),
        fields.get("date", ""),
    ]


def verify(fields: Fields, merchant: Merchant) -> bool:
    """Whether `hash` holds; `note` takes part when it is there."""
    secret, given = str(merchant["secret"]), fields.get("hash", "")
    holds = recipes.same_hex(given, recipes.md5_concat([*_signed(fields, with_note=True), secret]))
    if merchant["hash_without_note"]:
        shorter = recipes.md5_concat([*_signed(fields, with_note=False), secret])
        holds = recipes.same_hex(given, shorter) or holds
    return holds


def told(fields: Fields, merchant: Merchant, moment: datetime) -> Message:
    """A payment; the money is taken already."""
    system = values.short(fields.get("system", ""), 10)
    seen = Seen(
        state=SeenState.PAID,
        order=values.short(fields.get("note", ""), 60),
        key=values.digits(fields.get("id_ups", "")),
        amount_kopecks=values.uah(fields.get("amount", "")),
        paid_at=values.unix_time(fields.get("date", "")),
        account=values.account_number(_account(fields)),
        details={"method": METHODS.get(system, system)},
    )
    # Values are joined without a separator: the same digest also fits id "12", account "3…" and
    # id "1", account "23…". A digest is good for the one message that came with it first.
    says = recipes.md5_hex("\n".join([*_signed(fields, with_note=True), str("note" in fields)]))
    nonce = Nonce(value=fields.get("hash", "").strip().lower(), says=says)
    return Message("callback", (Told(seen, Trust.PROOF),), nonce=nonce)


def words(result: Result) -> tuple[int, str]:
    """The word for the result; always 200."""
    return 200, code_of(result, WORDS)


class FormClient(BareClient):
    """The redirect form; it is not signed, so what is paid is what the callback says."""

    offers = frozenset({"create_checkout"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The form that the payer's browser posts."""
        fields = {
            "service_id": str(merchant["service_id"]),
            "order": order.account,
            "note": order.number,
            "amount": values.uah_text(order.amount_kopecks),
            "fio": order.payer_name,
            "desc": order.description,
            "sus_url": order.success_url,
            "charset": "UTF-8",
            "lang": order.language,
            "theme": str(merchant["theme"]),
        }
        url = at(merchant, ADDRESS) + "/frontend/frontend.php"
        return Checkout(url, tuple(pair for pair in fields.items() if pair[1]))


PROVIDER = Provider(
    code="ukrpays",
    title="UkrPays",
    protocol="redirect form and callback (API 2.5.4), md5",
    endpoints=(
        FormCallback("callback", "ukrpays", ("/callback",), verify, told, words, verified="md5"),
    ),
    clients={"form": FormClient()},
    settings=(
        Setting("service_id", required=True, help="our service number at UkrPays"),
        Setting("secret", kind="secret", required=True),
        Setting("hash_without_note", kind="flag", default=False),
        Setting("theme", help="appearance of the payment page"),
    ),
    capabilities=frozenset({"checkout"}),
    open_questions=(
        "whether `note` takes part in the digest: it does; hash_without_note accepts the other",
        "refund, status, registry: by hand, from the provider's cabinet",
        "when a refused callback is repeated",
    ),
)
