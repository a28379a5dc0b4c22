"""iBox: its vectors, and what it must bear."""

from collections.abc import Callable

import pytest

from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import SignedFaults
from tests.vectors.adapter import Sent

BASIC = {"Authorization": "Basic aWJveDppYm94LXRlc3QtcGFzc3dvcmQ="}


def pay(key: str, account: str, amount: str) -> Sent:
    query = f"?command=pay&txn_id={key}&account={account}&sum={amount}&txn_date=20260315123045"
    return Sent("GET", query, BASIC, b"")


def is_ok(answer: Answered) -> bool:
    return b"<result>0</result>" in answer.body


def incoming() -> Incoming:
    return Incoming(
        provider="ibox",
        settings={"basic_user": "ibox", "basic_password": "ibox-test-password"},
        pay=pay,
        is_ok=is_ok,
        in_own_form=lambda answer: b"<response>" in answer.body or answer.body == b"",
        amount="125.50",
        other_amount="125.51",
        key="9000000005",
        spoil=lambda sent: Sent(
            sent.method, sent.path_suffix, {"Authorization": "Basic eDp5"}, b""
        ),
    )


class TestTerminal(SignedFaults):
    """The terminal dialect."""

    incoming = staticmethod(incoming)


@pytest.mark.stack
def test_the_vectors_hold(hold_vectors: Callable[..., None]) -> None:
    hold_vectors("ibox")
