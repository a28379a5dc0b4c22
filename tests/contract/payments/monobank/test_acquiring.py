"""monobank's acquiring: what its webhook must bear, how its key changes, what goes back."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from billing.payments import merchants, recipes
from billing.payments import operations as payments
from billing.payments.gateway import IncomingReply, OutgoingRequest, ProviderUnreachableError
from billing.payments.models import Payment, PaymentEvent, Refund
from billing.payments.outgoing import HttpLink
from billing.payments.wire import documents
from project.core.actor import SYSTEM
from tests.contract.payments import faults
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
from tests.contract.payments.suite import SignedFaults
from tests.vectors import world
from tests.vectors.adapter import Sent

KEY_NAME = "mono_acquiring"
INVOICE, ORDER = "p2_TESTinvoice1", "INV-2026-0010"


def public(name: str) -> str:
    return base64.b64encode(FOLDER.keys.public(name).encode()).decode()


def webhook(key: str, account: str, amount: int, *, at: str = "10:30:45", **more: Any) -> Sent:
    """The account is not in it: the order says whose the money is."""
    document = {
        "invoiceId": key,
        "status": "success",
        "amount": amount,
        "ccy": 980,
        "finalAmount": amount,
        "createdDate": "2026-03-15T10:30:00Z",
        "modifiedDate": f"2026-03-15T{at}Z",
        "reference": ORDER if account == "100500" else "",
        "cancelList": [],
    } | more
    body = documents.json_bytes(document)
    sign = recipes.ecdsa_sign(body, FOLDER.keys.private(KEY_NAME))
    return Sent("POST", "/webhook", {"Content-Type": "application/json", "X-Sign": sign}, body)


def part(key: str, kopecks: int, status: str = "success") -> dict[str, Any]:
    return {
        "status": status,
        "amount": kopecks,
        "extRef": key,
        "createdDate": "2026-03-15T11:00:00Z",
    }


def no_bank(link: HttpLink, request: OutgoingRequest, *, operation: str) -> IncomingReply:
    """The bank does not answer: its key is not changed."""
    raise ProviderUnreachableError("no bank here")


def is_ok(answer: Answered) -> bool:
    return answer.status == 200


def incoming() -> Incoming:
    return Incoming(
        provider="monobank",
        settings={"token": "uTestToken", "public_key": public(KEY_NAME)},
        pay=webhook,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body == b"",
        amount=12_550,
        other_amount=12_551,
        key=INVOICE,
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"12550", b"99999")),
    )


class TestWebhook(SignedFaults):
    """The webhook of an invoice."""

    incoming = staticmethod(incoming)

    @pytest.fixture(autouse=True)
    def _no_bank(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The bank answers with the key that it has; the network is not asked."""
        self.bank_key, self.asked = public(KEY_NAME), 0

        def send(link: HttpLink, request: OutgoingRequest, *, operation: str) -> IncomingReply:
            self.asked += 1
            assert request.url == "https://api.monobank.ua/api/merchant/pubkey"
            body = documents.json_bytes({"key": self.bank_key})
            return IncomingReply(200, {}, body)

        monkeypatch.setattr(HttpLink, "send", send)

    def provider(self) -> Provider:
        provider = super().provider()
        world.order(
            merchant_id=provider.merchant_id,
            number=ORDER,
            client="acquiring",
            provider_ref=INVOICE,
            at=FOLDER.now,
        )
        return provider

    def test_a_new_key_of_the_bank_is_fetched_once(self, db: None) -> None:
        provider = self.provider()
        payments.change_merchant(
            at=FOLDER.now,
            actor=SYSTEM,
            merchant_id=provider.merchant_id,
            settings={"public_key": public("pumb_bank_p256")},
        )
        assert is_ok(provider.send(provider.paying()))
        assert self.asked == 1
        account = merchants.get(merchant_id=provider.merchant_id)
        assert account.view["public_key"] == self.bank_key
        assert is_ok(provider.send(provider.paying()))
        assert self.asked == 1

    def test_forged_messages_do_not_make_us_ask_again_and_again(self, db: None) -> None:
        provider = self.provider()
        spoil = provider.incoming.spoil
        assert spoil is not None
        for _ in range(5):
            assert provider.send(spoil(provider.paying())).status == 403
        assert self.asked <= 1

    def test_an_older_message_that_comes_late_is_ignored(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(provider.paying()))
        late = webhook(INVOICE, "100500", 12_550, at="10:30:01", status="processing")
        assert is_ok(provider.send(late))
        failed = webhook(INVOICE, "100500", 12_550, at="10:30:02", status="failure")
        assert is_ok(provider.send(failed))
        assert provider.balance == -15_025 + 12_550

    def test_parts_go_back_once_each_and_then_the_rest(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        first = part("a", 2_550)
        one = webhook(
            INVOICE, "100500", 12_550, at="11:00:00", finalAmount=10_000, cancelList=[first]
        )
        assert is_ok(provider.send(one))
        assert is_ok(provider.send(one))
        assert provider.balance == -15_025 + 10_000
        waiting = webhook(
            INVOICE,
            "100500",
            12_550,
            at="11:01:00",
            finalAmount=10_000,
            cancelList=[first, part("b", 10_000, "processing")],
        )
        assert is_ok(provider.send(waiting))
        assert provider.balance == -15_025 + 10_000
        last = webhook(
            INVOICE,
            "100500",
            12_550,
            at="11:02:00",
            status="reversed",
            finalAmount=0,
            cancelList=[first, part("b", 10_000)],
        )
        assert is_ok(provider.send(last))
        assert provider.balance == -15_025
        assert Payment.objects.get().state == "REVERSED"
        assert Refund.objects.count() == 2
        provider.books_are_right()

    def test_a_first_message_that_comes_after_a_refund_credits_what_is_left(self, db: None) -> None:
        provider = self.provider()
        told = webhook(INVOICE, "100500", 12_550, finalAmount=10_000, cancelList=[part("a", 2_550)])
        assert is_ok(provider.send(told))
        assert provider.balance == -15_025 + 10_000
        assert Payment.objects.get().refunded_kopecks == 2_550
        provider.books_are_right()

    def test_a_refund_of_ours_is_found_by_its_key(self, db: None) -> None:
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
        done = [part("wish-1", 2_550)]
        told = webhook(
            INVOICE, "100500", 12_550, at="11:00:00", finalAmount=10_000, cancelList=done
        )
        assert is_ok(provider.send(told))
        ours.refresh_from_db()
        assert (ours.state, Refund.objects.count()) == ("SUCCEEDED", 1)
        assert provider.balance == -15_025 + 10_000

    def test_held_money_is_not_credited(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(webhook(INVOICE, "100500", 12_550, status="hold")))
        assert (provider.balance, Payment.objects.get().state) == (-15_025, "PENDING")

    def test_another_currency_is_refused(self, db: None) -> None:
        provider = self.provider()
        assert provider.send(webhook(INVOICE, "100500", 12_550, ccy=840)).status == 400
        assert provider.balance == -15_025


class TestRefundsAreAskedAbout:
    """Refunds of ours of which nobody told the end."""

    @pytest.fixture(autouse=True)
    def _world(self, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
        faults.standing_clock(monkeypatch)
        self.provider = Provider(incoming())
        world.order(
            merchant_id=self.provider.merchant_id,
            number=ORDER,
            client="acquiring",
            provider_ref=INVOICE,
            at=FOLDER.now,
        )
        self.provider.send(self.provider.paying())
        self.asked: list[str] = []
        self.says: dict[str, Any] = {}

        def send(link: HttpLink, request: OutgoingRequest, *, operation: str) -> IncomingReply:
            self.asked.append(operation)
            if not self.says:
                raise ProviderUnreachableError("down")
            body = json.loads(webhook(INVOICE, "100500", 12_550, **self.says).body)
            return IncomingReply(200, {}, documents.json_bytes(body))

        monkeypatch.setattr(HttpLink, "send", send)

    def wish(self, state: str, kopecks: int = 2_550) -> Refund:
        payment = Payment.objects.get()
        return Refund.objects.create(
            payment=payment,
            merchant_id=payment.merchant_id,
            space=payment.space,
            key="wish-1",
            kind="OURS",
            state=state,
            amount_kopecks=kopecks,
            told_kopecks=kopecks,
            created_at=FOLDER.now,
        )

    def ask(self, minutes: int) -> int:
        return payments.ask_about_refunds(at=FOLDER.now + timedelta(minutes=minutes))

    @pytest.mark.parametrize("state", ["SENT", "UNKNOWN"])
    def test_it_is_asked_about_until_it_is_known(self, state: str) -> None:
        ours = self.wish(state)
        assert self.ask(1) == 0
        assert self.ask(5) == 1  # the bank does not answer
        assert self.ask(6) == 0  # not again at once
        self.says = {"finalAmount": 12_550, "cancelList": []}
        assert self.ask(20) == 1  # not done yet
        ours.refresh_from_db()
        assert ours.state == state
        self.says = {"finalAmount": 10_000, "cancelList": [part("wish-1", 2_550)]}
        assert self.ask(40) == 1
        ours.refresh_from_db()
        assert (ours.state, Refund.objects.count()) == ("SUCCEEDED", 1)
        assert self.provider.balance == -15_025 + 10_000
        assert self.ask(60) == 0
        self.provider.books_are_right()

    def test_one_that_was_never_sent_is_closed(self) -> None:
        ours = self.wish("CREATED")
        assert self.ask(5) == self.ask(20) == 0
        ours.refresh_from_db()
        assert (ours.state, self.asked) == ("FAILED", [])

    def test_all_gone_while_a_part_was_wished_for_is_left_to_people(self) -> None:
        self.wish("UNKNOWN")
        self.says = {"status": "reversed", "finalAmount": 0, "cancelList": []}
        assert self.ask(5) == 1
        assert self.provider.balance == -15_025 + 12_550
        assert PaymentEvent.objects.filter(kind="CONFLICT").exists()
