"""Privat24: its vectors, and what its bill protocols must bear."""

import pytest

from billing.payments.models import Payment, ProviderRegisterRow
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import LogInFaults
from tests.vectors.adapter import Sent
from tests.vectors.fields import value_at

XML = {"Content-Type": "text/xml; charset=utf-8"}
HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Transfer'
    ' xmlns="http://debt.privatbank.ua/Transfer" interface="Debt" action="{action}"><Data'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="{kind}"{more}>'
)


def transfer(action: str, kind: str, inside: str, more: str = "") -> Sent:
    body = HEAD.format(action=action, kind=kind, more=more) + inside + "</Data></Transfer>"
    return Sent("POST", "", XML, body.encode())


def content(account: str, amount: str, reference: str = "") -> str:
    return (
        f"<CompanyInfo><CheckReference>{reference}</CheckReference></CompanyInfo>"
        f'<PayerInfo billIdentifier="{account}"/><TotalSum>{amount}</TotalSum>'
        "<CreateTime>2026-03-15T12:30:45.196+02:00</CreateTime><ServiceGroup>"
        f'<Service serviceCode="101" sum="{amount}"/></ServiceGroup>'
    )


def pay(key: str, account: str, amount: str, reference: str = "") -> Sent:
    return transfer("Pay", "Payment", content(account, amount, reference), f' id="{key}"')


def is_ok(answer: Answered) -> bool:
    return b'xsi:type="Gateway"' in answer.body


def incoming() -> Incoming:
    return Incoming(
        provider="privat24",
        settings={"company_code": "24", "service_code": "101"},
        pay=pay,
        is_ok=is_ok,
        in_own_form=lambda answer: b"<Transfer" in answer.body or answer.body == b"",
        amount="125.50",
        other_amount="125.60",
        key="1234567890",
        repeat_is_ok=False,
    )


def legacy_pay(key: str, account: str, amount: str) -> Sent:
    query = f"?action=bill_input&bill_identifier={account}&sum={amount}&pkey={key}"
    return Sent("GET", f"/legacy{query}&date=2026-03-15T12:30:45", {}, b"")


class TestDebt(LogInFaults):
    """A: the Debt XML."""

    incoming = staticmethod(incoming)

    def test_a_pay_after_a_check_is_the_announced_payment(self, db: None) -> None:
        provider = self.provider()
        checked = provider.send(transfer("Check", "Payment", content("100500", "125.50")))
        reference = value_at(checked.body, "/Transfer/Data/@reference")
        paid = provider.send(pay("77", "100500", "125.50", reference))
        assert value_at(paid.body, "/Transfer/Data/@reference") == reference.removeprefix("CHK-")
        assert Payment.objects.count() == 1
        provider.books_are_right()

    def test_parts_that_do_not_sum_to_the_total_are_refused(self, db: None) -> None:
        provider = self.provider()
        wrong = content("100500", "125.50").replace('sum="125.50"', 'sum="120.00"')
        answer = provider.send(transfer("Pay", "Payment", wrong, ' id="78"'))
        assert value_at(answer.body, "/Transfer/Data/@code") == "3"
        assert provider.balance == -15_025

    def test_an_upload_posts_nothing_and_tells_what_differs(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        rows = "".join(
            f'<Payment id="{key}">{content("100500", amount)}</Payment>'
            for key, amount in (("1234567890", "125.50"), ("1234567891", "10.00"))
        )
        inside = (
            f'<Unit xsi:type="Entry" id="555"><PaymentGroup>{rows}</PaymentGroup>'
            "<Sum>135.50</Sum><NumberOfPayments>2</NumberOfPayments></Unit>"
        )
        assert is_ok(provider.send(transfer("Upload", "Pack", inside)))
        assert is_ok(provider.send(transfer("Upload", "Pack", inside)))
        found = dict(ProviderRegisterRow.objects.values_list("key", "outcome"))
        assert found == {"1234567890": "MATCHED", "1234567891": "MISSING_HERE"}
        assert provider.balance == -15_025 + 12_550


class TestLegacy(LogInFaults):
    """B: the old GET dialect."""

    @staticmethod
    def incoming() -> Incoming:
        return Incoming(
            provider="privat24",
            settings={"company_code": "24", "service_code": "101"},
            pay=legacy_pay,
            is_ok=lambda answer: b"<ResponseExtInputPay>" in answer.body,
            in_own_form=lambda a: (
                b"<Response" in a.body
                or b"<errorResponse" in a.body
                or b"<Transfer" in a.body
                or a.body == b""
            ),
            amount="125.50",
            other_amount="125.60",
            key="p-1",
        )


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("privat24")
    assert told.over_http > 0
    assert told.wrong == []
