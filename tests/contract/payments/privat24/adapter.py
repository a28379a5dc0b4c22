"""Privat24 under its vectors."""

from collections.abc import Mapping
from typing import Any

from tests.vectors.adapter import Adapter, Sent
from tests.vectors.fields import value_at
from tests.vectors.files import Keys, Vector


class Privat24Adapter(Adapter):
    """Pay echoes the reference that Check was answered with."""

    provider = "privat24"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        secrets = vector.secrets
        if "companyCode" not in secrets:
            return {}
        return {
            "company_code": secrets["companyCode"],
            "service_code": secrets.get("serviceCode", ""),
        }

    def sent(self, vector: Vector, answers: Mapping[str, bytes], keys: Keys) -> Sent:
        sent = super().sent(vector, answers, keys)
        if "check_ok" not in answers or b"CHK-70040" not in sent.body:
            return sent
        ours = str(value_at(answers["check_ok"], "/Transfer/Data/@reference")).encode()
        body = sent.body.replace(b"CHK-70040", ours)
        return Sent(sent.method, sent.path_suffix, sent.headers, body)


ADAPTER = Privat24Adapter()
