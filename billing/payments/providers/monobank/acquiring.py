"""monobank A: internet acquiring. Invoices by our request, a webhook signed by the bank's ECDSA
key, refunds, holds, the statement.

The bank changes its key by itself: when a signature does not hold, the key is fetched once more,
and the message is read again. Messages may come in any order: the older of two is ignored.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

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
    ProviderUnreachableError,
    Refusal,
    Setting,
)
from billing.payments.results import Result
from billing.payments.wire import documents, values

ADDRESS = "https://api.monobank.ua"
SPACE = "acquiring"
UAH = 980
DAY = timedelta(days=1)
MAX_DAYS = 31
MAX_PARTS = 200
SETTINGS = (
    Setting("token", kind="secret", help="acquiring: X-Token of the merchant"),
    Setting("public_key", help="acquiring: the bank's key as /pubkey gives it; fetched by itself"),
    Setting(
        "statement_days",
        kind="number",
        default=1,
        help="acquiring: how many days of the statement are asked for at once, 31 at most",
    ),
)
STATES = {
    "created": SeenState.WAITING,
    "processing": SeenState.WAITING,
    "hold": SeenState.HELD,
    "success": SeenState.PAID,
    "failure": SeenState.FAILED,
    "expired": SeenState.FAILED,
    "reversed": SeenState.REVERSED,
}


def pem_of(key: str) -> str:
    """The PEM in the base64 of `/pubkey`. Raises BadKeyError."""
    try:
        return base64.b64decode(key, validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise recipes.BadKeyError("no base64 of a PEM") from error


def is_signed(body: bytes, signature: str, key: str) -> bool:
    """Whether X-Sign holds for the very bytes; no key or one that is none: it does not."""
    try:
        return recipes.ecdsa_verify(body, signature, pem_of(key))
    except recipes.BadKeyError:
        return False


def _whole(document: Mapping[str, Any], name: str) -> int:
    """Kopecks that may be none."""
    told = documents.words(document, name)
    return values.kopecks(told) if told.strip("0") else 0


def _parts_back(document: Mapping[str, Any], key: str) -> tuple[tuple[str, int], ...]:
    """What went back so far, by our own key of it, or by the time at which it was asked for."""
    rows = document.get("cancelList") or []
    if not isinstance(rows, list) or len(rows) > MAX_PARTS:
        raise values.BadValueError("cancelList is no list of a bearable length")
    done = [row for row in rows if isinstance(row, dict) and row.get("status") == "success"]
    return tuple(
        (
            documents.words(row, "extRef")[:140]
            or f"{key}:{values.short(documents.words(row, 'createdDate'), 40)}",
            values.json_kopecks(row.get("amount")),
        )
        for row in done
    )


def seen_of(document: Mapping[str, Any]) -> Seen:
    """What an invoice of the bank says: the body of a webhook, the answer to our question.

    The amount is what was paid before anything went back. Raises BadValueError.
    """
    key = values.key(documents.words(document, "invoiceId"))
    if document.get("ccy") != UAH:
        raise values.BadValueError("another currency")
    state = STATES.get(documents.words(document, "status"), SeenState.UNKNOWN)
    back = _parts_back(document, key)
    amount = _whole(document, "amount")
    if "finalAmount" in document and state is SeenState.PAID:
        amount = _whole(document, "finalAmount") + sum(kopecks for _key, kopecks in back)
    fee = _whole(document, "paymentInfo.fee")
    is_paid = state is SeenState.PAID
    if is_paid and amount <= 0:
        raise values.BadValueError("nothing was paid")
    return Seen(
        state=state,
        order=values.short(documents.words(document, "reference"), 60),
        key=key,
        provider_ref=key,
        amount_kopecks=amount if is_paid else None,
        gross_kopecks=amount if is_paid else None,
        net_kopecks=amount - fee if is_paid and 0 < fee < amount else None,
        fee_kopecks=fee if is_paid else 0,
        paid_at=_moment(document, "modifiedDate") if is_paid else None,
        refunds=back,
        reason=values.short(documents.words(document, "failureReason"), 200),
        details={
            name: values.short(documents.words(document, f"paymentInfo.{name}"), 60)
            for name in ("maskedPan", "approvalCode", "rrn", "paymentSystem", "paymentMethod")
        },
    )


def _moment(document: Mapping[str, Any], name: str) -> datetime | None:
    told = documents.words(document, name)
    return values.iso_time(told) if told else None


def told(request: IncomingRequest, merchant: Merchant, moment: datetime) -> Message:
    """The webhook: the signature is over the raw bytes."""
    sign = request.headers.get("x-sign", "")
    if not is_signed(request.body, sign, str(merchant["public_key"])):
        raise Refusal(Result.BAD_SIGNATURE, "X-Sign does not hold")
    document = documents.json_object(request.body)
    call = Told(
        seen_of(document),
        Trust.PROOF,
        version_at=_moment(document, "modifiedDate"),
        client="acquiring",
    )
    status = values.short(documents.words(document, "status"), 20)
    return Message(status, (call,), verified=("ecdsa",))


@dataclass(frozen=True)
class SignedWebhook(Webhook):
    """The webhook, and the key that it is signed with."""

    def renew(self, merchant: Merchant, link: Link) -> Mapping[str, Any]:
        """The bank's key of now. Raises ProviderUnreachableError."""
        answer = client.object_of(_get(link, merchant, "/api/merchant/pubkey", operation="pubkey"))
        key = client.needed(answer, "key")
        try:
            recipes.public_key(pem_of(key))
        except recipes.BadKeyError as error:
            raise ProviderUnreachableError(str(error)) from error
        return {"public_key": key}


