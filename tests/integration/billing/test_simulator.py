"""The simulator against our server over real HTTP: a terminal asks, pays, and repeats itself."""

import threading
from collections.abc import Iterator

import pytest
from pytest_django.live_server_helper import LiveServer

from billing.ledger import queries as ledger_queries
from billing.payments import merchants, outgoing, simulator
from billing.payments import operations as payments
from billing.payments.gateway import OutgoingRequest
from billing.payments.models import Payment, PaymentMessage
from billing.payments.simulator import FORM, Ours
from project.core import clock
from project.core.actor import SYSTEM
from tests.support.provider import small_provider

BASIC = {"basic_user": "ibox", "basic_password": "p4ssw0rd"}


@pytest.fixture(params=["ibox", "citypay"])
def played(
    request: pytest.FixtureRequest, transactional_db: None, live_server: LiveServer
) -> Iterator[str]:
    """The simulator's address; it plays a merchant account of the live server."""
    name = request.param
    merchant_id = payments.open_merchant(
        at=clock.now(), actor=SYSTEM, provider=name, slug="played", settings=BASIC
    )
    view = merchants.get(merchant_id=merchant_id).view
    ours = Ours(f"{live_server.url}/pay/{name}/played", view, clock.now)
    site = simulator.server(simulator.PLAYERS[name](ours))
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    thread.join()
    site.server_close()


def post(address: str, text: str) -> str:
    headers = (("Content-Type", FORM),)
    reply = outgoing.exchange(OutgoingRequest("POST", address, headers, text.encode()))
    assert reply.status == 200
    return reply.body.decode()


def test_a_terminal_pays_once_though_it_repeats(played: str) -> None:
    number = small_provider().connect().contract_number
    account = ledger_queries.find_account(code=number)
    assert account is not None
    before = ledger_queries.balance_kopecks(account_id=account.id)
    screen = post(f"{played}/check", f"account={number}&sum=120.50")
    assert "Перевірте" in screen
    assert "Не можна" in post(f"{played}/check", "account=000&sum=120.50")
    assert "Сплачено" in post(f"{played}/pay", f"key=777&account={number}&sum=120.50")
    paid = Payment.objects.get(external_id="777")
    assert (paid.state, paid.amount_kopecks) == ("CONFIRMED", 12_050)
    credited = ledger_queries.statement(account_id=account.id, limit=50)
    assert [line.amount_kopecks for line in credited if line.kind == "PAYMENT"] == [12_050]
    assert ledger_queries.balance_kopecks(account_id=account.id) <= before + 12_050
    results = PaymentMessage.objects.filter(payment=paid).values_list("result", flat=True)
    assert list(results) == ["OK", "OK"]
