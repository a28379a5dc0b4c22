"""Pay links: the signed public address of an account's payment page, and where its payers return.

Whoever has the link sees the contract's balance and may pay for it; nobody can make one up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from urllib.parse import quote

import segno
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext_lazy as _

from billing.calendar import kyiv_date
from billing.ledger import queries as ledger_queries
from billing.payments import checkouts, finding, merchants, payers, registry
from billing.payments.checkouts import CannotPayError, Started
from billing.payments.models import MerchantAccount, Payment, PaymentAttempt
from billing.payments.results import Result
from billing.subscriptions import queries as subscriptions
from billing.subscriptions.queries import ServiceState
from project.core.actor import Actor
from project.core.errors import NotFoundError


def _signature(salt: str, text: str) -> str:
    return Signer(salt=f"billing.payments.{salt}").signature(text)


def _holds(salt: str, text: str, signature: str) -> bool:
    """Compared in constant time; keys that were in use before count (SECRET_KEY_FALLBACKS)."""
    try:
        Signer(salt=f"billing.payments.{salt}").unsign(f"{text}:{signature}")
    except BadSignature:
        return False
    return True


def path_of(*, account_code: str) -> str:
    """The path of an account's payment page, with its signature."""
    return f"/pay/{quote(account_code, safe='')}?k={_signature('account', account_code)}"


def address_of(*, account_code: str) -> str:
    """The whole address of an account's payment page."""
    return f"{str(settings.GEOBILL_PUBLIC_URL).rstrip('/')}{path_of(account_code=account_code)}"


def qr_of(*, account_code: str) -> str:
    """The address of an account's payment page as a QR code: an SVG to stand inside a page."""
    return _qr(address_of(account_code=account_code))


@lru_cache(maxsize=256)
def _qr(address: str) -> str:
    # Level M bears a fold of the paper; the quiet zone of four is what scanners ask for.
    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(border=4, light="#fff", omitsize=True, svgclass=None, lineclass=None)


def return_path(*, order: str) -> str:
    """Where the payer of an order comes back to."""
    return f"/paid/{order}/{_signature('order', order)}/"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pay: a payment system that takes the payer to its page.

    `url`: a page of the payment system's own (a terminal's site), when nothing is begun by us.
    """

    merchant_id: int
    title: str
    min_kopecks: int
    max_kopecks: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the payment page shows: whose account, what is owed, how it can be paid.

    `month_kopecks`: what a month of the account's services costs by their present prices.
    """

    account_id: int
    code: str
    name: str
    balance_kopecks: int
    ways: Sequence[Way]
    month_kopecks: int = 0

    @property
    def takes_orders(self) -> bool:
        """Whether a payment can be begun from our page."""
        return any(not way.url for way in self.ways)

    @property
    def debt_kopecks(self) -> int:
        """What is owed, zero when nothing is."""
        return max(0, -self.balance_kopecks)


def asked(*, account_code: str, signature: str, on_date: date) -> Asked:
    """The payment page of a signed link. Raises NotFoundError, CannotPayError."""
    if not account_code.isprintable() or not _holds("account", account_code, signature):
        raise NotFoundError(_("This link is not whole. Open it from the message once more."))
    found = ledger_queries.subscriber_with_balance(code=account_code)
    if found is None:
        raise NotFoundError(_("There is no contract with this number."))
    if found.is_closed:
        raise CannotPayError(_("This contract is closed and takes no money."))
    return Asked(
        account_id=found.id,
        code=account_code,
        name=shortened(found.holder_name),
        balance_kopecks=found.balance_kopecks,
        ways=ways(account_code=account_code),
        month_kopecks=month_kopecks(account_id=found.id, on_date=on_date),
    )


def month_kopecks(*, account_id: int, on_date: date) -> int:
    """What a month of the account's services costs; what is bought once is left out."""
    services = subscriptions.card(account_ids=[account_id], on_date=on_date)
    return sum(
        one.price_kopecks
        for one in services
        if one.state != ServiceState.TERMINATED and one.charge_type != "ONE_OFF"
    )


def shortened(name: str) -> str:
    """A name as strangers may see it: "Коваленко Оксана" → "Коваленко О."."""
    first, *rest = name.split() or [""]
    return " ".join([first, *(f"{word[0]}." for word in rest[:2])])


def ways(*, account_code: str) -> list[Way]:
    """Payment systems by which this account can be paid from a page of ours."""
    found = []
    rows = MerchantAccount.objects.filter(is_active=True).order_by("id").values("id", "provider")
    for row in rows:
        declared = registry.PROVIDERS.get(row["provider"])
        if declared is None:
            continue
        client = declared.client()
        takes_orders = client is not None and "create_checkout" in client.offers
        has_page = any(one.name == "topup_url" for one in declared.settings)
        if not takes_orders and not has_page:
            continue
        merchant = merchants.get(merchant_id=row["id"])
        url = "" if takes_orders else str(merchant.view["topup_url"])
        url = url.replace("{account}", quote(account_code, safe=""))
        is_web = url.startswith(("https://", "http://"))
        if not takes_orders and not is_web:
            continue
        if payers.find(code=account_code, merchant=merchant).result is not Result.OK:
            continue
        found.append(
            Way(merchant.id, declared.title, merchant.min_kopecks, merchant.max_kopecks, url)
        )
    return found


def begin(
    *,
    at: datetime,
    actor: Actor,
    account_code: str,
    signature: str,
    merchant_id: int,
    amount_kopecks: int,
    language: str = "uk",
) -> Started:
    """Begin a payment from a signed link.

    Raises NotFoundError, CannotPayError, ProviderDownError.
    """
    page = asked(account_code=account_code, signature=signature, on_date=kyiv_date(at))
    if merchant_id not in {way.merchant_id for way in page.ways if not way.url}:
        raise CannotPayError(field="merchant")
    home = str(settings.GEOBILL_PUBLIC_URL).rstrip("/")
    address = home + "/paid/{order}/{mark}/"
    return checkouts.create_checkout(
        at=at,
        actor=actor,
        merchant_id=merchant_id,
        account_code=account_code,
        amount_kopecks=amount_kopecks,
        success_url=address,
        failure_url=address,
        mark=lambda order: _signature("order", order),
        language=language,
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order: the truth as we know it now."""

    payment: Payment
    attempt: PaymentAttempt | None
    balance_kopecks: int | None
    pay_path: str

    @property
    def kind(self) -> str:
        """WAITING, PAID, FAILED, or BACK (the money went back)."""
        states = Payment.State
        kinds: dict[str, str] = {
            states.CREATED: "WAITING",
            states.PENDING: "WAITING",
            states.CONFIRMED: "PAID",
            states.REVERSED: "BACK",
        }
        return kinds.get(self.payment.state, "FAILED")


def outcome(*, order: str, signature: str) -> Outcome:
    """What became of the order. Raises NotFoundError."""
    payment = None
    if _holds("order", order, signature):
        payment = Payment.objects.select_related("account").filter(order_number=order).first()
    if payment is None:
        raise NotFoundError(_("There is no such payment."))
    attempt = payment.attempts.order_by("-id").first()
    if payment.state in (Payment.State.FAILED, Payment.State.CANCELLED):
        # The payer tried once more on the payment system's page, and it went through.
        payment = finding.paid_late(order=payment) or payment
    holder = payment.holder_id
    return Outcome(
        payment=payment,
        attempt=attempt,
        balance_kopecks=ledger_queries.balance_kopecks(account_id=holder) if holder else None,
        pay_path=path_of(account_code=payment.account_code),
    )
