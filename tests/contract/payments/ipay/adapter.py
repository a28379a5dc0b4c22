"""iPay under its vectors."""

from typing import Any

from billing.payments import recipes
from billing.payments.gateway import Merchant
from billing.payments.providers.ipay import checkout, masterpass
from tests.vectors.adapter import Adapter, StandInLink
from tests.vectors.files import Keys, Vector


class IpayAdapter(Adapter):
    """A signed salt; two profiles of the answer to a check."""

    provider = "ipay"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        secrets = vector.secrets
        return {
            "mch_id": secrets.get("mch_id") or secrets.get("id", ""),
            "notify_key": secrets.get("notify_key", "unused"),
            "sign_key": secrets.get("sign_key", ""),
            "masterpass_login": secrets.get("login", ""),
            "masterpass_key": secrets.get("sign_key", "") if "login" in secrets else "",
            "check_profile": "B" if vector.name.endswith("_profile_b") else "A",
        }

    def link(self, vector: Vector, link: StandInLink) -> None:
        link.salts = [vector.signature.get("string_to_sign", "")]

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        if vector.name.startswith("masterpass_"):
            return self._wallet(vector, merchant, link)
        client = checkout.CheckoutClient()
        paid = self.payment(link.at, order="INV-2026-0008", provider_ref="32000001")
        match vector.operation:
            case "query":
                return client.query(paid, merchant, link)
            case "capture":
                return client.capture(paid, 12_550, merchant, link)
            case "refund":
                return client.refund(paid, 2_550, "r-1", merchant, link)
        is_form = vector.operation == "redirect"
        order = self.order(
            number="" if is_form else "INV-2026-0008",
            success_url="https://billing.example/ok",
            failure_url="https://billing.example/fail",
            lifetime_s=86_400,
        )
        return (checkout.WebClient() if is_form else client).create_checkout(order, merchant, link)

    def _wallet(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        wallet, holder = masterpass.MasterpassClient(), masterpass.Holder("380501234567", "100500")
        match vector.name:
            case "masterpass_check":
                return wallet.status(holder, merchant, link)
            case "masterpass_list":
                return wallet.cards(holder, merchant, link)
            case "masterpass_add_card_url":
                return wallet.page(
                    "AddcardByURL",
                    holder,
                    merchant,
                    link,
                    success_url="https://billing.example/ok",
                    error_url="https://billing.example/fail",
                )
        return wallet.charge(self.order(), "card-1", holder, merchant, link)

    def algorithm(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        text = vector.signature["string_to_sign"]
        return {"value": recipes.hmac_sha512_salt(text, vector.secrets["key"])}


ADAPTER = IpayAdapter()
