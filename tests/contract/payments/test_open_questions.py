"""What a description leaves open is a setting: its safe default, and the other answer."""

from collections.abc import Callable
from typing import Any

import pytest

from billing.payments import merchants
from billing.payments import operations as payments
from billing.payments.calls import SeenState
from billing.payments.providers.easypay.merchant import MerchantClient
from project.core.actor import SYSTEM
from tests.contract.payments import faults
from tests.contract.payments.citypay import test_citypay as citypay
from tests.contract.payments.easypay import test_merchant as easypay
from tests.contract.payments.easypay.adapter import ADAPTER
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
from tests.contract.payments.ibox import test_ibox as ibox
from tests.contract.payments.monobank import test_monobank as monobank
from tests.contract.payments.portmone import test_portmone as portmone
from tests.contract.payments.privat24 import test_privat24 as privat24
from tests.contract.payments.pumb import test_pumb as pumb
from tests.vectors.adapter import Sent

CLOSED = next(
    one["account"] for one in FOLDER.fixtures["accounts"] if one["state"].startswith("closed")
)


def body(answer: Answered) -> str:
    return answer.body.decode()


CASES: list[tuple[Incoming, Sent, str, dict[str, Any], str, Callable[[Answered], str]]] = [
    (
        ibox.incoming(),
        Sent("GET", "?command=balance&account=100500&txn_id=1", ibox.BASIC, b""),
        "<result>300</result>",
        {"answers_balance": True},
        'name="balance">-150.25<',
        body,
    ),
    (
        citypay.incoming(),
        Sent("GET", f"?QueryType=check&TransactionId=1&Account={CLOSED}", {}, b""),
        "<ResultCode>21</ResultCode>",
        {"closed_code": "7"},
        "<ResultCode>7</ResultCode>",
        body,
    ),
    (
        portmone.incoming(),
        portmone.pay("1", CLOSED, "125.50"),
        "<ERROR_CODE>15</ERROR_CODE>",
        {"closed_code": "3"},
        "<ERROR_CODE>3</ERROR_CODE>",
        body,
    ),
    (
        privat24.incoming(),
        privat24.transfer("Cancel", "Payment", privat24.content("100500", "1.00"), ' id="9"'),
        'code="98"',
        {"unknown_payment_code": "99"},
        'code="99"',
        body,
    ),
    (
        pumb.incoming(),
        Sent("GET", "/status?payment_id=9", {}, b""),
        "VALIDATION_ERROR",
        {"unknown_payment_code": "CLIENT_NOT_FOUND"},
        "CLIENT_NOT_FOUND",
        lambda answer: str(pumb.payload(answer)),
    ),
    (
        monobank.debt(),
        Sent("GET", "/api/v1/debt/search?account=999999", {}, b""),
        "404",
        {"debt_errors": "body"},
        "400",
        lambda answer: str(answer.status),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0].provider)
def test_the_default_and_the_other_answer(
    db: None, monkeypatch: pytest.MonkeyPatch, case: Any
) -> None:
    faults.standing_clock(monkeypatch)
    incoming, sent, safe, changed, other, read = case
    provider = Provider(incoming)
    assert safe in read(provider.send(sent))
    payments.change_merchant(
        at=FOLDER.now, actor=SYSTEM, merchant_id=provider.merchant_id, settings=changed
    )
    answered = read(provider.send(sent))
    assert other in answered
    assert safe not in answered


@pytest.mark.parametrize(
    ("call", "answer", "state"),
    [
        ("orderState", {"paymentState": "accepted"}, SeenState.PAID),
        ("orderState", {"status": "SUCCESS"}, SeenState.UNKNOWN),
        ("getOrder", {"status": "SUCCESS"}, SeenState.PAID),
        ("getOrder", {"status": "PROCESSING"}, SeenState.WAITING),
        ("getOrder", {"status": "FAIL"}, SeenState.FAILED),
        ("getOrder", {"paymentState": "accepted"}, SeenState.UNKNOWN),
    ],
)
def test_easypay_is_asked_by_the_call_that_is_set(
    db: None, call: str, answer: dict[str, str], state: SeenState
) -> None:
    incoming = easypay.incoming()
    incoming.settings = {**incoming.settings, "state_call": call}
    account = merchants.get(merchant_id=Provider(incoming).merchant_id)
    link = easypay.Bank(account, FOLDER.now, "")
    link.state = answer
    paid = ADAPTER.payment(FOLDER.now, order=easypay.ORDER, key="7")
    assert MerchantClient().query(paid, account.view, link).state is state
    assert link.requests[-1].url.endswith(f"/api/merchant/{call}")
