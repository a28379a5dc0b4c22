"""PUMB's acquiring webhook, which nobody signs."""

from typing import Any

import pytest

from billing.payments import merchants
from billing.payments import operations as payments
from billing.payments.gateway import ProviderRefusedError
from billing.payments.models import Payment
from billing.payments.providers.pumb.acquiring import PageClient
from billing.payments.wire import documents
from project.core.actor import SYSTEM
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
from tests.contract.payments.pumb.adapter import ADAPTER, BANK_KEY, OUR_KEY
from tests.contract.payments.suite import SignedFaults
from tests.vectors import world
from tests.vectors.adapter import Sent, StandInLink

TOKEN = "5c1e0f6b9a2d47c8"
ORDER, KEY = "INV-2026-0009", "5f3d0a2e-0000-4000-8000-000000000201"


def webhook(key: str, account: str, amount: int, *, token: str = TOKEN, **more: Any) -> Sent:
    document = {
        "id": key,
        "amount": amount,
        "params": {"account": account},
        "source": "acquiring.frame",
        "status": "PROCESSED",
        "internal": {"status": "SUCCESS", "response_code": "00"},
        "commission": 0,
        "external_id": ORDER,
        "processed_at": "2026-03-15T10:30:45Z",
        "finalized_at": "2026-03-15T10:30:45Z",
    } | more
    headers = {"Content-Type": "application/json"}
    return Sent("POST", f"/acquiring/{token}", headers, documents.json_bytes(document))


def is_ok(answer: Answered) -> bool:
    return answer.status == 200


def incoming() -> Incoming:
    return Incoming(
        provider="pumb",
        settings={
            "verify_key": FOLDER.keys.public(BANK_KEY),
            "sign_key": FOLDER.keys.private(OUR_KEY),
            "acquiring_token": TOKEN,
        },
        pay=webhook,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body == b"",
        amount=12_550,
        other_amount=12_551,
        key=KEY,
        spoil=lambda sent: webhook(KEY, "100500", 12_550, token="guess"),
    )


class TestWebhook(SignedFaults):
    """B: compared with an order, at an address that cannot be guessed."""

    incoming = staticmethod(incoming)

    def provider(self) -> Provider:
        provider = super().provider()
        world.order(
            merchant_id=provider.merchant_id, number=ORDER, client="acquiring", at=FOLDER.now
        )
        return provider

    def test_an_amount_or_order_that_is_not_ours_credits_nothing(self, db: None) -> None:
        provider = self.provider()
        assert not is_ok(provider.send(webhook(KEY, "100500", 99_900)))
        assert not is_ok(provider.send(webhook(KEY, "100500", 12_550, external_id="INV-1")))
        assert provider.balance == -15_025

    def test_the_account_in_it_is_not_believed(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(webhook(KEY, "999999", 12_550)))
        assert provider.balance == -15_025 + 12_550

    def test_the_account_is_believed_where_networks_and_the_setting_say_so(self, db: None) -> None:
        provider = self.provider()
        told = webhook(KEY, "100500", 20_000, external_id="")
        change: dict[str, Any] = {"settings": {"acquiring_trust": "account"}}
        payments.change_merchant(
            at=FOLDER.now, actor=SYSTEM, merchant_id=provider.merchant_id, **change
        )
        assert not is_ok(provider.send(told))
        payments.change_merchant(
            at=FOLDER.now,
            actor=SYSTEM,
            merchant_id=provider.merchant_id,
            networks=["192.0.2.0/24"],
        )
        assert is_ok(provider.send(told))
        assert provider.balance == -15_025 + 20_000

    def test_a_failed_one_closes_the_order(self, db: None) -> None:
        provider = self.provider()
        failed = webhook(KEY, "100500", 12_550, internal={"status": "FAILED"})
        assert is_ok(provider.send(failed))
        assert (provider.balance, Payment.objects.get().state) == (-15_025, "FAILED")


def test_the_page_is_a_setting(db: None) -> None:
    provider = Provider(incoming())
    account = merchants.get(merchant_id=provider.merchant_id)
    link = StandInLink(account, FOLDER.now, "")
    with pytest.raises(ProviderRefusedError, match="NO_PAGE"):
        PageClient().create_checkout(ADAPTER.order(number="7"), account.view, link)
    payments.change_merchant(
        at=FOLDER.now,
        actor=SYSTEM,
        merchant_id=provider.merchant_id,
        settings={"acquiring_page": "https://pay.example/?o={order}&a={account}&s={amount}"},
    )
    account = merchants.get(merchant_id=provider.merchant_id)
    checkout = PageClient().create_checkout(ADAPTER.order(number="7"), account.view, link)
    assert checkout.url == "https://pay.example/?o=7&a=100500&s=12550"
