"""Platezhka: its vectors, and what it must bear."""

from dataclasses import replace

import pytest

from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import SignedFaults
from tests.vectors.adapter import Sent

XML = {"Content-Type": "text/xml; charset=utf-8"}


def call(command: str, inside: str, *, request: str = "3300006") -> Sent:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><commandCall><login>platezhka</login>'
        f"<password>pltz-test-pass</password><command>{command}</command>"
        f"<transactionID>{request}</transactionID>{inside}</commandCall>"
    )
    return Sent("POST", "", XML, body.encode())


def pay(key: str, account: str, amount: str, *, request: str = "3300006") -> Sent:
    inside = (
        f"<payTimestamp>20260315123045</payTimestamp><payID>{key}</payID>"
        f"<payElementID>17</payElementID><account>{account}</account><amount>{amount}</amount>"
    )
    return call("pay", inside, request=request)


def cancel(key: str, amount: str) -> Sent:
    inside = (
        f"<cancelPayID>{key}</cancelPayID><payElementID>17</payElementID>"
        f"<account>100500</account><amount>{amount}</amount>"
    )
    return call("cancel", inside, request="3300009")


def is_ok(answer: Answered) -> bool:
    return b"<result>0</result>" in answer.body


def incoming() -> Incoming:
    return Incoming(
        provider="platezhka",
        settings={"login": "platezhka", "password": "pltz-test-pass", "service": "17"},
        pay=pay,
        is_ok=is_ok,
        in_own_form=lambda answer: b"<commandResponse>" in answer.body or answer.body == b"",
        amount="12550",
        other_amount="12551",
        key="880001",
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"pltz-test", b"another")),
    )


class TestEnvelope(SignedFaults):
    """The XML envelope."""

    incoming = staticmethod(incoming)

    def test_a_retry_with_a_new_request_number_is_the_same_payment(self, db: None) -> None:
        provider = self.provider()
        first = provider.send(pay("880001", "100500", "12550"))
        again = provider.send(pay("880001", "100500", "12550", request="3300007"))
        assert is_ok(first)
        assert first.body == again.body

    def test_a_cancel_is_done_once_and_only_for_the_amount_of_the_payment(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        assert not is_ok(provider.send(cancel("880001", "1")))
        assert is_ok(provider.send(cancel("880001", "12550")))
        assert is_ok(provider.send(cancel("880001", "12550")))
        assert b"<result>7</result>" in provider.send(cancel("880002", "12550")).body
        assert provider.balance == -15_025
        provider.books_are_right()
        # What was cancelled is not credited by a late retry of the payment.
        assert not is_ok(provider.send(provider.paying()))
        assert provider.balance == -15_025


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("platezhka")
    assert told.over_http > 0
    assert told.wrong == []
