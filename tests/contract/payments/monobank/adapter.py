"""monobank under its vectors."""

from datetime import UTC, datetime
from typing import Any

from billing.payments.gateway import Merchant, ProviderRefusedError
from billing.payments.providers.monobank import acquiring
from tests.vectors import world
from tests.vectors.adapter import Adapter, StandInLink
from tests.vectors.files import Keys, Vector

INVOICE, ORDER = "p2_TESTinvoice1", "INV-2026-0010"
DAY = (datetime.fromtimestamp(1773525600, UTC), datetime.fromtimestamp(1773612000, UTC))


class MonobankAdapter(Adapter):
    """Acquiring has a token and the bank's key; the bill protocols are not signed."""

    provider = "monobank"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        return {
            "token": vector.secrets.get("X-Token", ""),
            "public_key": vector.secrets.get("pubkey_base64_pem", ""),
        }

    def before(self, vector: Vector, merchant_id: int, at: datetime) -> None:
        if vector.path_suffix == "/webhook":
            world.order(
                merchant_id=merchant_id,
                number=ORDER,
                client="acquiring",
                provider_ref=INVOICE,
                at=at,
            )

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        client = acquiring.AcquiringClient()
        paid = self.payment(link.at, order=ORDER, provider_ref=INVOICE)
        match vector.name:
            case "pubkey":
                return acquiring.ENDPOINT.renew(merchant, link)
            case "invoice_status":
                return client.query(paid, merchant, link)
            case "invoice_cancel":
                return client.refund(paid, 2_550, "RFND-1", merchant, link)
            case "invoice_remove":
                return client.remove("p2_TESTinvoice2", merchant, link)
            case "statement":
                return client.fetch_registry(*DAY, merchant, link)
            case "error_response":
                try:
                    client.post(
                        link,
                        merchant,
                        "/api/merchant/invoice/create",
                        {"amount": 0},
                        operation="create",
                    )
                except ProviderRefusedError as error:
                    return error.code
                raise AssertionError("a refusal is told")
        order = self.order(
            number=ORDER,
            description="Internet, account 100500",
            success_url="https://billing.example/pay/mono/return",
            callback_url="https://billing.example/pay/mono/webhook",
        )
        return client.create_checkout(order, merchant, link)

    def algorithm(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        key, sign = vector.secrets["pubkey_base64_pem"], vector.headers["X-Sign"]
        return {"valid": acquiring.is_signed(vector.body.encode(), sign, key)}


ADAPTER = MonobankAdapter()
