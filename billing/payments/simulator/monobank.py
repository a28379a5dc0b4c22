"""monobank's acquiring, played: invoices, ECDSA-signed webhooks, a key that changes (F5)."""

import base64
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from billing.payments import recipes
from billing.payments.gateway import ProviderUnreachableError
from billing.payments.simulator import pages
from billing.payments.simulator.site import Asked, Ours, Page, document
from billing.payments.simulator.till import FAILED, PAID, REVERSED, WAITING, Sale, Till
from billing.payments.wire import documents, values
from billing.payments.wire.values import BadValueError

UAH = 980
ATTEMPTS = 3
STATES = {WAITING: "created", PAID: "success", FAILED: "failure", REVERSED: "reversed"}


def _fresh_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, code: str, text: str) -> Page:
    return document({"errCode": code, "errText": text}, status=status)


class Monobank(Till):
    """Its signing key is made anew at each start, and when the cabinet's button is pressed."""

    title = "monobank, еквайринг"
    has_list = True

    def __init__(self, ours: Ours, kept: Path | None = None) -> None:
        super().__init__(ours, kept)
        self.key = _fresh_key()

    def asked(self, asked: Asked) -> Page:
        """The API; every call names the merchant by its token."""
        if asked.path == "/rotate" and asked.method == "POST":
            self.key = _fresh_key()
            return Page(status=303, location=f"{asked.home}/")
        calls: dict[str, Callable[[Asked], Page]] = {
            "GET pubkey": self._pubkey,
            "GET details": self._details,
            "GET statement": self._statement,
            "POST invoice/create": self._create,
            "GET invoice/status": self._status,
            "POST invoice/cancel": self._cancel,
            "POST invoice/remove": self._remove,
        }
        call = calls.get(f"{asked.method} {asked.path.removeprefix('/api/merchant/')}")
        if call is None or not asked.path.startswith("/api/merchant/"):
            return _error(404, "NOT_FOUND", "no such method")
        if not recipes.same(asked.headers.get("x-token", ""), str(self.ours.merchant["token"])):
            return _error(403, "FORBIDDEN", "forbidden")
        try:
            return call(asked)
        except (BadValueError, documents.BadDocumentError) as error:
            return _error(400, "BAD_REQUEST", str(error))

    def cabinet_more(self, home: str) -> str:
        """The key can be changed, as the bank does without asking."""
        return pages.form(f"{home}/rotate", "Змінити ключ підпису")

    def _pubkey(self, asked: Asked) -> Page:
        pem = (
            recipes.private_key(self.key)
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        return document({"key": base64.b64encode(pem).decode()})

    def _details(self, asked: Asked) -> Page:
        entity = self.ours.merchant.entity
        name = entity.name if entity is not None else ""
        return document({"merchantId": self.ours.merchant.slug, "merchantName": name})

    def _create(self, asked: Asked) -> Page:
        told = documents.json_object(asked.body)
        if told.get("ccy", UAH) != UAH:
            return _error(400, "BAD_REQUEST", "ccy")
        url = documents.words(told, "redirectUrl")
        sale = self.open(
            number=f"p2_{secrets.token_urlsafe(9)}",
            order=documents.words(told, "merchantPaymInfo.reference"),
            amount_kopecks=values.json_kopecks(told.get("amount")),
            description=documents.words(told, "merchantPaymInfo.destination"),
            url=url,
            failed_url=url,
            callback=documents.words(told, "webHookUrl"),
        )
        return document({"invoiceId": sale.number, "pageUrl": self.bill(asked, sale)})

    def _invoice(self, sale: Sale) -> dict[str, Any]:
        found: dict[str, Any] = {
            "invoiceId": sale.number,
            "status": STATES[sale.state],
            "amount": sale.amount_kopecks,
            "ccy": UAH,
            "createdDate": _utc(sale.made_at),
            "modifiedDate": _utc(sale.changed_at),
            "reference": sale.order,
            "destination": sale.description,
            "cancelList": self._parts(sale),
        }
        if sale.state == FAILED:
            found |= {"failureReason": "Недостатньо коштів", "errCode": "59"}
        if sale.paid_at:
            found["finalAmount"] = sale.left_kopecks
            found["paymentInfo"] = {
                "maskedPan": "44411111******11", "approvalCode": "662476", "rrn": "060189181768",
                "amount": sale.amount_kopecks, "ccy": UAH, "finalAmount": sale.left_kopecks,
                "paymentScheme": "full", "paymentMethod": "pan", "paymentSystem": "visa",
                "fee": self._fee(sale), "domesticCard": True, "country": "804",
            }  # fmt: skip
        return found

    @staticmethod
    def _fee(sale: Sale) -> int:
        return sale.amount_kopecks * 13 // 1000

    @staticmethod
    def _parts(sale: Sale) -> list[dict[str, Any]]:
        return [
            {
                "status": "success", "amount": kopecks, "ccy": UAH, "createdDate": _utc(at),
                "modifiedDate": _utc(at), "extRef": key,
            }
            for key, kopecks, at in sale.back
        ]  # fmt: skip

    def tell(self, sale: Sale) -> bool:
        """The webhook, three times at most until it is taken."""
        body = documents.json_bytes(self._invoice(sale))
        for _attempt in range(ATTEMPTS):
            sign = recipes.ecdsa_sign(body, self.key)
            headers = {"Content-Type": "application/json", "X-Sign": sign}
            try:
                if self.ours.post_bytes(sale.callback, body, headers).status == 200:
                    return True
            except ProviderUnreachableError:
                continue
        return False

    def _status(self, asked: Asked) -> Page:
        sale = self.sales.get(asked.fields.get("invoiceId", ""))
        if sale is None:
            return _error(404, "NOT_FOUND", "invoice not found")
        return document(self._invoice(sale))

    def _cancel(self, asked: Asked) -> Page:
        told = documents.json_object(asked.body)
        sale = self.sales.get(documents.words(told, "invoiceId"))
        if sale is None:
            return _error(404, "NOT_FOUND", "invoice not found")
        wanted = told.get("amount")
        kopecks = sale.left_kopecks if wanted is None else values.json_kopecks(wanted)
        at = _utc(self.now().isoformat())
        dates = {"createdDate": at, "modifiedDate": at}
        if not self.give_back(sale, kopecks, key=documents.words(told, "extRef")):
            return document({"status": "failure", **dates})
        self.later(sale)
        return document({"status": "processing", **dates})

    def _remove(self, asked: Asked) -> Page:
        sale = self.sales.get(documents.words(documents.json_object(asked.body), "invoiceId"))
        if sale is None or sale.state != WAITING:
            return _error(400, "BAD_REQUEST", "invoice is paid or unknown")
        self.change(sale, FAILED)
        return document({})

    def _statement(self, asked: Asked) -> Page:
        """What was paid in the span; the cabinet may have written another amount for it."""
        start = int(values.digits(asked.fields.get("from", "")))
        end = int(values.digits(asked.fields.get("to", "") or str(2**33)))
        rows = []
        for sale in list(self.sales.values()):
            if not sale.paid_at:
                continue
            if not start <= int(datetime.fromisoformat(sale.paid_at).timestamp()) <= end:
                continue
            amount = sale.listed_kopecks or sale.amount_kopecks
            rows.append(
                {
                    "invoiceId": sale.number, "status": STATES[sale.state],
                    "maskedPan": "44411111******11", "date": _utc(sale.paid_at),
                    "paymentScheme": "full", "amount": amount,
                    "profitAmount": amount - self._fee(sale), "ccy": UAH,
                    "approvalCode": "662476", "rrn": "060189181768", "reference": sale.order,
                    "cancelList": self._parts(sale),
                }
            )  # fmt: skip
        return document({"list": rows})
