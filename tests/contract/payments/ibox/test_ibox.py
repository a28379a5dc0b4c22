"""iBox: its vectors, and what it must bear."""

import base64
from dataclasses import replace

import pytest

from billing.payments import health
from billing.payments import operations as payments
from billing.payments.models import MerchantAccount, Payment, PaymentMessage
from project.core import crypto
from project.core.actor import SYSTEM
from tests.contract.payments import faults
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
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


def test_a_user_without_a_password_lets_nobody_in_and_the_registry_says_so(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.standing_clock(monkeypatch)
    provider = Provider(incoming())
    with pytest.raises(payments.BadMerchantError, match="basic_password"):
        payments.open_merchant(
            at=FOLDER.now, actor=SYSTEM, provider="ibox", settings={"basic_user": "ibox"}
        )
    # One from before this was asked for.
    row = MerchantAccount.objects.get(id=provider.merchant_id)
    row.secrets_encrypted, row.version = crypto.encrypt("{}"), row.version + 1
    row.save()
    empty = base64.b64encode(b"ibox:").decode()
    for headers in ({}, {"Authorization": f"Basic {empty}"}):
        answer = provider.send(replace(provider.paying(), headers=headers))
        assert not provider.incoming.is_ok(answer)
        assert "basic_password" in PaymentMessage.objects.latest("id").reason
    assert not Payment.objects.exists()
    found = health.of_merchant(merchant=row, at=FOLDER.now)
    assert (found.state, found.lacking) == ("FAILING", ("basic_password",))


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("ibox")
    assert told.over_http > 0
    assert told.wrong == []
