"""monobank: its vectors, and what its bill protocols must bear."""

import json

import pytest

from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import LogInFaults
from tests.vectors.adapter import Sent

JSON = {"Content-Type": "application/json"}


def terminal_pay(key: str, account: str, amount: str) -> Sent:
    query = f"?command=pay&txn_id={key}&account={account}&sum={amount}&txn_date=20260315123045"
    return Sent("GET", query, {}, b"")


def terminal() -> Incoming:
    return Incoming(
        provider="monobank",
        settings={},
        pay=terminal_pay,
        is_ok=lambda answer: b"<result>0</result>" in answer.body,
        in_own_form=lambda answer: b"<response>" in answer.body or answer.body == b"",
        amount="125.50",
        other_amount="125.49",
        key="660000003",
    )


def debt_pay(key: int, account: str, *amounts: float) -> Sent:
    document = {
        "createdAt": "2026-03-15T12:30:45.123456",
        "trackingId": key,
        "paymentChannel": "MOBILE",
        "account": account,
        "terminalInfo": {"terminalId": "T1"},
        "payments": [
            {
                "companyCode": "1",
                "serviceCode": "101",
                "paymentId": 550_001 + number,
                "amount": amount,
            }
            for number, amount in enumerate(amounts)
        ],
    }
    return Sent("POST", "/api/v1/debt/payment", JSON, json.dumps(document).encode())


def is_json(answer: Answered) -> bool:
    return answer.body == b"" or isinstance(json.loads(answer.body), dict) or b"<" in answer.body


def debt() -> Incoming:
    return Incoming(
        provider="monobank",
        settings={},
        pay=debt_pay,
        is_ok=lambda answer: answer.status == 200 and b"reference" in answer.body,
        in_own_form=lambda answer: b"<response>" in answer.body or is_json(answer),
        amount=125.5,
        other_amount=125.49,
        key=440_001,
    )


class TestTerminal(LogInFaults):
    """C: the terminal dialect."""

    incoming = staticmethod(terminal)


class TestDebt(LogInFaults):
    """B: the debt JSON."""

    incoming = staticmethod(debt)

    def test_several_payments_are_one_whole(self, db: None) -> None:
        provider = self.provider()
        refused = provider.send(debt_pay(7, "100500", 100.0, 0.5))
        assert refused.status == 400
        assert provider.balance == -15_025
        done = provider.send(debt_pay(8, "100500", 100.0, 25.5))
        first, second = json.loads(done.body)["reference"].split("#")
        assert first != second
        assert provider.balance == -15_025 + 12_550
        told = provider.send(Sent("GET", "/api/v1/debt/payment/check?trackingId=8", {}, b""))
        assert json.loads(told.body) == {"reference": f"{first}#{second}", "paymentCreated": True}
        nothing = provider.send(Sent("GET", "/api/v1/debt/payment/check?trackingId=7", {}, b""))
        assert json.loads(nothing.body)["paymentCreated"] is False
        provider.books_are_right()


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("monobank")
    assert told.over_http > 0
    assert told.wrong == []
