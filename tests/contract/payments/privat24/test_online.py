"""Privat24's online payments (ishop, LiqPay), the statement and the fast-pay link."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from billing.calendar import KYIV
from billing.payments import checkouts, merchants, recipes
from billing.payments.calls import SeenState
from billing.payments.gateway import (
    IncomingReply,
    OutgoingRequest,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.models import Payment, PaymentAttempt
from billing.payments.providers.privat24 import autoclient, liqpay
from billing.payments.wire import documents
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
from tests.contract.payments.privat24.adapter import ADAPTER
from tests.contract.payments.suite import SignedFaults
from tests.vectors import world
from tests.vectors.adapter import Sent, StandInLink

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
PASSWORD, PRIVATE, PUBLIC = "p24-test-password", "sandbox_test_private_key", "sandbox_i0001"
ORDER = "INV-2026-0003"


def is_ok(answer: Answered) -> bool:
    return answer.status == 200


def ishop(key: str, account: str, amount: str, **more: str) -> Sent:
    inside = urlencode(
        {
            "amt": amount,
            "ccy": "UAH",
            "ext_details": account,
            "pay_way": "privat24",
            "order": ORDER,
            "merchant": "75482",
            "state": "ok",
            "date": "150326123045",
            "ref": key,
        }
        | more
    )
    fields = {"payment": inside, "signature": recipes.sha1_md5(inside, PASSWORD)}
    return Sent("POST", "/ishop", FORM, urlencode(fields).encode())


def callback(key: str, account: str, amount: float, **more: Any) -> Sent:
    document = {
        "action": "pay",
        "payment_id": key,
        "status": "success",
        "public_key": PUBLIC,
        "order_id": ORDER if account == "100500" else "",
        "amount": amount,
        "currency": "UAH",
        "receiver_commission": 1.88,
        "end_date": 1773570645000,
    } | more
    data = base64.b64encode(documents.json_bytes(document)).decode()
    fields = {"data": data, "signature": recipes.sha1_sandwich_b64(data, PRIVATE)}
    return Sent("POST", "/liqpay", FORM, urlencode(fields).encode())


def settings() -> dict[str, Any]:
    return {
        "ishop_merchant": "75482",
        "ishop_password": PASSWORD,
        "liqpay_public_key": PUBLIC,
        "liqpay_private_key": PRIVATE,
        "autoclient_token": "autoclient-token",
        "autoclient_account": "UA0",
    }


def incoming_ishop() -> Incoming:
    return Incoming(
        provider="privat24",
        settings=settings(),
        pay=ishop,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body == b"",
        amount="125.50",
        other_amount="125.51",
        key="test payment ref 1",
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"125.50", b"925.50")),
    )


def incoming_liqpay() -> Incoming:
    return Incoming(
        provider="privat24",
        settings=settings(),
        pay=callback,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body == b"",
        amount=125.5,
        other_amount=125.51,
        key="976121473",
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"data=ey", b"data=eX")),
    )


def with_order(provider: Provider, client: str) -> Provider:
    world.order(merchant_id=provider.merchant_id, number=ORDER, client=client, at=FOLDER.now)
    return provider


class TestIshop(SignedFaults):
    """C: the merchant form's callback."""

    incoming = staticmethod(incoming_ishop)

    def provider(self) -> Provider:
        return with_order(super().provider(), "ishop")

    @pytest.mark.parametrize("state", ["test", "wait", "fail", "else"])
    def test_no_other_state_is_credited(self, db: None, state: str) -> None:
        provider = self.provider()
        assert is_ok(provider.send(ishop("r", "100500", "125.50", state=state)))
        assert provider.balance == -15_025

    @pytest.mark.parametrize("more", [{"merchant": "1"}, {"ccy": "USD"}, {"amt": "-1"}])
    def test_what_is_not_ours_is_refused(self, db: None, more: dict[str, str]) -> None:
        provider = self.provider()
        assert not is_ok(provider.send(ishop("r", "100500", "125.50", **more)))
        assert provider.balance == -15_025


