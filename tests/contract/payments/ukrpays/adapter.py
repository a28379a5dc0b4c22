"""UkrPays under its vectors."""

from typing import Any

from billing.payments.gateway import Merchant
from billing.payments.providers.ukrpays import PROVIDER
from tests.vectors.adapter import Adapter, StandInLink
from tests.vectors.files import Keys, Vector


class UkrpaysAdapter(Adapter):
    """One secret; the form is not signed."""

    provider = "ukrpays"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        return dict(vector.secrets)

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        client = PROVIDER.client()
        assert client is not None
        order = self.order(
            number="85515476",
            payer_name="Koval Test",
            success_url="https://billing.example/ok",
        )
        return client.create_checkout(order, merchant, link)


ADAPTER = UkrpaysAdapter()
