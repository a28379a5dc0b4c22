"""PUMB under its vectors."""

import json
from collections.abc import Mapping
from typing import Any

from billing.payments import recipes
from billing.payments.wire import documents
from tests.vectors.adapter import Adapter, Sent
from tests.vectors.fields import value_at
from tests.vectors.files import Keys, Vector

HEADER = "x-jws-signature"
BANK_KEY, OUR_KEY = "pumb_bank_rsa", "pumb_biller_rsa"


class PumbAdapter(Adapter):
    """A detached JWS both ways; operation_id is ours."""

    provider = "pumb"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        secrets = vector.secrets
        return {
            "service_code": secrets.get("service_code", ""),
            "verify_key": keys.told(secrets["verify_key"]),
            "sign_key": keys.told(secrets["sign_key"]),
        }

    def sent(self, vector: Vector, answers: Mapping[str, bytes], keys: Keys) -> Sent:
        sent = super().sent(vector, answers, keys)
        before = [answers[name] for name in vector.data.get("depends_on") or ()]
        if not before:
            return sent
        ours = str(value_at(before[0], "payload.operation_id"))
        if sent.method == "GET":
            path, mark, _illustrative = sent.path_suffix.partition("operation_id=")
            return Sent("GET", path + mark + (ours if mark else ""), sent.headers, b"")
        payload = json.loads(recipes.b64url_decode(json.loads(sent.body)["payload"]))
        if "operation_id" in payload:
            payload["operation_id"] = ours
        for row in payload.get("payments", ()):
            row["operation_id"] = ours
        header = recipes.b64url(documents.json_bytes({"alg": "RS256", "typ": "JWT"}))
        text = recipes.b64url(documents.json_bytes(payload))
        signature = recipes.jws_detached_sign(header, text, alg="RS256", pem=keys.private(BANK_KEY))
        headers = {**sent.headers, HEADER: f"{header}..{signature}"}
        body = documents.json_bytes({"payload": text})
        return Sent(sent.method, sent.path_suffix, headers, body)

    def wrong_signature(
        self, vector: Vector, headers: Mapping[str, str], body: bytes, keys: Keys
    ) -> str:
        header, _, signature = headers.get(HEADER, "").partition("..")
        payload = json.loads(body)["payload"]
        words = json.loads(recipes.b64url_decode(header))
        holds = recipes.jws_detached_verify(
            header, payload, signature, alg=words["alg"], pem=keys.public(OUR_KEY)
        )
        return "" if holds else "the answer's signature does not hold"


ADAPTER = PumbAdapter()