class TestLiqpay(SignedFaults):
    """G: LiqPay's callback."""

    incoming = staticmethod(incoming_liqpay)

    def provider(self) -> Provider:
        return with_order(super().provider(), "liqpay")

    @pytest.mark.parametrize("state", ["sandbox", "wait_secure", "hold_wait", "failure", "else"])
    def test_no_other_state_is_credited(self, db: None, state: str) -> None:
        provider = self.provider()
        assert is_ok(provider.send(callback("1", "100500", 125.5, status=state)))
        assert provider.balance == -15_025

    def test_a_reversal_takes_back_once(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        assert Payment.objects.get().fee_kopecks == 188
        back = callback("976121473", "100500", 125.5, status="reversed")
        assert is_ok(provider.send(back))
        assert is_ok(provider.send(back))
        assert provider.balance == -15_025
        provider.books_are_right()

    def test_another_shops_callback_is_refused(self, db: None) -> None:
        provider = self.provider()
        assert not is_ok(provider.send(callback("1", "100500", 125.5, public_key="other")))
        assert provider.balance == -15_025


def test_the_published_signature_of_liqpay_holds() -> None:
    data = (
        "eyJhY3Rpb24iOiJwYXkiLCJwYXltZW50X2lkIjo5NzYxMjE0NzMsInN0YXR1cyI6InN1Y2Nlc3MiLCJ2ZXJzaW9u"
        "IjozLCJ0eXBlIjoiYnV5IiwicGF5dHlwZSI6InByaXZhdDI0IiwicHVibGljX2tleSI6InNhbmRib3hfaTAwMDAw"
        "MDAwMDAwIiwiYWNxX2lkIjo0MTQ5NjMsIm9yZGVyX2lkIjoiSU5WLTIwMjYtMDAwNCIsImxpcXBheV9vcmRlcl9p"
        "ZCI6IkFCQ0RFRjAxMjM0NTY3ODkiLCJkZXNjcmlwdGlvbiI6IjEwMDUwMCIsImFtb3VudCI6MTI1LjUsImN1cnJl"
        "bmN5IjoiVUFIIiwic2VuZGVyX2NvbW1pc3Npb24iOjAuMCwicmVjZWl2ZXJfY29tbWlzc2lvbiI6MS44OCwidHJh"
        "bnNhY3Rpb25faWQiOjk3NjEyMTQ3MywiY3JlYXRlX2RhdGUiOjE3NzM1NzA2NDUwMDAsImVuZF9kYXRlIjoxNzcz"
        "NTcwNjQ1MDAwfQ=="
    )
    assert recipes.sha1_sandwich_b64(data, PRIVATE) == "UZmjWSqPheir/4O/aEVkH5b+IWM="
    seen = liqpay.seen_of(liqpay.unpack(data))
    assert (seen.state, seen.key, seen.amount_kopecks) == (SeenState.PAID, "976121473", 12_550)
    assert (seen.order, seen.fee_kopecks, seen.net_kopecks) == ("INV-2026-0004", 188, 12_362)


class Bank(StandInLink):
    """The line to a bank that answers what is queued."""

    def __init__(self, account: Any, *answers: object) -> None:
        super().__init__(account, FOLDER.now, "")
        self.answers = list(answers)

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        self.requests.append(request)
        return IncomingReply(200, {}, documents.json_bytes(self.answers.pop(0)))


def test_a_liqpay_order_is_asked_about_given_back_and_captured(db: None) -> None:
    provider = with_order(Provider(incoming_liqpay()), "liqpay")
    account = merchants.get(merchant_id=provider.merchant_id)
    paid = {
        "status": "success",
        "payment_id": 7,
        "order_id": ORDER,
        "amount": 125.5,
        "currency": "UAH",
    }
    link = Bank(account, paid)
    checkouts.ask(at=FOLDER.now, attempt_id=PaymentAttempt.objects.get().id, link=link)
    assert provider.balance == -15_025 + 12_550
    view, client = ADAPTER.payment(FOLDER.now, order=ORDER, key="7"), liqpay.LiqpayClient()
    link = Bank(account, {"status": "reversed"}, {"status": "wait"}, {"status": "success"}, paid)
    assert client.refund(view, 100, "r", account.view, link).state is SeenState.REVERSED
    assert client.refund(view, 100, "r", account.view, link).state is SeenState.WAITING
    assert client.capture(view, 12_550, account.view, link).state is SeenState.PAID
    with pytest.raises(ProviderRefusedError, match="err_no"):
        client.query(view, account.view, Bank(account, {"result": "error", "err_code": "err_no"}))
    form = client.create_checkout(ADAPTER.order(number="1"), account.view, link)
    assert form.url == "https://www.liqpay.ua/api/3/checkout"
    assert liqpay.verify(dict(form.fields), account.view)
    assert liqpay.unpack(dict(form.fields)["data"])["amount"] == documents.json_document(b"125.5")


def row(**more: str) -> dict[str, str]:
    return {
        "CCY": "UAH",
        "FL_REAL": "r",
        "PR_PR": "r",
        "TRANTYPE": "C",
        "DATE_TIME_DAT_OD_TIM_P": "15.03.2026 12:30:00",
        "OSND": "Internet, 100500, Коваль",
        "SUM": "125.50",
        "REF": "A",
        "REFN": "1",
    } | more


def test_the_statement_is_read_to_its_end_and_only_real_credits_count(db: None) -> None:
    provider = Provider(incoming_ishop())
    account = merchants.get(merchant_id=provider.merchant_id)
    first = [row(), row(TRANTYPE="D"), row(FL_REAL="i"), row(PR_PR="p"), row(CCY="USD")]
    second = [
        row(REFN="2", OSND="за інтернет"),
        row(REFN="3", DATE_TIME_DAT_OD_TIM_P="16.03.2026 00:00:00"),
    ]
    link = Bank(
        account,
        {"status": "SUCCESS", "exist_next_page": True, "next_page_id": "n2", "transactions": first},
        {"status": "SUCCESS", "exist_next_page": False, "transactions": second},
    )
    start = FOLDER.now.astimezone(KYIV).replace(hour=0, minute=0, second=0)
    client = autoclient.AutoclientClient()
    seen = client.fetch_registry(start, start + timedelta(days=1), account.view, link)
    assert [(one.key, one.account) for one in seen] == [("A1", "100500"), ("A2", "")]
    assert "followId=n2" in link.requests[1].url
    wrong: tuple[object, ...] = ({"transactions": "x"}, [], {"transactions": [row(SUM="x")]})
    for answer in wrong:
        with pytest.raises(ProviderUnreachableError):
            client.fetch_registry(
                start, start + timedelta(days=1), account.view, Bank(account, answer)
            )


@pytest.mark.parametrize(
    ("purpose", "account"),
    [
        ("Internet, 100500, Коваль", "100500"),
        ("дог.100500", "100500"),
        ("за 03.2026, 15.03.2026", ""),
        ("1500.00 грн за 100500", "100500"),
        ("1234567890123", ""),
        ("", ""),
    ],
)
def test_the_account_stands_in_the_purpose(purpose: str, account: str) -> None:
    pattern = next(s.default for s in autoclient.SETTINGS if s.name == "purpose_pattern")
    assert autoclient.account_in(purpose, pattern) == account


def test_a_pattern_that_is_none_finds_nothing() -> None:
    assert autoclient.account_in("100500", "(") == ""
    assert autoclient.account_in("№ 100500", r"\d{6}") == "100500"
