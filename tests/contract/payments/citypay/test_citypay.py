"""CityPay: its vectors, and what it must bear."""

import pytest

from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import LogInFaults
from tests.vectors.adapter import Sent


def pay(key: str, account: str, amount: str) -> Sent:
    query = (
        f"?QueryType=pay&TransactionId={key}&TransactionDate=20260315123045"
        f"&Account={account}&Amount={amount}"
    )
    return Sent("GET", query, {}, b"")


def is_ok(answer: Answered) -> bool:
    return b"<ResultCode>0</ResultCode>" in answer.body


def incoming() -> Incoming:
    return Incoming(
        provider="citypay",
        settings={},
        pay=pay,
        is_ok=is_ok,
        in_own_form=lambda answer: b"<Response>" in answer.body or answer.body == b"",
        amount="125.50",
        other_amount="1.00",
        key="510000003",
    )


class TestTerminal(LogInFaults):
    """The terminal dialect."""

    incoming = staticmethod(incoming)

    def test_the_register_goes_by_the_time_of_the_provider(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        inside = provider.send(
            Sent("GET", "?CheckDateBegin=20260315123045&CheckDateEnd=20260315123045", {}, b"")
        )
        assert inside.body.count(b"<Payment>") == 1
        after = provider.send(
            Sent("GET", "?CheckDateBegin=20260315123046&CheckDateEnd=20260316000000", {}, b"")
        )
        assert b"<Payment>" not in after.body
        turned = provider.send(
            Sent("GET", "?CheckDateBegin=20260316000000&CheckDateEnd=20260315000000", {}, b"")
        )
        assert b"<ResultCode>1</ResultCode>" in turned.body


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("citypay")
    assert told.over_http > 0
    assert told.wrong == []
