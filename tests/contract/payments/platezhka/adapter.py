"""Platezhka under its vectors."""

from typing import Any

from tests.vectors.adapter import Adapter
from tests.vectors.files import Keys, Vector


class PlatezhkaAdapter(Adapter):
    """Log-in, password and service number."""

    provider = "platezhka"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        return {
            "login": vector.secrets["login"],
            "password": vector.secrets["password"],
            "service": vector.secrets.get("payElementID", ""),
        }


ADAPTER = PlatezhkaAdapter()
