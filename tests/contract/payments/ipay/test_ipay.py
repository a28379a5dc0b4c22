"""iPay: its vectors, and what its bill messages must bear."""

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import pytest

from billing.payments import operations as payments
from billing.payments import recipes
from billing.payments.gateway import IncomingReply, OutgoingRequest, ProviderUnreachableError
from billing.payments.models import Payment, PaymentEvent, PaymentMessage
from billing.payments.outgoing import HttpLink
from billing.payments.wire.documents import tag
from project.core import outbox
from project.core.actor import SYSTEM
from tests.contract.payments import faults
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
from tests.contract.payments.suite import SignedFaults
from tests.vectors.adapter import Sent

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
KEY, SIGN_KEY = "ipay-test-notify-key", "ipay-test-sign-key"
SALT = "3024560d218591be21e0c608a86dc59c6516516e"


def message(
    key: str, account: str, invoice: str, *, status: int = 5, salt: str = SALT, sign: str = ""
) -> Sent:
    info = escape(json.dumps({"acc": account}), {'"': "&quot;"})
    sign = sign or recipes.hmac_sha512_salt(salt, KEY)
    xml = (
        f'<payment id="{key}"><ident>b7683b</ident><status>{status}</status><amount>12801</amount>'
        "<currency>UAH</currency><timestamp>1773570645</timestamp><transactions>"
        f'<transaction id="431"><mch_id>7001</mch_id><invoice>{invoice}</invoice>'
        f"<amount>12801</amount><type>10</type><status>11</status><info>{info}</info>"
        f"</transaction></transactions><salt>{salt}</salt><sign>{sign}</sign></payment>"
    )
    return Sent("POST", "", FORM, f"xml={quote_plus(xml)}".encode())


def pay(key: str, account: str, invoice: str) -> Sent:
    # Another content has a salt of its own: the same one would be refused for that alone.
    salt = SALT if invoice == "12550" else SALT[::-1]
    return message(key, account, invoice, salt=salt)


def is_ok(answer: Answered) -> bool:
    return answer.status == 200 and b"TRANSACTION OK" in answer.body


def spoiled(sent: Sent) -> Sent:
    start = sent.body.index(b"sign%3E") + len(b"sign%3E")
    return replace(sent, body=sent.body[:start] + b"0" + sent.body[start + 1 :])


def incoming() -> Incoming:
    return Incoming(
        provider="ipay",
        settings={"mch_id": "7001", "notify_key": KEY, "confirm": "salt"},
        pay=pay,
        is_ok=is_ok,
        in_own_form=lambda answer: b"<response>" in answer.body or answer.body == b"",
        amount="12550",
        other_amount="12551",
        key="31000001",
        spoil=spoiled,
    )


