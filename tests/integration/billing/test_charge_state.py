"""Every service has one row that says how far it is charged, and the row knows its account."""

from datetime import date

from django.db import connection

from billing.models import ChargeState, Subscription
from tests.support.billing import World, charged_until

DAY = date(2026, 11, 10)


def test_a_service_is_made_with_its_state(world: World) -> None:
    account = world.account(kopecks=9_000)
    service = world.sell(account, world.tariff(price=30_000), DAY)
    state = ChargeState.objects.get(subscription_id=service)
    assert (state.account_id, state.anchor_day) == (account, 1)
    assert charged_until(service) == date(2026, 11, 11)
    assert state.charged_basis_id is not None


def test_many_made_by_one_statement_have_theirs(world: World) -> None:
    account = world.account(kopecks=0)
    building = Subscription.objects.get(
        id=world.sell(account, world.tariff(price=30_000), DAY)
    ).building
    made = Subscription.objects.bulk_create(
        Subscription(
            account_id=account,
            state="DRAFT",
            building=building,
            network_type="GPON",
            created_at=Subscription.objects.get().created_at,
        )
        for _n in range(3)
    )
    states = ChargeState.objects.filter(subscription__in=made)
    assert {(s.account_id, s.charged_until) for s in states} == {(account, None)}
    assert states.count() == 3


def test_the_state_follows_its_service_to_another_account(world: World) -> None:
    service = world.sell(world.account(kopecks=9_000), world.tariff(price=30_000), DAY)
    other = world.account(kopecks=0)
    Subscription.objects.filter(id=service).update(account_id=other)
    assert ChargeState.objects.get(subscription_id=service).account_id == other


def test_no_charge_writes_the_row_of_the_service(world: World) -> None:
    service = world.sell(world.account(kopecks=90_000), world.tariff(price=30_000), DAY)
    place = "SELECT ctid::text FROM billing_subscription WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(place, [service])
        before = cursor.fetchone()
        world.day(date(2026, 11, 11))
        cursor.execute(place, [service])
        assert cursor.fetchone() == before
    assert charged_until(service) == date(2026, 11, 12)
