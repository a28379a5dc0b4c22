"""iPay's Checkout and wallet: answers that are not signed, states, both forms of the page."""

from typing import Any

import pytest

from billing.payments import checkouts, giving_back, merchants, recipes
from billing.payments.calls import SeenState
from billing.payments.gateway import (
    IncomingReply,
    OutgoingRequest,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.models import Payment, PaymentAttempt, PaymentEvent, Refund
from billing.payments.providers.ipay.checkout import CheckoutClient
from billing.payments.providers.ipay.masterpass import Holder, MasterpassClient
from billing.payments.wire import documents
from billing.payments.wire.documents import Markup, tag
from project.core.actor import SYSTEM
from tests.contract.payments import faults
from tests.contract.payments.faults import FOLDER, Incoming, Provider
from tests.contract.payments.ipay.adapter import ADAPTER
from tests.contract.payments.ipay.test_ipay import incoming as incoming_bill
from tests.contract.payments.ipay.test_ipay import message
from tests.vectors import world
from tests.vectors.adapter import Sent, StandInLink

SIGN_KEY, PID, ORDER = "ipay-test-sign-key", "32000001", "INV-2026-0008"
HOLDER = Holder("380501234567", "100500")


class Ipay(StandInLink):
    """The line to an iPay that always answers the same."""

    body = b""

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        self.requests.append(request)
        return IncomingReply(200, {}, self.body)

    def signed(self, *inside: Markup, key: str = SIGN_KEY) -> "Ipay":
        sign = recipes.hmac_sha512_salt("aa", key)
        self.body = tag("payment", *inside, tag("salt", "aa"), tag("sign", sign)).encode()
        return self


def provider_and_link() -> tuple[Provider, Any, Ipay]:
    incoming = Incoming(
        provider="ipay",
        settings={
            "mch_id": "7001",
            "notify_key": "n" * 8,
            "sign_key": SIGN_KEY,
            "masterpass_login": "isp-mp",
            "masterpass_key": "ipay-mp-test-key",
            "masterpass_hash": "sha512",
        },
        pay=lambda *_: Sent("POST", "", {}, b""),
        is_ok=lambda answer: answer.status == 200,
        in_own_form=lambda answer: True,
        amount="12550",
        other_amount="12551",
        key=PID,
    )
    provider = Provider(incoming)
    account = merchants.get(merchant_id=provider.merchant_id)
    return provider, account.view, Ipay(account, FOLDER.now, "")


def status(code: str) -> tuple[Markup, ...]:
    return (
        tag("pmt_id", PID),
        tag("status", code),
        tag("invoice", "12550"),
        tag("amount", "12801"),
        tag("init_date", "2026-03-15 12:30:45"),
    )


def test_an_answer_that_is_not_signed_by_the_key_is_no_answer(db: None) -> None:
    _provider, view, link = provider_and_link()
    paid = ADAPTER.payment(FOLDER.now, order=ORDER, provider_ref=PID)
    for body in (b"", b"<html>", b"<payment><status>5</status></payment>", b"<!DOCTYPE a><a/>"):
        link.body = body
        with pytest.raises(ProviderUnreachableError):
            CheckoutClient().query(paid, view, link)
    with pytest.raises(ProviderUnreachableError):
        CheckoutClient().query(paid, view, link.signed(*status("5"), key="another"))
    assert CheckoutClient().query(paid, view, link.signed(*status("5"))).state is SeenState.PAID


@pytest.mark.parametrize(
    ("code", "balance"), [("5", -15_025 + 12_550), ("3", -15_025), ("4", -15_025), ("1", -15_025)]
)
def test_a_question_credits_the_net_amount_once(db: None, code: str, balance: int) -> None:
    provider, _view, link = provider_and_link()
    world.order(
        merchant_id=provider.merchant_id,
        number=ORDER,
        client="checkout",
        provider_ref=PID,
        at=FOLDER.now,
    )
    attempt = PaymentAttempt.objects.get()
    for _ in range(2):
        checkouts.ask(at=FOLDER.now, attempt_id=attempt.id, link=link.signed(*status(code)))
        assert provider.balance == balance
    provider.books_are_right()


def test_a_part_is_captured_and_a_refund_is_done_by_status_nine(db: None) -> None:
    _provider, view, link = provider_and_link()
    paid = ADAPTER.payment(FOLDER.now, order=ORDER, provider_ref=PID)
    link.signed(tag("pid", PID), tag("status", "5"))
    seen = CheckoutClient().capture(paid, 10_000, view, link)
    assert (seen.state, seen.amount_kopecks) == (SeenState.PAID, 10_000)
    assert b"%3Camount%3E10000%3C" in link.requests[-1].body
    link.signed(tag("pid", PID), tag("status", "9"))
    assert CheckoutClient().refund(paid, 2_550, "r", view, link).state is SeenState.REVERSED
    link.signed(tag("pid", PID), tag("status", "7"))
    assert CheckoutClient().refund(paid, 2_550, "r", view, link).state is SeenState.WAITING


def test_a_bare_reversal_after_a_refund_of_ours_alarms_people(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults.standing_clock(monkeypatch)
    provider = Provider(incoming_bill())
    provider.send(provider.paying())
    payment = Payment.objects.get()
    ours = Refund(
        payment=payment,
        merchant_id=payment.merchant_id,
        space=payment.space,
        key="wish-1",
        kind="OURS",
        created_at=FOLDER.now,
    )
    giving_back.give_back(
        payment,
        merchant=merchants.get(merchant_id=provider.merchant_id),
        told_kopecks=2_550,
        key="wish-1",
        reason="a client asked",
        at=FOLDER.now,
        actor=SYSTEM,
        refund=ours,
    )
    told = message("31000001", "100500", "12550", status=9, salt="b" * 40)
    assert provider.send(told).status == 200
    assert provider.balance == -15_025 + 10_000
    assert PaymentEvent.objects.filter(payment=payment, kind="CONFLICT").count() == 1
    provider.books_are_right()


def test_the_wallet_says_where_the_payer_goes_next(db: None) -> None:
    _provider, view, link = provider_and_link()
    wallet = MasterpassClient()
    link.body = documents.json_bytes(
        {
            "response": {
                "pmt_id": 33000001,
                "invoice": 12550,
                "amount": 12801,
                "pmt_status": 0,
                "security_data": {"redirect_url": "https://bank.example/3ds"},
            }
        }
    )
    charge = wallet.charge(
        ADAPTER.order(), "card-1", HOLDER, view, link, threeds={"user_ip": "192.0.2.1"}
    )
    assert (charge.state, charge.payment_id) == (SeenState.WAITING, "33000001")
    assert (charge.redirect_url, charge.amount_kopecks) == ("https://bank.example/3ds", 12_801)
    sign = documents.json_object(link.requests[-1].body)["request"]["auth"]["sign"]
    assert sign == (
        "a815618c1aca1ee5031ab0f8fc003997d3dacb3074b42ae9317046271c82493929909ec255022fe79b249d5d"
        "a9e404e4ef17394b7ab401e0d4befc7888377848"
    )
    link.body = documents.json_bytes({"response": {"error": "no such card"}})
    with pytest.raises(ProviderRefusedError, match="no such card"):
        wallet.delete_card("card-2", HOLDER, view, link)
    link.body = documents.json_bytes({"response": {"status": "OK"}})
    wallet.unlink(HOLDER, view, link)
    link.body = documents.json_bytes({"response": {"session": "s-1"}})
    assert wallet.widget_session(ADAPTER.order(), HOLDER, view, link) == "s-1"
