"""Portmone under its vectors."""

from typing import Any

from tests.vectors.adapter import Adapter
from tests.vectors.files import Keys, Vector


class PortmoneAdapter(Adapter):
    """Bill messages are not signed."""

    provider = "portmone"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        payee = vector.secrets.get("payee_id") or vector.secrets.get("payeeId", "")
        return {"payee_id": payee}


ADAPTER = PortmoneAdapter()
