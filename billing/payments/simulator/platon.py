"""Platon, played: the form whose digest we sign, the callback, the server API (F4)."""

import base64
import json
import secrets
from typing import Any

from billing.calendar import KYIV
from billing.payments import recipes
from billing.payments.simulator.site import Asked, Page, document
from billing.payments.simulator.till import FAILED, PAID, REVERSED, WAITING, Sale, Till
from billing.payments.wire import values

CARD = "411111******1111"
STATES = {WAITING: "PREPARE", PAID: "SETTLED", FAILED: "DECLINED", REVERSED: "REVERSAL"}


class Platon(Till):
    """Takes our form, asks the payer, tells us by a callback; a payer who declines is not told."""

    title = "Platon"

    def asked(self, asked: Asked) -> Page:
        """The form, and calls of the server API."""
        if asked.path == "/payment/auth" and asked.method == "POST":
            return self._take(asked)
        if asked.path == "/post-unq" and asked.method == "POST":
            return self._call(asked)
        return Page("Not found", 404)

    @property
    def _password(self) -> str:
        return str(self.ours.merchant["password"])

    def _take(self, asked: Asked) -> Page:
        told = asked.fields
        names = ("key", "payment", "data", "url")
        parts = [told.get(name, "") for name in names] + [self._password]
        right = recipes.md5_rev_upper([(value, True) for value in parts])
        if not recipes.same_hex(told.get("sign", ""), right):
            return Page("Bad sign", 400)
        order = told.get("order", "")
        sale = self.of_order(order)
        if sale is None:
            data = json.loads(base64.b64decode(told["data"]))
            number = "-".join(str(10_000 + secrets.randbelow(90_000)) for _part in range(3))
            sale = self.open(
                number=number, order=order, amount_kopecks=values.uah(str(data["amount"])),
                description=str(data.get("description", "")), url=told["url"],
                failed_url=told.get("error_url", ""), email=told.get("email", ""),
                ext1=told.get("ext1", ""),
            )  # fmt: skip
        return Page(status=303, location=self.bill(asked, sale))

    def tell(self, sale: Sale) -> bool:
        """SALE, or REFUND of the last part that went back."""
        if sale.state not in (PAID, REVERSED):
            return True
        status = "REFUND" if sale.back else "SALE"
        kopecks = sale.back[-1][1] if sale.back else sale.amount_kopecks
        email = sale.more.get("email", "")
        signed = [
            (email, True),
            (self._password, False),
            (sale.order, False),
            (CARD[:6] + CARD[-4:], True),
            (status, True),
        ]
        reply = self.ours.post(
            "/callback", id=sale.number, order=sale.order, status=status, card=CARD, email=email,
            amount=values.uah_text(kopecks), currency="UAH", ext1=sale.more.get("ext1", ""),
            date=self.now().astimezone(KYIV).strftime("%Y-%m-%d %H:%M:%S"),
            sign=recipes.md5_rev_upper(signed),
        )  # fmt: skip
        return reply.status == 200

    def _call(self, asked: Asked) -> Page:
        told = asked.fields
        if "order_id" in told:
            sale = self.of_order(told["order_id"])
            parts = [(self._password, False), (told["order_id"], False)]
        else:
            number = told.get("trans_id", "")
            sale = self.sales.get(number)
            email = sale.more.get("email", "") if sale is not None else ""
            parts = [(email, True), (self._password, False), (number, False)]
            if self.ours.merchant["hash_formula"] == "full":
                parts.append((CARD[:6] + CARD[-4:], True))
        if not recipes.same_hex(told.get("hash", ""), recipes.md5_rev_upper(parts)):
            return document({"result": "ERROR", "error_message": "hash"})
        action = told.get("action", "")
        if sale is None:
            return document({"action": action, "result": "ERROR", "error_message": "not found"})
        answer: dict[str, Any] = {
            "action": action,
            "order_id": sale.order,
            "trans_id": sale.number,
            "status": STATES[sale.state],
        }
        if action == "CREDITVOID":
            if not self.give_back(sale, values.uah(told.get("amount", ""))):
                return document(answer | {"result": "DECLINED", "decline_reason": "amount"})
            self.later(sale)
            return document(answer | {"result": "ACCEPTED"})
        return document(answer | {"result": "SUCCESS"})
