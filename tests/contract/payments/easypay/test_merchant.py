"""EasyPay's merchant API: what its notification must bear, sessions, refunds, the daily file."""

import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from billing.payments import merchants, recipes
from billing.payments.calls import SeenState
from billing.payments.gateway import IncomingReply, OutgoingRequest, ProviderRefusedError
from billing.payments.models import Payment
from billing.payments.providers.easypay import daily_file
from billing.payments.providers.easypay.merchant import MerchantClient
from billing.payments.wire import documents
from billing.payments.wire.values import BadValueError
from tests.contract.payments.easypay.adapter import ADAPTER
from tests.contract.payments.faults import FOLDER, Answered, Incoming, Provider
from tests.contract.payments.suite import SignedFaults
from tests.vectors import world
from tests.vectors.adapter import Sent, StandInLink

SECRET, SERVICE = "test-secret", "MERCHANT-TEST"
ORDER = "INV-2026-0001"


def signed(document: dict[str, Any]) -> Sent:
    body = documents.json_bytes(document)
    sign = recipes.sha256_prefix_b64(body, SECRET)
    return Sent("POST", "/notify", {"Content-Type": "application/json", "Sign": sign}, body)


def notify(key: int, account: str, amount: float, **more: Any) -> Sent:
    return signed(
        {
            "OperationType": "Payment",
            "PartnerKey": "easypay-test",
            "ServiceKey": SERVICE,
            "TransactionStatus": "Accepted",
            "MerchantOrderId": ORDER if account == "100500" else "",
            "DateTime": "2026-03-15T12:30:45",
            "Amount": amount,
            "Commission": 0.0,
            "TransactionId": key,
            "AdditionalItems": {"Card.Pan": "41111111****1111"},
        }
        | more
    )


def is_ok(answer: Answered) -> bool:
    return answer.status == 200


def incoming() -> Incoming:
    return Incoming(
        provider="easypay",
        settings={"partner_key": "p", "service_key": SERVICE, "merchant_secret": SECRET},
        pay=notify,
        is_ok=is_ok,
        in_own_form=lambda answer: answer.body == b"",
        amount=125.5,
        other_amount=125.51,
        key=1859083939,
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"125.5", b"925.5")),
    )


class TestNotification(SignedFaults):
    """The notification in its present layout."""

    incoming = staticmethod(incoming)

    def provider(self) -> Provider:
        provider = super().provider()
        world.order(
            merchant_id=provider.merchant_id, number=ORDER, client="merchant", at=FOLDER.now
        )
        return provider

    def test_a_word_that_nobody_has_seen_is_asked_about(self, db: None) -> None:
        provider = self.provider()
        told = notify(1859083939, "100500", 125.5, TransactionStatus="Completed")
        assert is_ok(provider.send(told))
        assert provider.balance == -15_025
        assert Payment.objects.get().attempts.get().state == "UNKNOWN"

    def test_a_refund_takes_back_once(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        back = notify(1859083939, "100500", 125.5, OperationType="Refund")
        assert is_ok(provider.send(back))
        assert is_ok(provider.send(back))
        assert provider.balance == -15_025
        provider.books_are_right()

    def test_a_notification_of_another_service_is_refused(self, db: None) -> None:
        provider = self.provider()
        assert provider.send(notify(1, "100500", 125.5, ServiceKey="OTHER")).status == 400
        assert provider.balance == -15_025


class Bank(StandInLink):
    """The line to an EasyPay that answers each call by its path; `state`: how an order stands."""

    state: Mapping[str, str] = MappingProxyType({"paymentState": "pending"})

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        self.requests.append(request)
        number = sum(1 for one in self.requests if "/system/" in one.url)
        answers: dict[str, dict[str, Any]] = {
            "createApp": {"appId": "app-1", "pageId": f"page-{number}"},
            "createPage": {"pageId": f"page-{number}"},
            "create": {"forwardUrl": "https://pay.easypay.ua/session/1"},
            "state": dict(self.state),
            "refund": {"refundTransactionId": 5},
        }
        body = documents.json_bytes({**answers[operation], "error": None})
        return IncomingReply(200, {}, body)


def test_an_application_is_opened_once_and_a_page_for_each_order(db: None) -> None:
    provider = Provider(incoming())
    account = merchants.get(merchant_id=provider.merchant_id)
    link, client = Bank(account, FOLDER.now, ""), MerchantClient()
    for number in ("1", "2"):
        client.create_checkout(ADAPTER.order(number=number), account.view, link)
    paths = [request.url.rpartition("/")[2] for request in link.requests]
    assert paths == ["createApp", "createOrder", "createPage", "createOrder"]
    orders = [request for request in link.requests if request.url.endswith("createOrder")]
    assert [dict(one.headers)["PageId"] for one in orders] == ["page-1", "page-2"]
    for one in orders:
        assert dict(one.headers)["Sign"] == recipes.sha256_prefix_b64(one.body, SECRET)
        assert json.loads(one.body)["order"]["additionalItems"]["Merchant.UrlNotify"].endswith(
            f"/pay/easypay/{account.view.slug}/notify"
        )


def test_a_part_is_not_asked_back_and_a_waiting_order_waits(db: None) -> None:
    provider = Provider(incoming())
    account = merchants.get(merchant_id=provider.merchant_id)
    link, client = Bank(account, FOLDER.now, ""), MerchantClient()
    paid = ADAPTER.payment(FOLDER.now, order=ORDER, key="1859083939")
    with pytest.raises(ProviderRefusedError, match="WHOLE_ONLY"):
        client.refund(paid, 100, "r", account.view, link)
    assert link.requests == []
    assert client.refund(paid, 12_550, "r", account.view, link).state is SeenState.REVERSED
    assert client.query(paid, account.view, link).state is SeenState.WAITING


def test_the_daily_file_is_read() -> None:
    line = "100500;125,50;;;;;;;2026-03-15T12:30:45;;;;;;724502946;more"
    text = "Рахунок;Сума" + ";" * 13 + "\n" + line + "\n\n" + line.replace("125,50", "-125.50")
    for encoding in ("utf-8", "cp1251"):
        first, second = daily_file.rows(text.encode(encoding))
        assert (first.account, first.amount_kopecks, first.key) == ("100500", 12_550, "724502946")
        assert (first.is_reversal, second.is_reversal) == (False, True)
    for wrong in ("100500;125.50", line.replace("125,50", "x"), line.replace("2026", "x")):
        with pytest.raises(BadValueError, match="line 2"):
            daily_file.rows(f"{line}\n{wrong}".encode())
