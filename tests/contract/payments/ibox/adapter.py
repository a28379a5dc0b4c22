"""iBox under its vectors."""

from collections.abc import Mapping
from typing import Any

from tests.vectors.adapter import Adapter, Sent
from tests.vectors.fields import value_at
from tests.vectors.files import Keys, Vector


class IboxAdapter(Adapter):
    """HTTP Basic; a cancel names our id of the payment."""

    provider = "ibox"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        return {
            "basic_user": vector.secrets.get("basic_user", ""),
            "basic_password": vector.secrets.get("basic_password", ""),
        }

    def sent(self, vector: Vector, answers: Mapping[str, bytes], keys: Keys) -> Sent:
        sent = super().sent(vector, answers, keys)
        if vector.operation != "cancel" or not vector.data.get("depends_on"):
            return sent
        ours = value_at(answers[vector.data["depends_on"][0]], "/response/prv_txn")
        before, _, _after = sent.path_suffix.partition("prv_txn=")
        return Sent(sent.method, f"{before}prv_txn={ours}", sent.headers, sent.body)


ADAPTER = IboxAdapter()
