"""The simulator against our server over real HTTP: terminals, a form, an invoice API; both ways."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from billing.ledger import queries as ledger_queries
from billing.payments import checkouts, mending, merchants, outgoing, taking_lists
from billing.payments.calls import SeenState
from billing.payments.gateway import OutgoingRequest
from billing.payments.models import Payment, PaymentMessage, ProviderRegisterRow
from billing.payments.simulator.till import Till
from project.core import clock
from project.core.actor import SYSTEM
from tests.support.provider import small_provider
from tests.support.simulated import Played, playing, post

CHECKOUTS = ["monobank", "platon", "privat24"]


@pytest.fixture
def played(
    request: pytest.FixtureRequest, transactional_db: None, live_server: LiveServer, tmp_path: Path
) -> Iterator[Played]:
    kept = tmp_path / "kept.json"
    with (
        override_settings(GEOBILL_PUBLIC_URL=live_server.url),
        playing(request.param, our_url=live_server.url, kept=kept) as one,
    ):
        yield one
    cache.clear()


@pytest.fixture
def number(played: Played) -> str:
    """A contract."""
    return small_provider().connect().contract_number


def begun(played: Played, number: str, kopecks: int = 30_050) -> tuple[Payment, str]:
    """An order of ours, brought to the payment system's page as a browser would; its number
    there."""
    started = checkouts.create_checkout(
        at=clock.now(), actor=SYSTEM, merchant_id=played.merchant.id, account_code=number,
        amount_kopecks=kopecks, success_url="http://shop.example/ok/{order}/",
        failure_url="http://shop.example/no/{order}/",
    )  # fmt: skip
    page = started.checkout.url
    if started.checkout.fields:
        page = post(page, dict(started.checkout.fields)).headers["location"]
    body = outgoing.exchange(OutgoingRequest("GET", page)).body.decode()
    assert "До сплати 300,50 грн" in body or kopecks != 30_050
    found = re.search(r"name='number' value='([^']+)'", body)
    assert found is not None
    return Payment.objects.get(id=started.payment_id), found[1]


@pytest.mark.parametrize("played", ["ibox", "citypay"], indirect=True)
def test_a_terminal_pays_once_though_it_repeats(played: Played, number: str) -> None:
    account = ledger_queries.find_account(code=number)
    assert account is not None
    before = ledger_queries.balance_kopecks(account_id=account.id)
    assert "Перевірте" in played.post("/check", account=number, sum="120,50").body.decode()
    assert "Не можна" in played.post("/check", account="000", sum="120.50").body.decode()
    paid_page = played.post("/pay", key="777", account=number, sum="120.50").body.decode()
    assert "Сплачено" in paid_page
    paid = Payment.objects.get(external_id="777")
    assert (paid.state, paid.amount_kopecks) == ("CONFIRMED", 12_050)
    credited = ledger_queries.statement(account_id=account.id, limit=50)
    assert [line.amount_kopecks for line in credited if line.kind == "PAYMENT"] == [12_050]
    assert ledger_queries.balance_kopecks(account_id=account.id) <= before + 12_050
    results = PaymentMessage.objects.filter(payment=paid).values_list("result", flat=True)
    assert list(results) == ["OK", "OK"]


@pytest.mark.parametrize("played", CHECKOUTS, indirect=True)
def test_a_checkout_is_paid_left_declined_and_given_back(played: Played, number: str) -> None:
    paid = a_payment_is_credited_once_though_it_is_told_of_twice(played, number)
    who_leaves_waits_and_what_was_not_heard_is_asked(played, number)
    a_declined_card_is_not_paid(played, number)
    a_forged_request_is_refused(played)
    if played.merchant.provider.code != "platon":  # there not in the first ten minutes
        a_refund_of_ours_goes_back_there(played, paid)


def a_payment_is_credited_once_though_it_is_told_of_twice(played: Played, number: str) -> Payment:
    payment, key = begun(played, number)
    back = played.post("/decide", number=key, do="twice")
    assert (back.status, back.headers["location"]) == (
        303,
        f"http://shop.example/ok/{payment.order_number}/",
    )
    payment.refresh_from_db()
    assert (payment.state, payment.amount_kopecks) == ("CONFIRMED", 30_050)
    assert (payment.external_id, payment.journal_id is not None) == (key, True)
    told = PaymentMessage.objects.filter(direction="IN", payment=payment)
    assert {row.result for row in told} <= {"OK", "DUPLICATE"}
    # Another press on the payer's page is answered by what is true.
    assert "Сплачено" in played.post("/decide", number=key, do="decline").body.decode()
    again = type(played.player)(played.player.ours, played.player.kept)
    assert again.sales[key].state == "PAID", "payments outlive a restart"
    return payment


def who_leaves_waits_and_what_was_not_heard_is_asked(played: Played, number: str) -> None:
    payment, key = begun(played, number)
    assert "Без відповіді" in played.post("/decide", number=key, do="leave").body.decode()
    payment.refresh_from_db()
    assert payment.state == "CREATED"
    assert "Сплачено" in played.post("/decide", number=key, do="unheard").body.decode()
    payment.refresh_from_db()
    assert payment.state == "CREATED"
    attempt = payment.attempts.get()
    checkouts.ask(at=clock.now(), attempt_id=attempt.id)
    payment.refresh_from_db()
    # What Platon's status calls say is believed only where the merchant account says so.
    is_believed = played.merchant.provider.code != "platon"
    assert payment.state == ("CONFIRMED" if is_believed else "CREATED")
    played.post("/cabinet", number=key, do="again")
    payment.refresh_from_db()
    assert (payment.state, payment.external_id) == ("CONFIRMED", key)


def a_declined_card_is_not_paid(played: Played, number: str) -> None:
    payment, key = begun(played, number)
    page = "ok" if played.merchant.provider.code != "platon" else "no"
    back = played.post("/decide", number=key, do="decline")
    assert back.headers["location"] == f"http://shop.example/{page}/{payment.order_number}/"
    payment.refresh_from_db()
    assert payment.state == ("CREATED" if page == "no" else "FAILED")


def a_forged_request_is_refused(played: Played) -> None:
    forged = {
        "monobank": ("/api/merchant/invoice/create", 403),
        "platon": ("/payment/auth", 400),
        "privat24": ("/api/3/checkout", 400),
    }
    path, status = forged[played.merchant.provider.code]
    assert played.post(path, data="e30=", signature="no", sign="no").status == status
    assert played.post("/decide", number="nobody", do="pay").status == 404


def a_refund_of_ours_goes_back_there(played: Played, payment: Payment) -> None:
    client = checkouts.client_of(played.merchant)
    link = outgoing.HttpLink(played.merchant, clock.now(), payment.id)
    view = checkouts.view_of(payment)
    said = client.refund(view, 30_050, "r-1", played.merchant.view, link)
    assert said.state in (SeenState.WAITING, SeenState.REVERSED)
    player = played.player
    assert isinstance(player, Till)
    sale = player.sales[payment.external_id or ""]
    assert (sale.state, sale.left_kopecks) == ("REVERSED", 0)
    said = client.query(view, played.merchant.view, link)
    assert said.state is SeenState.REVERSED
    for notice in player.telling:
        notice.join()
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_kopecks) == ("REVERSED", 30_050)


@pytest.mark.parametrize("played", ["monobank"], indirect=True)
def test_the_banks_key_changes_money_goes_back_and_the_list_tells(
    played: Played, number: str
) -> None:
    payment, key = begun(played, number)
    played.post("/decide", number=key, do="pay")
    first = merchants.get(merchant_id=played.merchant.id).view["public_key"]
    assert first, "learned with the first webhook"
    cache.clear()  # keys are asked for once a minute at most
    assert played.post("/rotate").status == 303
    other, other_key = begun(played, number, 10_000)
    played.post("/decide", number=other_key, do="pay")
    other.refresh_from_db()
    assert other.state == "CONFIRMED"
    assert merchants.get(merchant_id=played.merchant.id).view["public_key"] != first
    played.post("/cabinet", number=key, do="back", sum="100,50")
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_kopecks) == ("CONFIRMED", 10_050)
    played.post("/cabinet", number=key, do="back", sum="200")
    payment.refresh_from_db()
    assert (payment.state, payment.refunded_kopecks) == ("REVERSED", 30_050)
    played.post("/cabinet", number=other_key, do="list", sum="90")
    lost, lost_key = begun(played, number, 20_000)
    played.post("/decide", number=lost_key, do="unheard")
    at = clock.now()
    start, end = at - timedelta(hours=1), at + timedelta(hours=1)
    assert taking_lists.pull(at=at, merchant_id=played.merchant.id, start=start, end=end) == 3
    listed = dict(ProviderRegisterRow.objects.values_list("key", "outcome"))
    assert listed == {key: "MATCHED", other_key: "AMOUNT_DIFFERS", lost_key: "MISSING_HERE"}
    # An order that only the list knows as paid is posted as that order, and stays one payment.
    row = ProviderRegisterRow.objects.get(key=lost_key)
    assert row.account_code == number
    mending.post_missing(at=at, actor=SYSTEM, row_id=row.id)
    lost.refresh_from_db()
    assert (lost.state, lost.external_id) == ("CONFIRMED", lost_key)
    played.post("/cabinet", number=lost_key, do="again")
    assert Payment.objects.filter(merchant_id=played.merchant.id).count() == 3
