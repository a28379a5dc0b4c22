"""Portmone under its vectors."""

from datetime import datetime, timedelta
from typing import Any

from billing.calendar import KYIV
from billing.payments.gateway import Merchant
from billing.payments.providers.portmone import checkout
from tests.vectors import world
from tests.vectors.adapter import Adapter, StandInLink
from tests.vectors.files import Keys, Vector

ORDER = "INV-2026-0005"


class PortmoneAdapter(Adapter):
    """Bill messages are not signed."""

    provider = "portmone"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        payee = vector.secrets.get("payee_id") or vector.secrets.get("payeeId", "")
        names = ("login", "password", "key")
        return {"payee_id": payee} | {name: vector.secrets.get(name, "") for name in names}

    def before(self, vector: Vector, merchant_id: int, at: datetime) -> None:
        if vector.path_suffix == "/ok":
            world.order(merchant_id=merchant_id, number=ORDER, client="web", at=at)

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        client = checkout.CheckoutClient()
        paid = self.payment(link.at, order=ORDER, key="966000011")
        match vector.operation:
            case "query":
                return client.query(paid, merchant, link)
            case "refund":
                return client.refund(paid, 2_550, "r-1", merchant, link)
            case "registry":
                start = link.at.astimezone(KYIV).replace(hour=0, minute=0, second=0)
                return client.fetch_registry(start, start + timedelta(days=1), merchant, link)
        is_form = vector.operation == "redirect"
        order = self.order(
            number="INV-2026-0007" if is_form else ORDER,
            success_url="https://billing.example/pay/portmone/ok",
            failure_url="https://billing.example/pay/portmone/fail",
        )
        return (checkout.WebClient() if is_form else client).create_checkout(order, merchant, link)


ADAPTER = PortmoneAdapter()
