"""MoneyUA under its vectors."""

from typing import Any

from billing.payments.gateway import Merchant
from billing.payments.providers.moneyua import PROVIDER
from tests.vectors.adapter import Adapter, StandInLink
from tests.vectors.files import Keys, Vector


class MoneyuaAdapter(Adapter):
    """The form plain and as XML."""

    provider = "moneyua"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        return {
            "merchant_info": vector.secrets["MERCHANT_INFO"],
            "secret": vector.secrets["secret"],
            "variant": "xml" if vector.name.endswith("_xml") else "plain",
        }

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        client = PROVIDER.client()
        assert client is not None
        order = self.order(
            number="20260001",
            callback_url="https://billing.example/pay/moneyua/result",
            success_url="https://billing.example/ok",
            failure_url="https://billing.example/fail",
        )
        return client.create_checkout(order, merchant, link)


ADAPTER = MoneyuaAdapter()
