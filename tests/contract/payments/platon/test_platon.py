"""Platon: its vectors, and what its callback must bear."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from billing.payments import merchants
from billing.payments import operations as payments
from billing.payments.gateway import ProviderRefusedError
from billing.payments.models import Payment, Refund
from billing.payments.providers.platon import callback as platon
from billing.payments.providers.platon.server import PlatonClient, order_hash
from project.core.actor import SYSTEM
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
from tests.contract.payments.platon.adapter import ADAPTER, DETAILS
from tests.contract.payments.suite import SignedFaults
from tests.vectors import world
from tests.vectors.adapter import Sent, StandInLink

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
PASSWORD = "platon-test-pass"
ORDER = "INV-2026-0012"


def callback(
    key: str, account: str, amount: str, *, status: str = "SALE", variant: int = 2, **more: str
) -> Sent:
    fields = {
        "id": key,
        "order": ORDER,
        "status": status,
        "card": "411111****1111",
        "amount": amount,
        "currency": "UAH",
        "email": "payer@example.com",
        "date": "2026-03-15 12:30:45",
        "ext1": account,
    } | more
    fields["sign"] = platon.digest(
        fields, email=fields["email"], password=PASSWORD, variant=variant
    )
    return Sent("POST", "/callback", FORM, urlencode(fields).encode())


def is_ok(answer: Answered) -> bool:
    return answer.status == 200


def incoming() -> Incoming:
    return Incoming(
        provider="platon",
        settings={"key": "PLATONTEST", "password": PASSWORD},
        pay=callback,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body == b"",
        amount="125.50",
        other_amount="125.51",
        key="47097-87309-6110",
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"INV-2026", b"INV-2027")),
    )


class TestCallback(SignedFaults):
    """The callback, compared with an order."""

    incoming = staticmethod(incoming)

    def provider(self) -> Provider:
        provider = super().provider()
        world.order(merchant_id=provider.merchant_id, number=ORDER, client="form", at=FOLDER.now)
        return provider

    def test_an_amount_that_is_not_the_orders_credits_nothing(self, db: None) -> None:
        provider = self.provider()
        assert not is_ok(provider.send(callback("47097-1", "100500", "999.00")))
        assert provider.balance == -15_025
        assert Payment.objects.get().state == "CREATED"

    def test_the_account_of_the_order_counts_and_not_an_unsigned_field(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(callback("47097-1", "100501", "125.50")))
        assert provider.balance == -15_025 + 12_550

    def test_an_order_of_nobody_is_refused(self, db: None) -> None:
        provider = self.provider()
        told = callback("47097-2", "100500", "125.50", order="INV-1")
        assert not is_ok(provider.send(told))
        assert provider.balance == -15_025

    @pytest.mark.parametrize("status", ["REFUND", "CHARGEBACK"])
    def test_money_back_in_parts_and_then_all(self, db: None, status: str) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        part = callback("47097-87309-6110", "100500", "25.50", status=status)
        assert is_ok(provider.send(part))
        assert is_ok(provider.send(part))
        assert provider.balance == -15_025 + 10_000
        assert is_ok(provider.send(callback("47097-87309-6110", "1", "100.00", status=status)))
        assert provider.balance == -15_025
        assert Payment.objects.get().state == "REVERSED"
        # The first message once more: nothing is credited a second time.
        provider.send(provider.paying())
        assert provider.balance == -15_025
        provider.books_are_right()

    def test_a_refund_of_ours_is_done_when_the_callback_tells_so(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        payment = Payment.objects.get()
        ours = Refund.objects.create(
            payment=payment,
            merchant_id=payment.merchant_id,
            space=payment.space,
            key="wish-1",
            kind="OURS",
            state="SENT",
            amount_kopecks=2_550,
            told_kopecks=2_550,
            created_at=FOLDER.now,
        )
        told = callback("47097-87309-6110", "100500", "25.50", status="REFUND")
        for _ in range(2):
            assert is_ok(provider.send(told))
        ours.refresh_from_db()
        assert (ours.state, Refund.objects.count()) == ("SUCCEEDED", 1)
        assert provider.balance == -15_025 + 10_000
        provider.books_are_right()

    def test_what_is_neither_pays_nor_takes(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(callback("47097-3", "100500", "125.50", status="TOKEN")))
        assert provider.balance == -15_025

    def test_the_variant_can_be_demanded(self, db: None) -> None:
        provider = self.provider()
        payments.change_merchant(
            at=FOLDER.now,
            actor=SYSTEM,
            merchant_id=provider.merchant_id,
            settings={"callback_variant": "2"},
        )
        old = callback("47097-87309-6110", "100500", "125.50", variant=1)
        assert provider.send(old).status == 403
        assert is_ok(provider.send(provider.paying()))


def test_a_refund_within_ten_minutes_is_not_asked_for(db: None) -> None:
    provider = Provider(incoming())
    account = merchants.get(merchant_id=provider.merchant_id)
    link = StandInLink(account, FOLDER.now, "http://127.0.0.1:9")
    early = (FOLDER.now - timedelta(minutes=9)).isoformat()
    paid = ADAPTER.payment(FOLDER.now, key="1-2", details={**DETAILS, "told_at": early})
    with pytest.raises(ProviderRefusedError, match="TOO_EARLY"):
        PlatonClient().refund(paid, 2_550, "r", account.view, link)
    assert link.requests == []
    assert order_hash(ORDER, account.view) == "b89d95bb62969cada509ecd8fdffef8a"


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("platon")
    assert told.over_http > 0
    assert told.wrong == []
