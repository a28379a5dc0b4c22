"""A client's pay link: signed, tells the balance, and the page of return says what is true."""

import pytest
from django.core.cache import cache
from django.test import Client

from billing.ledger import queries as ledger_queries
from billing.payments import links
from project.core import clock
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


def test_the_page_opens_by_its_signature_only(client: Client, number: str) -> None:
    right = links.path_of(account_code=number)
    assert client.get(right).status_code == 200
    key = right.partition("?k=")[2]
    for wrong in (f"/pay/{number}", f"{right}x", f"/pay/{number}?k=%00", f"/pay/7{number}?k={key}"):
        assert client.get(wrong).status_code == 404
    strange = links.path_of(account_code="\x00ї' OR 1=1")
    assert client.get(strange).status_code == 404
