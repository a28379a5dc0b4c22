"""PUMB B: the webhook of the bank's acquiring. It is not signed.

By default it is compared with an order of ours and credits that. Where the merchant account has
both networks and a token in the address, `acquiring_trust` = account believes it whole.
"""

from datetime import datetime

from billing.payments import recipes
from billing.payments.calls import Seen, SeenState, Told, Trust
from billing.payments.engines.client import BareClient
from billing.payments.engines.form_callback import Webhook, by_status
from billing.payments.gateway import (
    Checkout,
    IncomingRequest,
    Link,
    Merchant,
    Message,
    Order,
    ProviderRefusedError,
    Refusal,
    Setting,
)
from billing.payments.results import Result
from billing.payments.wire import documents, values

SPACE = "acquiring"
SETTINGS = (
    Setting(
        "acquiring_token",
        kind="secret",
        help="acquiring: last part of the webhook's address, long and random",
    ),
    Setting(
        "acquiring_trust",
        kind="choice",
        default="order",
        choices=("order", "account"),
        help="acquiring: account believes the account of the message (networks and token needed)",
    ),
    Setting(
        "acquiring_page",
        help="acquiring: address of the payment page with {order}, {account}, {amount}",
    ),
)


def told(request: IncomingRequest, merchant: Merchant, moment: datetime) -> Message:
    """A payment that is PROCESSED with SUCCESS; anything else closes the order or waits."""
    token = str(merchant["acquiring_token"])
    if not token or not recipes.same(request.suffix.rpartition("/")[2], token):
        raise Refusal(Result.WRONG_ADDRESS, "the address has not the token")
    document = documents.json_object(request.body)
    status = values.short(documents.words(document, "status"), 30)
    inner = documents.words(document, "internal.status")
    is_paid = (status, inner) == ("PROCESSED", "SUCCESS")
    is_final = bool(documents.words(document, "finalized_at"))
    state = SeenState.PAID if is_paid else SeenState.FAILED if is_final else SeenState.WAITING
    believes = merchant["acquiring_trust"] == "account" and bool(merchant.networks)
    done = documents.words(document, "processed_at") or documents.words(document, "finalized_at")
    amount = values.json_kopecks(document.get("amount"))
    fee = documents.words(document, "commission")
    seen = Seen(
        state=state,
        order=values.short(documents.words(document, "external_id"), 60),
        key=values.key(documents.words(document, "id"), max_length=64),
        amount_kopecks=amount,
        gross_kopecks=amount,
        fee_kopecks=values.kopecks(fee) if fee.strip("0") else 0,
        paid_at=values.iso_time(done) if done else None,
        account=values.short(documents.words(document, "params.account"), 40) if believes else "",
        reason=values.short(documents.words(document, "internal.description"), 100),
        details={
            "rrn": values.short(documents.words(document, "rrn"), 40),
            "approval_code": values.short(documents.words(document, "approval_code"), 40),
        },
    )
    trust = Trust.PROOF if believes else Trust.ORDER
    return Message(f"{status} {inner}".strip(), (Told(seen, trust),), verified=("address",))


class PageClient(BareClient):
    """The bank's payment page; the calls of this API are not known, so its address is a setting."""

    offers = frozenset({"create_checkout"})

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The page for an order."""
        page = str(merchant["acquiring_page"])
        if not page:
            raise ProviderRefusedError("NO_PAGE", "this merchant account has no payment page")
        for name, value in (
            ("{order}", order.number),
            ("{account}", order.account),
            ("{amount}", str(order.amount_kopecks)),
        ):
            page = page.replace(name, value)
        return Checkout(page)


ENDPOINT = Webhook("acquiring", SPACE, ("/acquiring/",), told, by_status)
