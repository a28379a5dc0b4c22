"""Privat24 under its vectors."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from billing.calendar import KYIV
from billing.payments.gateway import Merchant
from billing.payments.providers.privat24 import autoclient
from tests.vectors import world
from tests.vectors.adapter import Adapter, Sent, StandInLink
from tests.vectors.fields import value_at
from tests.vectors.files import Keys, Vector


class Privat24Adapter(Adapter):
    """Pay echoes the reference that Check was answered with."""

    provider = "privat24"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        secrets = vector.secrets
        if "merchant_password" in secrets:
            return {
                "ishop_merchant": secrets["merchant_id"],
                "ishop_password": secrets["merchant_password"],
            }
        if "token" in secrets:
            return {
                "autoclient_token": secrets["token"],
                "autoclient_id": "<client id>",
                "autoclient_account": "UA000000000000000000000000000",
            }
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

    def before(self, vector: Vector, merchant_id: int, at: datetime) -> None:
        if vector.path_suffix == "/ishop":
            number = "INV-2026-0003"
            world.order(merchant_id=merchant_id, number=number, client="ishop", at=at)

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        start = link.at.astimezone(KYIV).replace(hour=0, minute=0, second=0)
        end = start + timedelta(days=1)
        return autoclient.AutoclientClient().fetch_registry(start, end, merchant, link)

    def said(self, path: str, told: Any) -> Any:
        assert path == "account from OSND"
        return told[0].account


ADAPTER = Privat24Adapter()
