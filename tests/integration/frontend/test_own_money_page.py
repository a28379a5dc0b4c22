"""The page of the provider's own money: what waits for the bank, the till, what was noted."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.bookkeeping import operations as bookkeeping
from billing.bookkeeping import own_money
from billing.bookkeeping.models import OwnMove
from billing.bookkeeping.wishes import Wish
from billing.ledger.verification import verify
from project.core import clock
from project.core.roles import Role
from tests.integration.frontend.test_money_operations import Contract, client_of
from tests.support import zones
from tests.support.provider import AT, ON_DATE, small_provider

JUNK = ["", "\x00", "-1", "99999999999999999999", "ї", "' OR 1=1", "1e9"]


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the day on which the provider sold."""
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda at=None: ON_DATE)


@pytest.fixture
def contract(db: None) -> Contract:
    made = Contract(small_provider())
    made.pay(50_000)
    return made


@pytest.fixture
def iryna(contract: Contract) -> Client:
    return client_of("iryna")


def refund(contract: Contract, kopecks: int, method: str = "BANK") -> int:
    return bookkeeping.ask(
        at=AT,
        on_date=ON_DATE,
        actor=zones.actor(zones.planner(f"asks{kopecks}", Role.ACCOUNTANT)),
        wish=Wish("REFUND", contract.account_id, "переїзд", amount_kopecks=kopecks, method=method),
        idempotency_key=f"{method}{kopecks}",
    ).id


def send(client: Client, button: str, **typed: Any) -> Any:
    refunds = typed.pop("refund", [])
    data = {f"{button}-{name}": value for name, value in typed.items()}
    return client.post(
        reverse("workspace:own-money"), {"do": button, "refund": refunds, **data}, follow=True
    )


def test_refunds_are_ticked_noted_and_taken_back(iryna: Client, contract: Contract) -> None:
    first, second = refund(contract, 3_000), refund(contract, 2_000)
    page = iryna.get(reverse("workspace:own-money"))
    assert [row.id for row in page.context["rows"]] == [first, second]
    assert page.context["owed"] == 5_000
    paper = {"reference": "ПД-4", "of_date": ON_DATE.isoformat()}
    none = send(iryna, "pay", **paper)
    assert none.status_code == 400
    assert "Позначте повернення" in none.content.decode()
    ahead = send(
        iryna, "pay", reference="ПД-4", refund=[first],
        of_date=(ON_DATE + timedelta(1)).isoformat(),
    )  # fmt: skip
    assert (ahead.status_code, ahead.context["chosen"]) == (400, [first])
    assert "ще не настала" in ahead.content.decode()
    done = send(iryna, "pay", **paper, refund=[first])
    assert (done.status_code, [row.id for row in done.context["rows"]]) == (200, [second])
    its_page = iryna.get(reverse("workspace:operation", args=[first])).content.decode()
    assert "Виплачено банком" in its_page
    assert "ПД-4" in its_page
    waits = iryna.get(reverse("workspace:operation", args=[second])).content.decode()
    assert "ще не записано" in waits
    again = send(iryna, "pay", **paper, refund=[first])
    assert again.status_code == 409
    (move,) = OwnMove.objects.all()
    assert send(iryna, "back", move=move.id, reason="").status_code == 422
    back = send(iryna, "back", move=move.id, reason="не той клієнт")
    assert [row.id for row in back.context["rows"]] == [first, second]
    assert "не той клієнт" in back.content.decode()
    assert verify().is_right


def test_the_cash_of_the_till_goes_to_the_bank(iryna: Client, contract: Contract) -> None:
    refund(contract, 1_000, "CASH")
    paper = {"reference": "1", "of_date": ON_DATE.isoformat()}
    much = send(iryna, "bank", bank="500", till_refunds="10", **paper)
    assert much.status_code == 409
    assert much.context["bank"].errors["bank"]
    assert much.context["bank"]["till_refunds"].value() == "10"
    done = send(iryna, "bank", bank="400", till_refunds="10", **paper)
    assert done.status_code == 200
    assert own_money.till() == own_money.Till(cash_kopecks=9_000, refunds_kopecks=0)
    twice = send(iryna, "bank", bank="1", **paper)
    assert twice.status_code == 409
    assert "вже записано" in twice.content.decode()
    assert verify().is_right


def test_odd_values_are_answered_and_post_nothing(iryna: Client, contract: Contract) -> None:
    one = refund(contract, 3_000)
    for junk in JUNK:
        for answer in (
            send(iryna, "pay", reference=junk, of_date=junk, refund=[one]),
            send(iryna, "pay", reference="1", of_date=ON_DATE.isoformat(), refund=[junk]),
            send(iryna, "bank", reference="1", of_date=ON_DATE.isoformat(), bank=junk),
            send(iryna, "back", move=junk, reason="x"),
            send(iryna, junk, reference="1"),
        ):
            assert 400 <= answer.status_code < 500, junk
    assert not OwnMove.objects.exists()
