"""LiqPay (Privat24's online button), played: a signed form, a signed callback, `/api/request`."""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.payments import recipes
from billing.payments.simulator.site import Asked, Page, document
from billing.payments.simulator.till import FAILED, PAID, REVERSED, WAITING, Sale, Till
from billing.payments.wire import documents, values

STATES = {WAITING: "processing", PAID: "success", FAILED: "failure", REVERSED: "reversed"}


class Liqpay(Till):
    """Takes `data` with its signature, and tells us in the same way."""

    title = "LiqPay"

    def asked(self, asked: Asked) -> Page:
        """The form, and calls of the API."""
        if asked.method == "POST" and asked.path in ("/api/3/checkout", "/api/request"):
            told = self._opened(asked.fields)
            if told is None:
                return Page("invalid signature", 400)
            return (self._take if asked.path.endswith("checkout") else self._call)(asked, told)
        return Page("Not found", 404)

    @property
    def _private(self) -> str:
        return str(self.ours.merchant["liqpay_private_key"])

    @property
    def _public(self) -> str:
        return str(self.ours.merchant["liqpay_public_key"])

    def _opened(self, fields: Mapping[str, str]) -> dict[str, Any] | None:
        data = fields.get("data", "")
        right = recipes.sha1_sandwich_b64(data, self._private)
        if not recipes.same(fields.get("signature", ""), right):
            return None
        found = documents.json_object(base64.b64decode(data))
        return found if found.get("public_key") == self._public else None

    def _take(self, asked: Asked, told: dict[str, Any]) -> Page:
        order = documents.words(told, "order_id")
        sale = self.of_order(order)
        if sale is None:
            url = documents.words(told, "result_url")
            sale = self.open(
                number=str(10**9 + secrets.randbelow(9 * 10**9)), order=order,
                amount_kopecks=values.json_uah(told.get("amount")),
                description=documents.words(told, "description"), url=url, failed_url=url,
                callback=documents.words(told, "server_url"),
            )  # fmt: skip
        return Page(status=303, location=self.bill(asked, sale))

    def _told(self, sale: Sale) -> dict[str, Any]:
        ended = datetime.fromisoformat(sale.changed_at)
        return {
            "version": 3,
            "public_key": self._public,
            "action": "pay",
            "payment_id": int(sale.number),
            "status": STATES[sale.state],
            "paytype": "privat24",
            "order_id": sale.order,
            "description": sale.description,
            "amount": values.uah_number(sale.amount_kopecks),
            "currency": "UAH",
            "receiver_commission": values.uah_number(sale.amount_kopecks * 15 // 1000),
            "sender_card_mask2": "424242*42",
            "end_date": int(ended.timestamp() * 1000),
        }

    def tell(self, sale: Sale) -> bool:
        """The callback. A part that went back is told of by nobody: the status stays success."""
        data = base64.b64encode(json.dumps(self._told(sale)).encode()).decode()
        signature = recipes.sha1_sandwich_b64(data, self._private)
        return self.ours.post(sale.callback, data=data, signature=signature).status == 200

    def _call(self, asked: Asked, told: dict[str, Any]) -> Page:
        sale = self.of_order(documents.words(told, "order_id"))
        if sale is None:
            return document({"result": "error", "err_code": "payment_not_found"})
        if told.get("action") == "refund":
            if not self.give_back(sale, values.json_uah(told.get("amount"))):
                return document({"result": "error", "err_code": "err_amount"})
            if sale.state == REVERSED:
                self.later(sale)
            return document(self._told(sale) | {"result": "ok", "status": "reversed"})
        return document(self._told(sale) | {"result": "ok"})
