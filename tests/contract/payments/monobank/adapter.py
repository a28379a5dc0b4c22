"""monobank under its vectors."""

from typing import Any

from tests.vectors.adapter import Adapter
from tests.vectors.files import Keys, Vector


class MonobankAdapter(Adapter):
    """The bill protocols are not signed."""

    provider = "monobank"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        return {}


ADAPTER = MonobankAdapter()
