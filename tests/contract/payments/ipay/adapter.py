"""iPay under its vectors."""

from typing import Any

from billing.payments import recipes
from tests.vectors.adapter import Adapter
from tests.vectors.files import Keys, Vector


class IpayAdapter(Adapter):
    """A signed salt; two profiles of the answer to a check."""

    provider = "ipay"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        secrets = vector.secrets
        return {
            "mch_id": secrets.get("mch_id") or secrets.get("id", ""),
            "notify_key": secrets.get("notify_key", "unused"),
            "check_profile": "B" if vector.name.endswith("_profile_b") else "A",
        }

    def algorithm(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        text = vector.signature["string_to_sign"]
        return {"value": recipes.hmac_sha512_salt(text, vector.secrets["key"])}


ADAPTER = IpayAdapter()
