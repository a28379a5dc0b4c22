"""MoneyUA (Money.ua): a redirect form and a signed result form; kopecks, md5 joined by colons."""

import base64
from datetime import datetime
from urllib.parse import quote

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState, Told, Trust
from billing.payments.engines.client import BareClient, at
from billing.payments.engines.form_callback import Fields, FormCallback
from billing.payments.gateway import (
    Checkout,
    Link,
    Merchant,
    Message,
    Order,
    Provider,
    Refusal,
    Setting,
)
from billing.payments.results import Result
from billing.payments.wire import documents, values
from billing.payments.wire.documents import Markup, tag

ADDRESS = "https://money.ua"
SUCCESS = "20"
SIGNED_FORM = (
    "MERCHANT_INFO",
    "PAYMENT_TYPE",
    "PAYMENT_RULE",
    "PAYMENT_AMOUNT",
    "PAYMENT_ADDVALUE",
    "PAYMENT_INFO",
    "PAYMENT_DELIVER",
    "PAYMENT_ORDER",
    "PAYMENT_VISA",
    "PAYMENT_TESTMODE",
    "PAYMENT_RETURNRES",
    "PAYMENT_RETURN",
    "PAYMENT_RETURNMET",
)
SIGNED_RESULT = (
    "RETURN_MERCHANT",
    "RETURN_ADDVALUE",
    "RETURN_CLIENTORDER",
    "RETURN_AMOUNT",
    "RETURN_COMISSION",
    "RETURN_UNIQ_ID",
    "TEST_MODE",
    "PAYMENT_DATE",
)


def verify(fields: Fields, merchant: Merchant) -> bool:
    """Whether RETURN_HASH holds; our merchant number is among what it covers."""
    parts = [fields.get(name, "") for name in SIGNED_RESULT]
    parts += [str(merchant["secret"]), fields.get("RETURN_RESULT", "")]
    right = recipes.md5_concat(parts, separator=":")
    return recipes.same_hex(fields.get("RETURN_HASH", ""), right)


def told(fields: Fields, merchant: Merchant, moment: datetime) -> Message:
    """A payment, when the result is 20; whatever else it is decides nothing."""
    if fields.get("RETURN_MERCHANT") != str(merchant["merchant_info"]):
        raise Refusal(Result.WRONG_SERVICE, "another merchant")
    result = fields.get("RETURN_RESULT", "")
    if fields.get("TEST_MODE", "0") != "0" and not merchant["test_mode"]:
        return Message(f"result {values.short(result, 10)} (test)", ())
    fee = fields.get("RETURN_COMISSION", "").strip()
    seen = Seen(
        state=SeenState.PAID if result == SUCCESS else SeenState.UNKNOWN,
        order=values.short(fields.get("RETURN_CLIENTORDER", ""), 60),
        key=values.key(fields.get("RETURN_UNIQ_ID", "")),
        amount_kopecks=values.kopecks(fields.get("RETURN_AMOUNT", "")),
        fee_kopecks=values.kopecks(fee) if fee.strip("0") else 0,
        account=values.account_number(fields.get("RETURN_ADDVALUE", "")),
        reason="" if result == SUCCESS else f"RETURN_RESULT {values.short(result, 20)}",
        details={
            "method": values.short(fields.get("RETURN_TYPE", ""), 20),
            "payer_phone": values.short(fields.get("RETURN_TPHONE", ""), 30),
            "date": values.short(fields.get("PAYMENT_DATE", ""), 40),
        },
    )
    return Message(f"result {values.short(result, 10)}", (Told(seen, Trust.PROOF),))


def words(result: Result) -> tuple[int, str]:
    """`OK`; a status that is no 200 makes Money.ua come back."""
    if result.is_done or result in (Result.PENDING, Result.NOT_FOUND, Result.INACTIVE):
        return 200, "OK"
    if result in (Result.BAD_SIGNATURE, Result.WRONG_ADDRESS, Result.WRONG_SERVICE):
        return 403, "FORBIDDEN"
    if result in (Result.TEMPORARY, Result.INTERNAL):
        return 503, "ERROR"
    return 400, "ERROR"


class FormClient(BareClient):
    """The redirect form, plain or as XML in one field."""

    offers = frozenset({"create_checkout"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The form that the payer's browser posts."""
        # The charset of the plain form is not told by the provider: ASCII is the same in all.
        is_plain = merchant["variant"] == "plain"
        is_safe = order.description.isascii() or not is_plain
        fields = {
            "MERCHANT_INFO": str(merchant["merchant_info"]),
            "PAYMENT_TYPE": str(merchant["payment_types"]).split(",")[0].strip(),
            "PAYMENT_RULE": str(merchant["payment_rule"]),
            "PAYMENT_AMOUNT": str(order.amount_kopecks),
            "PAYMENT_ADDVALUE": order.account,
            "PAYMENT_INFO": (order.description if is_safe else f"Internet {order.account}")[:255],
            "PAYMENT_DELIVER": "",
            "PAYMENT_ORDER": order.number,
            "PAYMENT_VISA": "",
            "PAYMENT_TESTMODE": "1" if merchant["test_mode"] else "0",
            "PAYMENT_RETURNRES": order.callback_url or merchant.callback_url("/result"),
            "PAYMENT_RETURN": order.success_url,
            "PAYMENT_RETURNMET": str(merchant["return_method"]),
            "PAYMENT_RETURNFAIL": order.failure_url,
        }
        secret, url = str(merchant["secret"]), at(merchant, ADDRESS) + "/sale.php"
        if is_plain:
            parts = [*(fields[name] for name in SIGNED_FORM), secret]
            digest = recipes.md5_concat(parts, separator=":")
            return Checkout(url, (*fields.items(), ("PAYMENT_HASH", digest)))
        inside = (tag(name, value) for name, value in (*fields.items(), ("PAYMENT_CODING", "1")))
        document = documents.DECLARATION + tag("MAIN", Markup("".join(inside)))
        packed = base64.b64encode(quote(document, safe="").encode()).decode()
        return Checkout(
            url,
            (
                ("flagxml", "1"),
                ("strxml", packed),
                ("MERCHANT_INFO", fields["MERCHANT_INFO"]),
                ("PAYMENT_HASH", recipes.md5_hex(packed + secret)),
                ("coding", "1"),
            ),
        )


PROVIDER = Provider(
    code="moneyua",
    title="Money.ua",
    protocol="redirect form and result form, md5",
    endpoints=(
        FormCallback("result", "moneyua", ("/result",), verify, told, words, verified="md5"),
    ),
    clients={"form": FormClient()},
    settings=(
        Setting("merchant_info", required=True, help="our number at Money.ua"),
        Setting("secret", kind="secret", required=True),
        Setting("payment_types", default="16", help="methods by number, the first one is offered"),
        Setting("payment_rule", kind="choice", default="2", choices=("1", "2")),
        Setting("return_method", kind="choice", default="2", choices=("1", "2")),
        Setting("variant", kind="choice", default="plain", choices=("plain", "xml")),
        Setting("test_mode", kind="flag", default=False, help="test payments are credited"),
    ),
    capabilities=frozenset({"checkout"}),
    open_questions=(
        "whether there is a bill protocol: none is spoken",
        "values of RETURN_RESULT other than 20: they decide nothing, the order stays open",
        "refund, status, registry: by hand, from the provider's cabinet",
        "whether the service still works",
    ),
)
