"""iPay: its vectors, and what its bill messages must bear."""

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

import pytest

from billing.payments import recipes
from billing.payments.models import Payment
from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import SignedFaults
from tests.vectors.adapter import Sent

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
KEY = "ipay-test-notify-key"
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
        settings={"mch_id": "7001", "notify_key": KEY},
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


@pytest.mark.stack
def test_the_vectors_hold(hold_vectors: Callable[..., None]) -> None:
    hold_vectors("ipay")
