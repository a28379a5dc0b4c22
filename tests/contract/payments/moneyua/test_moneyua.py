"""MoneyUA: its vectors, and what its result form must bear."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from billing.payments import recipes
from billing.payments.models import Payment
from billing.payments.providers.moneyua import SIGNED_RESULT
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import Answered, Incoming
from tests.contract.payments.suite import SignedFaults
from tests.vectors.adapter import Sent

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
SECRET = "moneyua-test-secret"


def result(
    key: str,
    account: str,
    amount: str,
    *,
    code: str = "20",
    test: str = "0",
    merchant: str = "1234",
) -> Sent:
    fields = {
        "RETURN_MERCHANT": merchant,
        "RETURN_ADDVALUE": account,
        "RETURN_CLIENTORDER": "20260001",
        "RETURN_AMOUNT": amount,
        "RETURN_COMISSION": "251",
        "RETURN_UNIQ_ID": key,
        "TEST_MODE": test,
        "PAYMENT_DATE": "2026-03-15 12:30:45",
        "RETURN_RESULT": code,
        "RETURN_TYPE": "16",
    }
    parts = [*(fields[name] for name in SIGNED_RESULT), SECRET, code]
    fields["RETURN_HASH"] = recipes.md5_concat(parts, separator=":")
    return Sent("POST", "/result", FORM, urlencode(fields).encode())


def is_ok(answer: Answered) -> bool:
    return (answer.status, answer.body) == (200, b"OK")


def incoming() -> Incoming:
    return Incoming(
        provider="moneyua",
        settings={"merchant_info": "1234", "secret": SECRET},
        pay=result,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body in (b"OK", b"ERROR", b"FORBIDDEN", b""),
        amount="12550",
        other_amount="12551",
        key="8800001",
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"=12550", b"=92550")),
    )


class TestResult(SignedFaults):
    """The result form."""

    incoming = staticmethod(incoming)

    @pytest.mark.parametrize("changes", [{"code": "0"}, {"code": ""}, {"test": "1"}])
    def test_no_other_result_and_no_test_is_credited(
        self, db: None, changes: dict[str, str]
    ) -> None:
        provider = self.provider()
        assert is_ok(provider.send(result("8800002", "100500", "12550", **changes)))
        assert provider.balance == -15_025
        assert not Payment.objects.exists()

    def test_a_result_for_another_merchant_is_refused(self, db: None) -> None:
        provider = self.provider()
        assert provider.send(result("8800003", "100500", "12550", merchant="1235")).status == 403
        assert not Payment.objects.exists()

    def test_money_for_an_unknown_account_waits_for_its_owner(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(result("8800004", "999999", "12550")))
        assert Payment.objects.get().is_unallocated
        provider.books_are_right()


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("moneyua")
    assert told.over_http > 0
    assert told.wrong == []
