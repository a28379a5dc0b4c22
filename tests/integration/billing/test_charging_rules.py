"""Each billing rule as a story that ends in the account's statement."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from billing.charging import chunks, runs
from billing.charging import operations as charging
from billing.charging.chunks import AccountRange
from billing.charging.models import ChargeRun
from billing.charging.operations import ConfirmationNeededError, FutureDateError
from billing.charging.queries import paid_until
from billing.ledger import queries as ledger_queries
from billing.subscriptions import operations as subscriptions
from billing.subscriptions.models import CreditGrant, PlanSpan
from billing.tariffs import constructor
from billing.tariffs import operations as tariffs
from tests.support.billing import (
    CASHIER,
    World,
    balance,
    blocks,
    charged_until,
    moment,
    statement,
)

NOV = date(2026, 11, 1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


def test_r2_days_of_a_month_sum_to_the_price(world: World) -> None:
    account = world.account(kopecks=100_000)
    world.sell(account, world.tariff(price=25_001), day(1))
    world.days(day(2), day(30))
    charges = [amount for _day, what, amount in statement(account) if what == "SERVICE"]
    assert len(charges) == 30
    assert sum(charges) == -25_001
    assert charges[:3] == [-833, -833, -834]


def test_r1_days_with_23_and_25_hours_are_days(world: World) -> None:
    tariff = world.tariff(price=31_000)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, date(2026, 3, 28))
    world.days(date(2026, 3, 29), date(2026, 3, 30))
    autumn = world.account(kopecks=100_000)
    world.sell(autumn, tariff, date(2026, 10, 24))
    for number in (25, 26):
        world.day(date(2026, 10, number), confirm=True)
    assert [a for _d, w, a in statement(account) if w == "SERVICE"][:3] == [-1000] * 3
    assert [a for _d, w, a in statement(autumn) if w == "SERVICE"] == [-1000] * 3


def test_r3_a_prepaid_month_starts_with_its_rest(world: World) -> None:
    account = world.account(kopecks=100_000)
    service = world.sell(
        account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(11)
    )
    world.days(day(12), day(30))
    assert statement(account)[1:] == [("11.11", "SERVICE", -20_000)]
    world.day(date(2026, 12, 1))
    assert statement(account)[2:] == [("01.12", "SERVICE", -30_000)]
    assert charged_until(service) == date(2027, 1, 1)


def test_r3_the_end_of_a_prepaid_service_gives_back_the_unused_days(world: World) -> None:
    account = world.account(kopecks=30_000)
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1))
    subscriptions.terminate(
        at=moment(day(10), 15), on_date=day(10), actor=CASHIER, subscription_id=service
    )
    assert statement(account)[1:] == [("01.11", "SERVICE", -30_000), ("10.11", "REFUND", 20_000)]
    world.day(day(11))
    assert len(statement(account)) == 3


def test_r3_the_connection_fee_is_charged_once_with_the_first_charge(world: World) -> None:
    account = world.account(kopecks=200_000)
    world.sell(account, world.tariff(price=30_000, fee=50_000), day(1))
    world.day(day(2))
    assert statement(account)[1:] == [
        ("01.11", "SERVICE", -1_000),
        ("01.11", "CONNECTION", -50_000),
        ("02.11", "SERVICE", -1_000),
    ]


def test_r5_a_plan_change_takes_effect_at_midnight(world: World) -> None:
    account = world.account(kopecks=100_000)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    first = subscriptions.change_plan(
        at=moment(day(2), 12),
        on_date=day(2),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=60_000),
    )
    world.days(day(2), day(3))
    assert first == day(3)
    assert [a for _d, _w, a in statement(account)[1:]] == [-1_000, -1_000, -2_000]


def test_r5_an_immediate_upgrade_costs_the_difference_of_the_day(world: World) -> None:
    account = world.account(kopecks=100_000)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(2))
    subscriptions.change_plan(
        at=moment(day(2), 15),
        on_date=day(2),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=90_000),
        is_immediate=True,
    )
    world.day(day(3))
    assert statement(account)[1:] == [
        ("01.11", "SERVICE", -1_000),
        ("02.11", "SERVICE", -1_000),
        ("02.11", "SERVICE", -2_000),
        ("03.11", "SERVICE", -3_000),
    ]


def test_r5_an_immediate_upgrade_without_money_is_refused_whole(world: World) -> None:
    account = world.account(kopecks=2_000)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(2))
    with pytest.raises(charging.NotEnoughMoneyError):
        subscriptions.change_plan(
            at=moment(day(2), 15),
            on_date=day(2),
            actor=CASHIER,
            subscription_id=service,
            tariff_id=world.tariff(price=90_000),
            is_immediate=True,
        )
    assert balance(account) == 0
    assert PlanSpan.objects.filter(subscription_id=service).count() == 1


def test_r5_an_immediate_upgrade_of_a_prepaid_plan_moves_the_rest_of_the_month(
    world: World,
) -> None:
    account = world.account(kopecks=200_000)
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1))
    subscriptions.change_plan(
        at=moment(day(10), 15),
        on_date=day(10),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=60_000, charge_type="MONTHLY_PREPAID"),
        is_immediate=True,
    )
    world.day(day(11))
    assert statement(account)[1:] == [
        ("01.11", "SERVICE", -30_000),
        ("10.11", "REFUND", 20_000),
        ("10.11", "SERVICE", -1_000),
        ("11.11", "SERVICE", -40_000),
    ]


def test_r5_a_change_that_waits_can_be_taken_back(world: World) -> None:
    account = world.account(kopecks=100_000)
    old, new = world.tariff(price=30_000), world.tariff(price=60_000)
    service = world.sell(account, old, day(1))
    for tariff in (new, old):
        subscriptions.change_plan(
            at=moment(day(1), 15),
            on_date=day(1),
            actor=CASHIER,
            subscription_id=service,
            tariff_id=tariff,
        )
    world.day(day(2))
    assert [a for _d, _w, a in statement(account)[1:]] == [-1_000, -1_000]


def test_r5_an_immediate_downgrade_gives_nothing_back_that_day(world: World) -> None:
    account = world.account(kopecks=100_000)
    service = world.sell(account, world.tariff(price=60_000), day(1))
    world.day(day(2))
    subscriptions.change_plan(
        at=moment(day(2), 15),
        on_date=day(2),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=30_000),
        is_immediate=True,
    )
    world.day(day(3))
    assert [a for _d, _w, a in statement(account)[1:]] == [-2_000, -2_000, -1_000]


def test_r5_a_change_of_a_prepaid_plan_gives_back_what_is_paid_beyond_it(world: World) -> None:
    account = world.account(kopecks=100_000)
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1))
    subscriptions.change_plan(
        at=moment(day(15), 12),
        on_date=day(15),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=60_000, charge_type="MONTHLY_PREPAID"),
    )
    world.day(day(16), confirm=True)
    assert statement(account)[1:] == [
        ("01.11", "SERVICE", -30_000),
        ("15.11", "REFUND", 15_000),
        ("16.11", "SERVICE", -30_000),
    ]


def test_r6_block_charges_nothing_when_all_is_not_affordable(world: World) -> None:
    account = world.account(kopecks=1_600)
    main = world.sell(account, world.tariff(price=30_000), day(1), charge=False)
    addon = world.sell(
        account,
        world.tariff(price=15_000, service_type="ADDITIONAL"),
        day(1),
        parent_id=main,
        charge=False,
    )
    world.day(day(1))
    assert balance(account) == 100
    world.day(day(2))
    assert balance(account) == 100
    assert blocks(main) == {"DEBT"}
    assert blocks(addon) == {"DEBT"}


def test_r6_one_decision_even_when_the_main_service_alone_were_affordable(world: World) -> None:
    account = world.account(kopecks=1_200)
    main = world.sell(account, world.tariff(price=30_000), day(1), charge=False)
    rent = world.sell(
        account, world.tariff(price=15_000, service_type="RENT"), day(1), parent_id=main
    )
    assert balance(account) == 1_200
    assert blocks(main) == blocks(rent) == {"DEBT"}


def test_r6_allow_goes_below_zero(world: World) -> None:
    account = world.account(kopecks=500)
    service = world.sell(account, world.tariff(price=30_000, funds_policy="ALLOW"), day(1))
    world.day(day(2))
    assert balance(account) == -1_500
    assert blocks(service) == set()


def test_r6_an_active_credit_counts_as_money(world: World) -> None:
    account = world.account()
    CreditGrant.objects.create(
        account_id=account,
        amount_kopecks=2_000,
        during=(day(1), day(3)),
        created_at=moment(day(1)),
    )
    service = world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(2))
    assert (balance(account), blocks(service)) == (-2_000, set())
    world.day(day(3))
    assert (balance(account), blocks(service)) == (-2_000, {"DEBT"})


def test_r7_payment_lifts_the_debt_and_blocked_days_stay_free(world: World) -> None:
    account = world.account(kopecks=1_000)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    world.days(day(2), day(4))
    assert blocks(service) == {"DEBT"}
    world.pay(account, 5_000, day(4))
    assert blocks(service) == set()
    assert statement(account) == [
        ("01.01", "PAYMENT", 1_000),
        ("01.11", "SERVICE", -1_000),
        ("04.11", "PAYMENT", 5_000),
        ("04.11", "SERVICE", -1_000),
    ]


def test_r7_a_payment_that_is_too_small_lifts_nothing(world: World) -> None:
    account = world.account()
    service = world.sell(account, world.tariff(price=30_000), day(1))
    world.pay(account, 999, day(1))
    assert (balance(account), blocks(service)) == (999, {"DEBT"})


def test_r7_a_resumed_prepaid_month_pays_its_rest(world: World) -> None:
    account = world.account()
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1))
    world.pay(account, 30_000, day(16))
    assert statement(account)[1:] == [("16.11", "SERVICE", -15_000)]
    assert charged_until(service) == date(2026, 12, 1)


def test_r7_with_a_new_anchor_the_month_begins_on_the_day_of_payment(world: World) -> None:
    account = world.account()
    tariff = world.tariff(price=30_000, charge_type="MONTHLY_PREPAID", resume_rule="NEW_ANCHOR")
    service = world.sell(account, tariff, day(1))
    world.pay(account, 100_000, date(2027, 1, 31))
    assert charged_until(service) == date(2027, 2, 28)
    world.day(date(2027, 2, 28))
    assert charged_until(service) == date(2027, 3, 31)
    assert statement(account)[1:] == [("31.01", "SERVICE", -30_000), ("28.02", "SERVICE", -30_000)]


def test_r7_two_reasons_keep_a_service_off_until_both_are_gone(world: World) -> None:
    account = world.account()
    service = world.sell(account, world.tariff(price=30_000), day(1))
    subscriptions.block(
        at=moment(day(1), 15), actor=CASHIER, subscription_id=service, reason="ADMIN"
    )
    world.pay(account, 9_000, day(2))
    assert blocks(service) == {"ADMIN", "DEBT"}
    assert balance(account) == 9_000
    subscriptions.unblock(
        at=moment(day(3), 15), actor=CASHIER, subscription_id=service, reason="ADMIN"
    )
    assert blocks(service) == set()
    assert statement(account)[1:] == [("03.11", "SERVICE", -1_000)]


def test_r7_charge_when_blocked_is_a_tariffs_choice(world: World) -> None:
    account = world.account(kopecks=50_000)
    service = world.sell(account, world.tariff(price=30_000, charge_when_blocked=True), day(1))
    subscriptions.block(
        at=moment(day(1), 15), actor=CASHIER, subscription_id=service, reason="ABUSE"
    )
    world.day(day(2))
    assert balance(account) == 48_000


def test_r8_a_pause_costs_nothing_and_ends_by_itself(world: World) -> None:
    account = world.account(kopecks=50_000)
    main = world.sell(account, world.tariff(price=30_000), day(1))
    world.sell(
        account, world.tariff(price=30_000, service_type="ADDITIONAL"), day(1), parent_id=main
    )
    subscriptions.pause(
        at=moment(day(1), 15),
        on_date=day(1),
        actor=CASHIER,
        subscription_id=main,
        from_date=day(2),
        until_date=day(5),
    )
    world.days(day(2), day(5))
    assert [d for d, w, _a in statement(account) if w == "SERVICE"] == ["01.11"] * 2 + ["05.11"] * 2


def test_r8_an_immediate_change_on_a_day_on_hold_costs_nothing(world: World) -> None:
    account = world.account(kopecks=100_000)
    low = world.tariff(price=30_000, charge_type="MONTHLY_PREPAID")
    service = world.sell(account, low, day(1))
    subscriptions.pause(
        at=moment(day(1), 15),
        on_date=day(1),
        actor=CASHIER,
        subscription_id=service,
        from_date=day(6),
        until_date=day(21),
    )
    subscriptions.change_plan(
        at=moment(day(10), 15),
        on_date=day(10),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=60_000, charge_type="MONTHLY_PREPAID"),
        is_immediate=True,
    )
    world.day(day(21), confirm=True)
    assert statement(account)[1:] == [
        ("01.11", "SERVICE", -30_000),
        ("10.11", "REFUND", 20_000),
        ("21.11", "SERVICE", -20_000),
    ]


def test_r8_a_charged_day_is_not_paused(world: World) -> None:
    account = world.account(kopecks=50_000)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    with pytest.raises(subscriptions.PauseError, match=r"02\.11\.2026"):
        subscriptions.pause(
            at=moment(day(1), 15),
            on_date=day(1),
            actor=CASHIER,
            subscription_id=service,
            from_date=day(1),
        )


def test_r10_existing_clients_move_to_new_terms_on_their_day_and_keep_their_zone(
    world: World,
) -> None:
    tariff = world.tariff(price=30_000)
    world.price(tariff, 45_000, zone_id=world.zone_id)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, day(1))
    world.price(tariff, 60_000, zone_id=world.zone_id, valid_from=day(2))
    world.day(day(2))
    from billing.tariffs.operations import Terms, publish_version

    publish_version(
        at=moment(day(2), 12),
        actor=CASHIER,
        tariff_id=tariff,
        applies_from=day(3),
        applies_existing_from=day(4),
        terms=Terms(charge_type="DAILY", revenue_account_code="revenue.new"),
    )
    world.days(day(3), day(5))
    amounts = [a for _d, w, a in statement(account) if w == "SERVICE"]
    assert amounts == [-1_500, -1_500, -1_500, -2_000, -2_000]


def test_r11_a_finished_day_run_again_posts_nothing(world: World) -> None:
    account = world.account(kopecks=50_000)
    world.sell(account, world.tariff(price=30_000), day(1))
    assert world.day(day(2)).charged_count == 1
    again = world.day(day(2))
    assert (again.charged_count, again.charged_kopecks) == (0, 0)
    run = ChargeRun.objects.get(charge_date=day(2))
    assert (run.charged_count, run.charged_kopecks, run.part_count) == (1, 1_000, 1)
    assert balance(account) == 48_000


def test_r11_a_service_sold_after_the_run_is_caught_by_the_next_look(world: World) -> None:
    world.day(day(1))
    account = world.account(kopecks=50_000)
    world.sell(account, world.tariff(price=30_000), day(1), charge=False)
    assert world.day(day(1), at=moment(day(1), 14)).charged_count == 1


def test_r12_missed_days_are_charged_oldest_first_by_their_own_facts(world: World) -> None:
    account = world.account(kopecks=50_000)
    main = world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(1))
    subscriptions.pause(
        at=moment(day(1), 15),
        on_date=day(1),
        actor=CASHIER,
        subscription_id=main,
        from_date=day(3),
        until_date=day(4),
    )
    report = world.day(day(5))
    assert [row.charge_date for row in report.days] == [day(2), day(3), day(4), day(5)]
    assert [d for d, w, _a in statement(account) if w == "SERVICE"] == [
        "01.11",
        "02.11",
        "04.11",
        "05.11",
    ]
    assert ChargeRun.objects.filter(state="DONE").count() == 5


def test_r12_a_service_that_ended_meanwhile_still_owes_the_missed_days(world: World) -> None:
    account = world.account(kopecks=50_000)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(1))
    subscriptions.terminate(
        at=moment(day(3), 12), on_date=day(3), actor=CASHIER, subscription_id=service
    )
    world.day(day(5))
    charged = [d for d, w, _a in statement(account) if w == "SERVICE"]
    assert charged == ["01.11", "02.11", "03.11"]


def test_r12_a_payment_during_the_downtime_does_not_swallow_missed_days(world: World) -> None:
    account = world.account(kopecks=1_000)
    world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(1))
    world.pay(account, 9_000, day(3))
    assert [d for d, w, _a in statement(account) if w == "SERVICE"] == ["01.11", "02.11", "03.11"]
    assert world.day(day(3), at=moment(day(3), 13)).charged_count == 0


@pytest.mark.parametrize("charge_type", ["DAILY", "MONTHLY_PREPAID"])
def test_r12_a_payment_after_the_longest_downtime_settles_all_of_it(
    world: World, charge_type: str
) -> None:
    account = world.account(kopecks=400_000)
    main = world.sell(account, world.tariff(price=30_000, charge_type=charge_type), day(1))
    world.day(day(1))
    later = world.sell(account, world.tariff(price=15_000, service_type="TV"), day(20))
    back = date(2027, 1, 31)  # 91 days later
    world.pay(account, 10_000, back)
    for service, price in ((main, 30_000), (later, 15_000)):
        charges = ledger_queries.charges_of(
            subject_ids=[service], from_date=day(1), until_date=date(2027, 2, 1)
        )
        last_part = 15_000 * 19 // 30 if service == later else 0
        assert -sum(one.amount_kopecks for one in charges) == 3 * price - last_part
        assert charged_until(service) == date(2027, 2, 1)
    whole = balance(account)
    world.day(back, at=moment(back, 13), confirm=True)
    assert balance(account) == whole


def test_r12_no_run_for_more_than_a_year_is_still_a_gap(world: World) -> None:
    last = date(2025, 6, 1)
    ChargeRun.objects.create(charge_date=last, state=ChargeRun.State.DONE)
    dates = runs.dates_to_charge(on_date=day(1))
    assert (dates[0], dates[-1], len(dates)) == (date(2025, 6, 2), day(1), (day(1) - last).days)


def test_r12_more_than_seven_missed_days_wait_for_a_person(world: World) -> None:
    account = world.account(kopecks=50_000)
    world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(1))
    with pytest.raises(ConfirmationNeededError):
        world.day(day(10))
    assert balance(account) == 49_000
    world.day(day(10), confirm=True)
    assert balance(account) == 40_000


def test_a_day_that_has_not_begun_is_not_charged(world: World) -> None:
    with pytest.raises(FutureDateError):
        world.day(day(2), at=moment(day(1), 23, 59))


def test_a_dry_run_says_what_the_run_would_do_and_posts_nothing(world: World) -> None:
    account = world.account(kopecks=2_500)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    world.day(day(1))
    before = statement(account)
    report = world.day(day(3), dry_run=True)
    assert [row.charged_kopecks for row in report.days] == [1_000, 0]
    assert [row.blocked_count for row in report.days] == [0, 1]
    assert statement(account) == before
    assert blocks(service) == set()
    assert not ChargeRun.objects.filter(charge_date__gt=day(1)).exists()


def test_r14_vat_is_split_into_its_own_leg(world: World) -> None:
    account = world.account(kopecks=50_000)
    world.sell(account, world.tariff(price=30_000, vat_rate_bp=2_000, code="with-vat"), day(1))
    sums = {line.code: line.balance_kopecks for line in ledger_queries.trial_balance()}
    assert sums["revenue.with-vat"] == 833
    assert sums["tax.vat"] == 167
    assert sum(line.balance_kopecks for line in ledger_queries.trial_balance()) == 0


def test_r15_paid_until_is_the_day_the_run_blocks(world: World) -> None:
    account = world.account(kopecks=7_500)
    main = world.sell(account, world.tariff(price=30_000), day(1))
    predicted = paid_until(account_id=account, on_date=day(1))
    world.days(day(2), day(12))
    assert predicted == day(8)
    assert charged_until(main) == day(8)


def test_a_price_too_small_for_a_day_is_not_posted_but_the_day_is_done(world: World) -> None:
    account = world.account(kopecks=1_000)
    service = world.sell(account, world.tariff(price=1), day(1))
    world.days(day(2), day(30))
    assert [a for _d, w, a in statement(account) if w == "SERVICE"] == [-1]
    assert charged_until(service) == date(2026, 12, 1)


def test_one_broken_account_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tariff = world.tariff(price=30_000)
    accounts = [world.account(kopecks=50_000) for _n in range(5)]
    for account in accounts:
        world.sell(account, tariff, day(1), charge=False)
    broken = accounts[2]
    real = chunks.charge

    def fails(*, part: AccountRange, **values: Any) -> Any:
        done = real(part=part, **values)
        if part.first <= broken <= part.last and broken not in values["skip"]:
            raise RuntimeError("this account is broken")
        return done

    monkeypatch.setattr(chunks, "charge", fails)
    report = world.day(day(1))
    assert (report.charged_count, report.days[0].failed_account_count) == (4, 1)
    assert [balance(a) for a in accounts] == [49_000, 49_000, 50_000, 49_000, 49_000]
    world.day(day(2))
    assert balance(broken) == 50_000, "the second day waits for the first"
    monkeypatch.undo()
    world.day(day(2), at=moment(day(2), 9))
    assert [balance(a) for a in accounts] == [48_000] * 5
    assert set(ChargeRun.objects.values_list("state", flat=True)) == {"DONE"}


def test_one_broken_account_does_not_stop_the_days_that_follow(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tariff = world.tariff(price=30_000)
    accounts = [world.account(kopecks=50_000) for _n in range(5)]
    for account in accounts:
        world.sell(account, tariff, day(1), charge=False)
    world.days(day(1), day(7))
    broken = accounts[2]
    real = chunks.charge

    def fails(*, part: AccountRange, skip: Sequence[int] = (), **values: Any) -> Any:
        if part.first <= broken <= part.last and broken not in skip:
            raise RuntimeError("this account is broken")
        return real(part=part, skip=skip, **values)

    monkeypatch.setattr(chunks, "charge", fails)
    monkeypatch.setattr(runs, "UNUSUAL_FROM_CHARGES", 1)
    world.day(day(8))
    report = world.day(day(9))
    assert [(one.charged_count, one.failed_account_count) for one in report.days] == [
        (0, 1), (4, 0),
    ]  # fmt: skip
    assert [balance(a) for a in accounts] == [41_000, 41_000, 43_000, 41_000, 41_000]
    tried = world.day(day(10), at=moment(day(10)), dry_run=True)
    assert [(one.charged_count, one.failed_account_count) for one in tried.days] == [
        (0, 1), (4, 0),
    ]  # fmt: skip


def test_a_parked_account_is_left_out(world: World) -> None:
    from billing.ledger import operations as ledger

    account = world.account(kopecks=50_000)
    world.sell(account, world.tariff(price=30_000), day(1))
    ledger.park_account(account_id=account, at=moment(day(1), 12), reason="перевірка")
    assert world.day(day(2)).charged_count == 0


def test_hooks_hear_of_blocked_and_resumed_services_in_the_same_transaction(world: World) -> None:
    from billing.subscriptions import hooks

    heard: list[list[int]] = []

    def listen(*, subscription_ids: list[int], at: object) -> None:
        heard.append(subscription_ids)

    account = world.account(kopecks=1_000)
    service = world.sell(account, world.tariff(price=30_000), day(1))
    hooks.register(listen)
    try:
        world.day(day(2))
        world.pay(account, 2_000, day(2))
    finally:
        hooks.unregister(listen)
    assert heard == [[service], [service]]


def test_charges_are_made_by_the_running_systems_role(world: World, as_app_role: object) -> None:
    account = world.account(kopecks=5_000)
    world.sell(account, world.tariff(price=30_000), day(1))
    with as_app_role():  # type: ignore[operator]
        charging.run(on_date=day(2), at=moment(day(2)), actor=CASHIER)
        world.pay(account, 1_000, day(2))
    assert balance(account) == 4_000


def test_r10_where_newer_terms_are_not_sold_the_price_that_is_charged_stays(world: World) -> None:
    tariff = world.tariff(price=30_000)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, day(1))
    terms = tariffs.Terms(charge_type="DAILY", revenue_account_code="revenue.new")
    rule = world.price(tariff, 45_000, valid_from=day(2))
    for existing in (day(3), day(5)):
        tariffs.publish_version(
            at=moment(day(1)), actor=CASHIER, tariff_id=tariff, terms=terms,
            applies_from=existing, applies_existing_from=existing,
        )  # fmt: skip
    constructor.end_price(
        at=moment(day(1)), on_date=day(1), actor=CASHIER, rule_id=rule, until=day(5)
    )
    said = paid_until(account_id=account, on_date=day(2))
    world.days(day(2), day(6))
    assert [amount for _day, _what, amount in statement(account)[1:]] == [
        -1_000, -1_000, -1_500, -1_500, -1_500, -1_500,
    ]  # fmt: skip
    assert paid_until(account_id=account, on_date=day(6)) == said
