"""Platon under its vectors."""

from datetime import datetime
from typing import Any

from billing.payments.gateway import Merchant
from billing.payments.providers.platon import callback
from billing.payments.providers.platon.server import PlatonClient
from tests.vectors import world
from tests.vectors.adapter import Adapter, StandInLink
from tests.vectors.files import Keys, Vector

TRANSACTION = "47097-87309-6110"
DETAILS = {"email": "payer@example.com", "card": "411111****1111"}


class PlatonAdapter(Adapter):
    """Callbacks are compared with orders of ours."""

    provider = "platon"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        return dict(vector.secrets)

    def before(self, vector: Vector, merchant_id: int, at: datetime) -> None:
        if not vector.data.get("depends_on"):
            number = self.form(vector)["order"]
            world.order(merchant_id=merchant_id, number=number, client="form", at=at)

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        client = PlatonClient()
        paid = self.payment(link.at, order="INV-2026-0012", key=TRANSACTION, details=DETAILS)
        if vector.operation == "refund":
            return client.refund(paid, 2_550, "r-1", merchant, link)
        if vector.operation == "query":
            return client.query(paid, merchant, link)
        if vector.operation == "capture":
            return client.capture(paid, 12_550, merchant, link)
        if vector.operation == "create_checkout":
            order = self.order(
                number="INV-2026-0014", success_url="https://billing.example/pay/platon/ok"
            )
            return client.pay_by_token(order, "TESTTOKEN", merchant, link)
        order = self.order(
            number="INV-2026-0012",
            email="payer@example.com",
            success_url="https://billing.example/pay/platon/ok",
            failure_url="https://billing.example/fail",
        )
        return client.create_checkout(order, merchant, link)

    def algorithm(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        fields = {"order": TRANSACTION, "card": DETAILS["card"], "status": "SALE"}
        password = vector.secrets["password"]
        value = callback.digest(fields, email=DETAILS["email"], password=password, variant=2)
        return {"value": value}


ADAPTER = PlatonAdapter()