def _headers(merchant: Merchant) -> dict[str, str]:
    if not merchant["token"]:
        raise ProviderRefusedError("NO_TOKEN", "this merchant account has no acquiring")
    return {"X-Token": str(merchant["token"])}


def _get(link: Link, merchant: Merchant, path: str, *, operation: str) -> Any:
    return client.send_bytes(
        link,
        client.at(merchant, ADDRESS) + path,
        b"",
        operation=operation,
        headers=_headers(merchant),
        method="GET",
    )


class AcquiringClient(BareClient):
    """Invoices, refunds, holds, the statement."""

    offers = frozenset({"create_checkout", "query", "refund", "capture", "fetch_registry"})

    def post(
        self,
        link: Link,
        merchant: Merchant,
        path: str,
        document: Mapping[str, Any],
        *,
        operation: str,
    ) -> dict[str, Any]:
        """A call of the API. Raises ProviderUnreachableError, ProviderRefusedError."""
        url = client.at(merchant, ADDRESS) + path
        answer = client.send_json(
            link, url, document, operation=operation, headers=_headers(merchant)
        )
        return client.object_of(answer)

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """An invoice and its page."""
        document = {
            "amount": order.amount_kopecks,
            "ccy": UAH,
            "merchantPaymInfo": {"reference": order.number, "destination": order.description},
            "redirectUrl": order.success_url,
            "webHookUrl": order.callback_url or merchant.callback_url("/webhook"),
            "validity": order.lifetime_s,
            "paymentType": "hold" if order.hold else "debit",
        }
        answer = self.post(
            link, merchant, "/api/merchant/invoice/create", document, operation="create"
        )
        page = client.needed(answer, "pageUrl")
        return Checkout(page, provider_ref=client.needed(answer, "invoiceId"))

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """The invoice as it stands at the bank."""
        invoice = quote(payment.key or payment.provider_ref, safe="")
        path = f"/api/merchant/invoice/status?invoiceId={invoice}"
        answer = client.object_of(_get(link, merchant, path, operation="status"))
        seen: Seen = client.understood(seen_of, answer)
        return seen

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Give back; `extRef` is our key, so that a repeat is the same refund."""
        invoice = payment.key or payment.provider_ref
        document = {"invoiceId": invoice, "extRef": key, "amount": amount_kopecks}
        answer = self.post(
            link, merchant, "/api/merchant/invoice/cancel", document, operation="refund"
        )
        states = {"success": SeenState.REVERSED, "failure": SeenState.FAILED}
        state = states.get(documents.words(answer, "status"), SeenState.WAITING)
        return Seen(state, order=payment.order, key=invoice)

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Take held money."""
        invoice = payment.key or payment.provider_ref
        document = {"invoiceId": invoice, "amount": amount_kopecks}
        answer = self.post(
            link, merchant, "/api/merchant/invoice/finalize", document, operation="capture"
        )
        if documents.words(answer, "status") == "success":
            return self.query(payment, merchant, link)
        return Seen(SeenState.WAITING, order=payment.order, key=invoice)

    def remove(self, invoice: str, merchant: Merchant, link: Link) -> None:
        """Close an invoice that nobody has paid."""
        document = {"invoiceId": invoice}
        self.post(link, merchant, "/api/merchant/invoice/remove", document, operation="remove")

    def fetch_registry(
        self, start: datetime, end: datetime, merchant: Merchant, link: Link
    ) -> Sequence[Seen]:
        """The statement of a half-open span, by default a day at a time: no limit is told."""
        if end - start > MAX_DAYS * DAY:
            raise ProviderRefusedError("TOO_LONG", f"{MAX_DAYS} days at most")
        found: list[Seen] = []
        step = min(max(1, int(merchant["statement_days"] or 1)), MAX_DAYS) * DAY
        while start < end:
            until = min(start + step, end)
            path = f"/api/merchant/statement?from={_unix(start)}&to={_unix(until) - 1}"
            answer = client.object_of(_get(link, merchant, path, operation="statement"))
            rows = answer.get("list")
            if not isinstance(rows, list):
                raise ProviderUnreachableError("the answer has no list")
            found += [client.understood(_row, client.object_of(row)) for row in rows]
            start = until
        return found


def _unix(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())


def _row(row: Mapping[str, Any]) -> Seen:
    key, amount = values.key(documents.words(row, "invoiceId")), _whole(row, "amount")
    profit = _whole(row, "profitAmount")
    return Seen(
        state=STATES.get(documents.words(row, "status"), SeenState.UNKNOWN),
        order=values.short(documents.words(row, "reference"), 60),
        key=key,
        provider_ref=key,
        amount_kopecks=amount,
        gross_kopecks=amount,
        net_kopecks=profit or None,
        fee_kopecks=amount - profit if 0 < profit < amount else 0,
        paid_at=_moment(row, "date"),
        refunds=_parts_back(row, key),
        details={"rrn": values.short(documents.words(row, "rrn"), 40)},
    )


ENDPOINT = SignedWebhook("webhook", SPACE, ("/webhook",), told, by_status)
