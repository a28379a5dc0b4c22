"""Portmone's unsigned words, and what its answers mean."""

from urllib.parse import urlencode

import pytest

from billing.payments import checkouts, merchants
from billing.payments.calls import SeenState
from billing.payments.gateway import IncomingReply, OutgoingRequest, ProviderRefusedError
from billing.payments.models import Payment, PaymentAttempt
from billing.payments.providers.portmone.checkout import CheckoutClient, WebClient
from billing.payments.providers.portmone.legacy import LegacyClient
from billing.payments.wire import documents
from project.core.models import OutboxEvent
from tests.contract.payments import faults
from tests.contract.payments.faults import FOLDER, Incoming, Provider
from tests.contract.payments.portmone.adapter import ADAPTER, ORDER
from tests.vectors import world
from tests.vectors.adapter import Sent, StandInLink

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
KEYS = {"payee_id": "20001", "login": "L", "password": "portmone-pass", "key": "portmone-key"}


def row(**more: str) -> dict[str, str]:
    return {
        "shopBillId": "966000011",
        "shopOrderNumber": ORDER,
        "billAmount": "125.50",
        "status": "PAYED",
        "attribute1": "100500",
        "pay_date": "15.03.2026 12:30:45",
        "payee_commission": "1.88",
        "errorCode": "0",
    } | more


class Portmone(StandInLink):
    """The line to a Portmone that always answers the same."""

    body = b"[]"

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        self.requests.append(request)
        return IncomingReply(200, {}, self.body)


def returned(order: str = ORDER) -> Sent:
    body = urlencode({"SHOPBILLID": "966000011", "SHOPORDERNUMBER": order, "RESULT": "0"})
    return Sent("POST", "/ok", FORM, body.encode())


def notified(order: str = ORDER) -> Sent:
    document = {"shopBillId": "966000011", "shopOrderNumber": order}
    return Sent("POST", "/notify", JSON, documents.json_bytes(document))


def incoming(hint: str) -> Incoming:
    made = returned if hint == "return" else notified
    return Incoming(
        provider="portmone",
        settings=KEYS,
        pay=lambda key, account, amount: made(),
        is_ok=lambda answer: answer.status == 200,
        in_own_form=lambda answer: answer.status in (200, 400, 403),
        amount="125.50",
        other_amount="125.51",
        key="966000011",
    )


class TestHints:
    """The browser's return and the notification: nothing is credited by them alone."""

    covers = (("portmone", "return"), ("portmone", "notification"))

    @pytest.fixture(autouse=True)
    def _clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        faults.standing_clock(monkeypatch)

    def provider(self, hint: str = "return") -> Provider:
        provider = Provider(incoming(hint))
        world.order(merchant_id=provider.merchant_id, number=ORDER, client="web", at=FOLDER.now)
        return provider

    def link(self, provider: Provider, answer: object) -> Portmone:
        account = merchants.get(merchant_id=provider.merchant_id)
        link = Portmone(account, FOLDER.now, "")
        link.body = documents.json_bytes(answer)
        return link

    @pytest.mark.parametrize("hint", ["return", "notification"])
    def test_a_hint_makes_us_ask_and_the_answer_credits_once(self, db: None, hint: str) -> None:
        provider = self.provider(hint)
        attempt = PaymentAttempt.objects.get()
        for _ in range(3):
            assert provider.send(provider.paying()).status == 200
            assert provider.balance == -15_025
        assert OutboxEvent.objects.filter(topic="payment.ask").exists()
        for _ in range(2):
            link = self.link(provider, [row()])
            checkouts.ask(at=FOLDER.now, attempt_id=attempt.id, client="checkout", link=link)
            assert provider.balance == -15_025 + 12_550
        payment = Payment.objects.get()
        assert (payment.external_id, payment.space) == ("966000011", "portmone")
        assert payment.fee_kopecks == 188
        provider.books_are_right()

    @pytest.mark.parametrize(
        "answer",
        [
            [],
            [row(status="CREATED")],
            [row(errorCode="5")],
            [row(shopOrderNumber="another", shopBillId="1")],
        ],
    )
    def test_no_other_answer_credits(self, db: None, answer: list[object]) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        attempt = PaymentAttempt.objects.get()
        link = self.link(provider, answer)
        checkouts.ask(at=FOLDER.now, attempt_id=attempt.id, client="checkout", link=link)
        assert provider.balance == -15_025

    @pytest.mark.parametrize("hint", ["return", "notification"])
    def test_hostile_hints_credit_nothing(self, db: None, hint: str) -> None:
        provider = self.provider(hint)
        faults.check_hostile_bodies(provider)
        faults.fuzz(provider)
        assert provider.balance == -15_025

    def test_a_stranger_is_refused(self, db: None) -> None:
        from billing.payments import operations as payments
        from project.core.actor import SYSTEM

        provider = self.provider("notification")
        payments.change_merchant(
            at=FOLDER.now,
            actor=SYSTEM,
            merchant_id=provider.merchant_id,
            networks=["198.51.100.0/24"],
        )
        assert provider.send(notified()).status == 403

    def test_parts_that_went_back_come_with_the_answer(self, db: None) -> None:
        provider = self.provider()
        attempt = PaymentAttempt.objects.get()
        back = row(shopBillId="966000013", billAmount="-25.50", status="RETURN")
        for _ in range(2):
            link = self.link(provider, [row(), back])
            checkouts.ask(at=FOLDER.now, attempt_id=attempt.id, client="checkout", link=link)
        assert provider.balance == -15_025 + 10_000
        provider.books_are_right()

    def test_what_portmone_refuses_is_told_as_its_refusal(self, db: None) -> None:
        provider = self.provider()
        link = self.link(provider, {"errorCode": "9", "error": "no such payee"})
        view = merchants.get(merchant_id=provider.merchant_id).view
        paid = ADAPTER.payment(FOLDER.now, order=ORDER)
        with pytest.raises(ProviderRefusedError, match="9 no such payee"):
            CheckoutClient().query(paid, view, link)
        with pytest.raises(ProviderRefusedError):
            CheckoutClient().create_checkout(ADAPTER.order(number="1"), view, link)

    def test_a_form_is_signed_where_there_is_a_key(self, db: None) -> None:
        provider = self.provider()
        link = self.link(provider, {})
        view = merchants.get(merchant_id=provider.merchant_id).view
        form = WebClient().create_checkout(ADAPTER.order(number="1"), view, link)
        assert {"dt", "signature"} <= dict(form.fields).keys()
        assert link.requests == []

    def test_the_old_api_says_the_same_in_xml(self, db: None) -> None:
        provider = self.provider()
        link = self.link(provider, {})
        link.body = (
            b"<portmoneresult><request/><orders><order><shop_bill_id>966000011</shop_bill_id>"
            b"<shop_order_number>INV-2026-0005</shop_order_number><bill_amount>125.50</bill_amount>"
            b"<status>PAYED</status><pay_date>15.03.2026 12:30:45</pay_date>"
            b"<error_code>0</error_code></order></orders></portmoneresult>"
        )
        view = merchants.get(merchant_id=provider.merchant_id).view
        seen = LegacyClient().query(ADAPTER.payment(FOLDER.now, order=ORDER), view, link)
        assert (seen.state, seen.key, seen.amount_kopecks) == (SeenState.PAID, "966000011", 12_550)
        assert b"method=result" in link.requests[0].body
        link.body = (
            b"<portmoneresult><request><error_code>3</error_code></request></portmoneresult>"
        )
        with pytest.raises(ProviderRefusedError, match="3"):
            LegacyClient().query(ADAPTER.payment(FOLDER.now, order=ORDER), view, link)
