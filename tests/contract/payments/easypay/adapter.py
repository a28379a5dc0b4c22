"""EasyPay under its vectors."""

import re
from collections.abc import Mapping
from typing import Any

from billing.payments import recipes
from tests.vectors.adapter import Adapter, Sent
from tests.vectors.fields import MISSING, value_at
from tests.vectors.files import Keys, Vector

PROVIDER_KEY, OUR_KEY = "easypay_provider", "easypay_biller"


class EasypayAdapter(Adapter):
    """Bill payments are signed both ways; Confirm and Cancel name our id."""

    provider = "easypay"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        secrets = vector.secrets
        if "verify_key" not in secrets:
            return {}
        return {
            "service_id": secrets["ServiceId"],
            "verify_key": keys.told(secrets["verify_key"]),
            "sign_key": keys.told(secrets["sign_key"]),
        }

    def sent(self, vector: Vector, answers: Mapping[str, bytes], keys: Keys) -> Sent:
        sent = super().sent(vector, answers, keys)
        before = [answers[name] for name in vector.data.get("depends_on") or ()]
        if vector.operation not in ("commit", "cancel") or not before:
            return sent
        ours = str(value_at(before[0], "/Response/PaymentId")).encode()
        body = re.sub(rb"<PaymentId>[^<]*<", b"<PaymentId>" + ours + b"<", sent.body)
        body = re.sub(rb"<Sign>[^<]*</Sign>", b"<Sign></Sign>", body)
        signed = recipes.rsa_sha1_sign(body, keys.private(PROVIDER_KEY))
        return Sent(sent.method, sent.path_suffix, sent.headers, signed)

    def wrong_signature(
        self, vector: Vector, headers: Mapping[str, str], body: bytes, keys: Keys
    ) -> str:
        if not body.startswith(b"<") or value_at(body, "/Response/StatusCode") is MISSING:
            return ""
        if recipes.rsa_sha1_verify(body, keys.public(OUR_KEY)):
            return ""
        return "the answer's signature does not hold"


ADAPTER = EasypayAdapter()
