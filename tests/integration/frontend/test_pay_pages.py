"""A client's pay link: signed, tells the balance, and the page of return says what is true."""

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from billing.ledger import queries as ledger_queries
from billing.payments import checkouts, links, merchants
from billing.payments import operations as payments
from billing.payments.calls import Seen, SeenState
from billing.payments.models import Payment, PaymentAttempt
from project.core import clock
from project.core.actor import SYSTEM
from project.core.models import OutboxEvent
from tests.integration.frontend.test_money_operations import Contract
from tests.support.provider import AT, ON_DATE, small_provider


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda at=None: ON_DATE)


@pytest.fixture
def number(db: None) -> str:
    account_id = Contract(small_provider()).account_id
    return ledger_queries.accounts(ids=[account_id])[account_id].code


@pytest.fixture
def platon(number: str) -> merchants.Account:
    merchant_id = payments.open_merchant(
        at=AT,
        actor=SYSTEM,
        provider="platon",
        slug="test",
        settings={"key": "key", "password": "secret-word", "default_email": "a@example.com"},
    )
    return merchants.get(merchant_id=merchant_id)


def test_the_page_opens_by_its_signature_only(client: Client, number: str) -> None:
    right = links.path_of(account_code=number)
    assert client.get(right).status_code == 200
    key = right.partition("?k=")[2]
    for wrong in (f"/pay/{number}", f"{right}x", f"/pay/{number}?k=%00", f"/pay/7{number}?k={key}"):
        assert client.get(wrong).status_code == 404
    strange = links.path_of(account_code="\x00ї' OR 1=1")
    assert client.get(strange).status_code == 404


def test_a_payment_is_begun_waits_and_is_paid(
    client: Client, number: str, platon: merchants.Account
) -> None:
    page = links.path_of(account_code=number)
    for amount, status in (("", 422), ("nothing", 422), ("-5", 422), ("0", 422), ("0,01", 409)):
        assert client.post(page, {"amount": amount, "merchant": platon.id}).status_code == status
    assert client.post(page, {"amount": "5", "merchant": platon.id + 1}).status_code == 409
    begun = client.post(page, {"amount": "300,50", "merchant": platon.id})
    payment = Payment.objects.get(state="CREATED")
    back = links.return_path(order=payment.order_number or "")
    assert begun.headers["Location"] == f"{back}go/"
    onward = client.get(f"{back}go/")
    assert "form-action 'self' https://" in onward.headers["Content-Security-Policy"]
    fields = dict(PaymentAttempt.objects.get().fields)
    assert fields["url"] == f"{settings.GEOBILL_PUBLIC_URL.rstrip('/')}{back}"
    assert 'data-kind="WAITING"' in client.get(back).content.decode()
    client.get(back)
    assert OutboxEvent.objects.filter(topic="payment.ask").count() == 1
    assert client.post(back).status_code == 302
    seen = Seen(SeenState.PAID, order=payment.order_number or "", key="p-1", amount_kopecks=30_050)
    checkouts.apply(seen, merchant=platon, endpoint="form", payment=payment, at=AT)
    paid = client.get(back, headers={"HX-Request": "true"}).content.decode()
    assert 'data-kind="PAID"' in paid
    assert "<html" not in paid
    assert client.get(f"{back}go/").headers["Location"] == back
    assert client.get(back.replace(payment.order_number or "", "1")).status_code == 404


def test_the_debt_a_month_and_both_are_suggested_and_any_amount_may_be_typed(
    client: Client, number: str, platon: merchants.Account
) -> None:
    page = links.path_of(account_code=number)
    shown = client.get(page)
    amounts = [(one.kopecks, one.typed) for one in shown.context["amounts"]]
    month = links.month_kopecks(account_id=account_of(number), on_date=ON_DATE)
    assert month > 0
    debt = shown.context["page"].debt_kopecks
    wanted = [debt, month, debt + month] if debt else [month]
    assert [kopecks for kopecks, _typed in amounts] == wanted
    assert shown.context["typed"] == amounts[0][1]
    other = client.get(f"{page}&amount=77")
    assert 'value="77"' in other.content.decode()
    assert client.get(f"{page}&amount=%22%3E%3Cb%3E").status_code == 200


def account_of(number: str) -> int:
    found = ledger_queries.subscriber_with_balance(code=number)
    assert found is not None
    return found.id


def test_a_failed_payment_says_so(client: Client, number: str, platon: merchants.Account) -> None:
    client.post(links.path_of(account_code=number), {"amount": "300", "merchant": platon.id})
    payment = Payment.objects.get(state="CREATED")
    seen = Seen(SeenState.FAILED, order=payment.order_number or "", reason="declined")
    checkouts.apply(seen, merchant=platon, endpoint="form", payment=payment, at=AT)
    page = client.get(links.return_path(order=payment.order_number or "")).content.decode()
    assert 'data-kind="FAILED"' in page
