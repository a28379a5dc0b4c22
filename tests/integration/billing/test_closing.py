"""The account of a client who has gone: closed when nothing is due on it, it takes no posting."""

from datetime import date

import pytest
from django.db import transaction

from billing.bookkeeping import closing, errors, operations
from billing.bookkeeping.wishes import Wish
from billing.ledger import operations as ledger
from billing.ledger.errors import AccountStoppedError
from billing.ledger.operations import Leg
from billing.payments.desk import NoSubscriberAccountError
from billing.subscriptions import operations as subscriptions
from billing.subscriptions.models import CreditGrant
from project.core.actor import Actor
from project.core.errors import NotFoundError
from project.core.models import AuditEntry
from project.core.roles import Role
from tests.support import zones
from tests.support.billing import CASHIER, World, balance, moment

DAY = date(2026, 11, 10)
AT = moment(DAY, 15)


@pytest.fixture
def iryna(world: World) -> Actor:
    return zones.actor(zones.planner("iryna", Role.ACCOUNTANT))


def close(account: int, actor: Actor, *, on_date: date = DAY, reason: str = "виїхав") -> None:
    closing.close(
        account_id=account, reason=reason, at=moment(on_date, 15), on_date=on_date, actor=actor
    )


def refund(account: int, kopecks: int, actor: Actor) -> None:
    operations.ask(
        at=AT,
        on_date=DAY,
        actor=actor,
        wish=Wish("REFUND", account, "виїхав", amount_kopecks=kopecks, method="CASH"),
        idempotency_key=f"refund-{account}-{kopecks}",
    )


def test_a_client_goes_and_comes_back(world: World, iryna: Actor) -> None:
    account = world.account(kopecks=30_000)
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), DAY)

    def kept_open_by() -> str:
        with pytest.raises(closing.StillInUseError) as refused:
            close(account, iryna)
        return str(refused.value.context["what"])

    assert kept_open_by() == "services"
    subscriptions.terminate(at=AT, on_date=DAY, actor=CASHIER, subscription_id=service)
    assert kept_open_by() == "money"
    refund(account, balance(account), iryna)
    grant = CreditGrant.objects.create(
        account_id=account, amount_kopecks=100, during=(DAY, date(2026, 11, 12)), created_at=AT
    )
    assert kept_open_by() == "promise"
    grant.delete()
    with pytest.raises(errors.ReasonNeededError):
        close(account, iryna, reason=" ")
    assert closing.still_open(account_id=account, on_date=DAY) == []
    close(account, iryna)
    with pytest.raises(closing.ClosedAlreadyError):
        close(account, iryna)
    with pytest.raises(NoSubscriberAccountError):
        world.pay(account, 1_000, DAY)
    with pytest.raises(errors.AccountParkedError):
        operations.ask(
            at=AT,
            on_date=DAY,
            actor=iryna,
            wish=Wish("ADJUSTMENT", account, "помилка", amount_kopecks=100),
            idempotency_key="closed",
        )
    other = ledger.ensure_control_account(at=AT, code="adjustments.manual", kind="ADJUSTMENT")
    with pytest.raises(AccountStoppedError), transaction.atomic():
        ledger.post(
            kind="ADJUSTMENT",
            value_date=DAY,
            posted_at=AT,
            idempotency_key="closed",
            legs=[Leg(account, 100), Leg(other, -100)],
            actor=iryna,
            source="test",
            narrative="",
        )
    entry = AuditEntry.objects.get(action="billing.ledger.account_closed")
    assert (entry.object_id, entry.user_id) == (str(account), iryna.user_id)
    assert "виїхав" in entry.summary
    closing.reopen(account_id=account, reason="повернувся", at=AT, actor=iryna)
    world.pay(account, 1_000, DAY)
    assert balance(account) == 1_000
    with pytest.raises(closing.NotClosedError):
        closing.reopen(account_id=account, reason="ще раз", at=AT, actor=iryna)


def test_days_that_are_not_charged_yet_and_debts_keep_it_open(world: World, iryna: Actor) -> None:
    account = world.account()
    tariff = world.tariff(price=30_000, funds_policy="ALLOW")
    service = world.sell(account, tariff, date(2026, 11, 9))
    subscriptions.terminate(at=AT, on_date=DAY, actor=CASHIER, subscription_id=service)
    with pytest.raises(closing.StillInUseError) as uncharged:
        close(account, iryna)
    world.day(DAY)
    with pytest.raises(closing.StillInUseError) as debt:
        close(account, iryna)
    assert [one.value.context["what"] for one in (uncharged, debt)] == ["uncharged", "debt"]
    ledger.park_account(account_id=account, at=AT, reason="книги")
    found = closing.still_open(account_id=account, on_date=DAY)
    assert [one.code for one in found] == ["stopped", "debt"], "all of it is told at once"


def test_an_operation_that_waits_keeps_it_open(world: World, iryna: Actor) -> None:
    account = world.account()
    operations.ask(
        at=AT,
        on_date=DAY,
        actor=iryna,
        wish=Wish("ADJUSTMENT", account, "багато", amount_kopecks=200_000),
        idempotency_key="waits",
    )
    with pytest.raises(closing.StillInUseError) as refused:
        close(account, iryna)
    assert refused.value.context["what"] == "operation"


def test_only_accounts_of_clients(world: World, iryna: Actor) -> None:
    with pytest.raises(NotFoundError):
        close(10**12, iryna)
