"""EasyPay: its vectors, and what its bill protocol must bear."""

from dataclasses import replace

import pytest

from billing.payments import recipes
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.easypay.adapter import OUR_KEY, PROVIDER_KEY
from tests.contract.payments.faults import FOLDER, Answered, Incoming
from tests.contract.payments.suite import SignedFaults
from tests.vectors.adapter import Sent
from tests.vectors.fields import value_at

XML = {"Content-Type": "text/xml; charset=utf-8"}


def signed(inside: str) -> Sent:
    body = (
        '<?xml version="1.0" encoding="utf-8"?><Request><DateTime>2026-03-15T12:30:45</DateTime>'
        f"<Sign></Sign>{inside}</Request>"
    )
    return Sent(
        "POST", "", XML, recipes.rsa_sha1_sign(body.encode(), FOLDER.keys.private(PROVIDER_KEY))
    )


def prepare(key: str, account: str, amount: str) -> Sent:
    return signed(
        f"<Payment><ServiceId>5400</ServiceId><OrderId>{key}</OrderId>"
        f"<Account>{account}</Account><Amount>{amount}</Amount></Payment>"
    )


def confirm(reference: str) -> Sent:
    return signed(
        f"<Confirm><ServiceId>5400</ServiceId><PaymentId>{reference}</PaymentId></Confirm>"
    )


def cancel(reference: str) -> Sent:
    return signed(f"<Cancel><ServiceId>5400</ServiceId><PaymentId>{reference}</PaymentId></Cancel>")


def is_ok(answer: Answered) -> bool:
    return b"<StatusCode>0</StatusCode>" in answer.body


def reference_of(answer: Answered) -> str:
    return str(value_at(answer.body, "/Response/PaymentId"))


def incoming() -> Incoming:
    return Incoming(
        provider="easypay",
        settings={
            "service_id": "5400",
            "verify_key": FOLDER.keys.public(PROVIDER_KEY),
            "sign_key": FOLDER.keys.private(OUR_KEY),
        },
        pay=confirm,
        prepare=prepare,
        reference_of=reference_of,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body == b"" or is_signed(answer),
        amount="125.50",
        other_amount="126.50",
        key="724502946",
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"5400", b"5401")),
    )


def is_signed(answer: Answered) -> bool:
    return recipes.rsa_sha1_verify(answer.body, FOLDER.keys.public(OUR_KEY))


class TestBill(SignedFaults):
    """A: Provider 3.1."""

    incoming = staticmethod(incoming)

    def test_an_announced_payment_moves_no_money_and_is_announced_once(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(prepare("1", "100500", "125.50")))
        assert b"<StatusCode>-6<" in provider.send(prepare("1", "100500", "125.50")).body
        assert provider.balance == -15_025

    def test_what_was_cancelled_is_not_confirmed(self, db: None) -> None:
        provider = self.provider()
        ours = reference_of(provider.send(prepare("1", "100500", "125.50")))
        assert is_ok(provider.send(cancel(ours)))
        assert is_ok(provider.send(cancel(ours)))
        assert b"<StatusCode>-79<" in provider.send(confirm(ours)).body
        assert provider.balance == -15_025

    def test_a_credited_payment_is_cancelled_only_by_policy(self, db: None) -> None:
        provider = self.provider()
        ours = reference_of(provider.send(prepare("1", "100500", "125.50")))
        assert is_ok(provider.send(confirm(ours)))
        assert b"<StatusCode>-2<" in provider.send(cancel(ours)).body
        assert provider.balance == -15_025 + 12_550


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("easypay")
    assert told.over_http > 0
    assert told.wrong == []