class TestBill(SignedFaults):
    """A: messages to the biller."""

    incoming = staticmethod(incoming)

    def test_a_salt_is_not_used_again_by_a_message_that_says_something_else(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(provider.paying()))
        replayed = provider.send(message("31000002", "100500", "12550"))
        assert replayed.status == 403
        assert provider.balance == -15_025 + 12_550
        provider.books_are_right()

    def test_status_nine_takes_the_payment_back(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        back = message("31000001", "100500", "12550", status=9, salt="a" * 40)
        assert is_ok(provider.send(back))
        assert is_ok(provider.send(back))
        assert provider.balance == -15_025
        provider.books_are_right()

    def test_money_for_an_unknown_account_waits_for_its_owner(self, db: None) -> None:
        provider = self.provider()
        assert provider.send(pay("31000009", "999999", "12550")).status == 200
        assert Payment.objects.get().is_unallocated
        provider.books_are_right()


class Ipay:
    """An iPay that is asked about payments: what it says, and how often it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.says, self.asked = {"status": "5", "invoice": "12550", "amount": "12801"}, 0
        self.is_down = False
        monkeypatch.setattr(HttpLink, "send", self.send)

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        """The answer to `status`, signed as iPay signs."""
        self.asked += 1
        if self.is_down:
            raise ProviderUnreachableError("down")
        inside = [tag(name, text) for name, text in self.says.items()]
        sign = recipes.hmac_sha512_salt("aa", SIGN_KEY)
        body = tag(
            "payment", tag("pmt_id", "31000001"), *inside, tag("salt", "aa"), tag("sign", sign)
        )
        return IncomingReply(200, {}, body.encode())


class TestConfirmedByQuery:
    """As it is set at first: nothing is credited before iPay was asked."""

    @pytest.fixture(autouse=True)
    def _world(self, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
        faults.standing_clock(monkeypatch)
        self.ipay = Ipay(monkeypatch)
        settings = {"mch_id": "7001", "notify_key": KEY, "sign_key": SIGN_KEY}
        self.provider = Provider(replace(incoming(), settings=settings))
        self.now = FOLDER.now

    def ask(self) -> None:
        self.now += timedelta(minutes=1)
        outbox.dispatch(at=self.now)

    def test_a_message_only_announces_and_the_answer_credits_once(self) -> None:
        for _again in range(2):
            assert is_ok(self.provider.send(self.provider.paying()))
        payment = Payment.objects.get()
        assert (payment.state, self.provider.balance, self.ipay.asked) == ("PENDING", -15_025, 0)
        self.ask()
        assert is_ok(self.provider.send(self.provider.paying()))
        self.ask()
        payment.refresh_from_db()
        assert (payment.state, payment.amount_kopecks, payment.fee_kopecks) == (
            "CONFIRMED",
            12_550,
            251,
        )
        assert self.provider.balance == -15_025 + 12_550
        self.provider.books_are_right()

    def test_what_ipay_says_counts_and_not_what_the_message_said(self) -> None:
        self.ipay.says |= {"invoice": "100", "amount": "100"}
        assert is_ok(self.provider.send(self.provider.paying()))
        self.ask()
        assert self.provider.balance == -15_025 + 100
        self.provider.books_are_right()

    def test_a_payment_that_ipay_does_not_confirm_is_not_credited(self) -> None:
        self.ipay.says["status"] = "4"
        self.provider.send(self.provider.paying())
        self.ask()
        assert (Payment.objects.get().state, self.provider.balance) == ("FAILED", -15_025)

    def test_another_amount_under_the_same_id_alarms_people(self) -> None:
        self.provider.send(self.provider.paying())
        other = message("31000001", "100501", "12550", salt="b" * 40)
        assert not is_ok(self.provider.send(other))
        assert PaymentEvent.objects.filter(kind="CONFLICT").count() == 1

    def test_money_that_nobody_could_ask_about_stays_open_and_is_asked_about_again(self) -> None:
        self.ipay.is_down = True
        self.provider.send(self.provider.paying())
        self.ask()
        later = FOLDER.now + timedelta(days=2)
        payments.expire(at=later, actor=SYSTEM)
        assert Payment.objects.get().state == "PENDING"
        self.ipay.is_down = False
        assert payments.ask_about_open(at=later) == 1
        assert self.provider.balance == -15_025 + 12_550
        self.provider.books_are_right()

    def test_an_unknown_account_waits_for_its_owner(self) -> None:
        assert is_ok(self.provider.send(pay("31000001", "999999", "12550")))
        self.ask()
        assert Payment.objects.get().is_unallocated
        self.provider.books_are_right()

    def test_money_that_went_back_is_asked_about_too(self) -> None:
        self.provider.send(self.provider.paying())
        self.ask()
        self.ipay.says["status"] = "9"
        back = message("31000001", "100500", "12550", status=9, salt="a" * 40)
        assert is_ok(self.provider.send(back))
        assert self.provider.balance == -15_025 + 12_550
        self.ask()
        assert self.provider.balance == -15_025
        self.provider.books_are_right()

    def test_messages_that_tell_of_no_money_open_nothing(self) -> None:
        for status in (1, 4, 7):
            told = message("31000009", "100500", "12550", status=status, salt=f"{status}" * 40)
            assert is_ok(self.provider.send(told))
        assert not Payment.objects.exists()


def test_without_the_key_of_checkout_ipay_is_told_to_come_back_and_people_why(db: None) -> None:
    bare = Provider(replace(incoming(), settings={"notify_key": KEY}))
    assert bare.send(bare.paying()).status == 503
    assert "sign_key" in PaymentMessage.objects.latest("id").reason
    assert not Payment.objects.exists()


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("ipay")
    assert told.over_http > 0
    assert told.wrong == []
