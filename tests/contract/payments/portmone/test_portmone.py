"""Portmone: its vectors, and what its bill protocol must bear."""

from urllib.parse import quote_plus

import pytest

from billing.payments.models import Payment, Refund
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import LogInFaults
from tests.vectors.adapter import Sent

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}


def document(xml: str) -> Sent:
    return Sent("POST", "", FORM, f"data={quote_plus(xml)}".encode())


def bill(key: str, account: str, amount: str) -> str:
    return (
        f"<BILL><BILL_ID>{key}</BILL_ID><BILL_NUMBER>B100500-0326</BILL_NUMBER>"
        f"<PAY_DATE>2026-03-15</PAY_DATE><PAYED_AMOUNT>{amount}</PAYED_AMOUNT>"
        f"<PAYER><CONTRACT_NUMBER>{account}</CONTRACT_NUMBER></PAYER>"
        "<PAYEE><CODE>20001</CODE></PAYEE><STATUS>PAYED</STATUS><PAY_TIME>12:30:45</PAY_TIME>"
        "</BILL>"
    )


def pay(key: str, account: str, amount: str) -> Sent:
    return document(f"<BILLS>{bill(key, account, amount)}</BILLS>")


def is_ok(answer: Answered) -> bool:
    return b"<ERROR_CODE>0</ERROR_CODE>" in answer.body


def incoming() -> Incoming:
    return Incoming(
        provider="portmone",
        settings={"payee_id": "20001"},
        pay=pay,
        is_ok=is_ok,
        in_own_form=lambda a: b"<RESULT>" in a.body or b"<RESPONSE>" in a.body or a.body == b"",
        amount="125.50",
        other_amount="124.50",
        key="966000001",
    )


class TestBill(LogInFaults):
    """A: the bill XML."""

    incoming = staticmethod(incoming)

    def test_a_negative_amount_takes_the_same_bill_back_once(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        back = pay("966000001", "100500", "-125.50")
        assert is_ok(provider.send(back))
        assert is_ok(provider.send(back))
        assert provider.balance == -15_025
        assert Payment.objects.get().state == "REVERSED"
        assert Refund.objects.get().kind == "PROVIDER"
        provider.books_are_right()

    def test_a_part_goes_back_and_the_rest_stands(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        assert is_ok(provider.send(pay("966000001", "100500", "-25.50")))
        assert provider.balance == -15_025 + 10_000
        assert Payment.objects.get().state == "CONFIRMED"
        provider.books_are_right()

    def test_an_unknown_payer_of_several_leaves_the_others_credited(self, db: None) -> None:
        provider = self.provider()
        both = bill("1", "100500", "125.50") + bill("2", "999999", "10.00")
        answer = provider.send(document(f"<BILLS>{both}</BILLS>"))
        assert b"<ERROR_CODE>15</ERROR_CODE>" in answer.body
        assert provider.balance == -15_025 + 12_550
        provider.books_are_right()

    def test_a_body_that_was_not_encoded_is_read_too(self, db: None) -> None:
        provider = self.provider()
        raw = f"data=<BILLS>{bill('5', '100500', '125.50')}</BILLS>".encode()
        assert is_ok(provider.send(Sent("POST", "", FORM, raw)))


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("portmone")
    assert told.over_http > 0
    assert told.wrong == []
