"""EasyPay under its vectors."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing.payments import recipes
from billing.payments.gateway import Merchant
from billing.payments.providers.easypay import merchant
from tests.vectors import world
from tests.vectors.adapter import Adapter, Sent, StandInLink
from tests.vectors.fields import MISSING, value_at
from tests.vectors.files import Keys, Vector

SESSION = "0d6b2f0e-0000-4000-8000-00000000000{}"
ORDERS = ("INV-2026-0001", "INV-2026-0002")
PROVIDER_KEY, OUR_KEY = "easypay_provider", "easypay_biller"


class EasypayAdapter(Adapter):
    """Bill payments are signed both ways; Confirm and Cancel name our id."""

    provider = "easypay"

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        secrets = vector.secrets
        if "verify_key" not in secrets:
            return {
                "partner_key": secrets.get("PartnerKey", ""),
                "service_key": secrets.get("serviceKey", ""),
                "merchant_secret": secrets.get("secretKey", ""),
            }
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

    def before(self, vector: Vector, merchant_id: int, at: datetime) -> None:
        if vector.path_suffix == "/notify":
            for number in ORDERS:
                world.order(merchant_id=merchant_id, number=number, client="merchant", at=at)

    def link(self, vector: Vector, link: StandInLink) -> None:
        if vector.operation != "session":
            link.kept |= {merchant.APP: SESSION.format(1), merchant.PAGE: SESSION.format(2)}

    def call(self, vector: Vector, merchant_account: Merchant, link: StandInLink) -> Any:
        client = merchant.MerchantClient()
        paid = self.payment(link.at, order=ORDERS[0], key="1859083939")
        match vector.operation:
            case "session":
                return client.open_app(merchant_account, link)
            case "query":
                return client.query(paid, merchant_account, link)
            case "refund":
                return client.refund(paid, 12_550, "r-1", merchant_account, link)
        order = self.order(
            number=ORDERS[0],
            callback_url="https://billing.example/pay/easypay/notify",
            success_url="https://billing.example/ok",
            failure_url="https://billing.example/fail",
        )
        return client.create_checkout(order, merchant_account, link)


ADAPTER = EasypayAdapter()
