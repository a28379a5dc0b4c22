"""Decisions follow their causes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from billing.models import Subscription
from network import credentials, crypto, dated, operations, pools, provisioning, queries
from network.models import (
    AccessAction,
    AccessCredential,
    IpAssignment,
    IpHistory,
    RadiusDecision,
    Session,
)
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from tests.support import services
from tests.support.services import AT, MBIT

pytestmark = pytest.mark.django_db


def decision(subscription: Subscription) -> RadiusDecision:
    return RadiusDecision.objects.get(subscription=subscription)


def refresh(subscription: Subscription, at: datetime = AT) -> RadiusDecision:
    provisioning.refresh_decisions(subscription_ids=[subscription.id], at=at)
    return decision(subscription)


def test_a_new_internet_service_gets_login_password_address_and_speed() -> None:
    services.pool()
    sold = services.service()
    row = decision(sold)
    credential = AccessCredential.objects.get(subscription=sold)
    assert (row.state, row.reason) == ("FULL", "OK")
    assert row.login == credential.login == f"gb{sold.id}"
    assert row.password == crypto.decrypt(credential.password_encrypted)
    assert len(row.password) == provisioning.PASSWORD_LENGTH
    assert row.password.encode() not in bytes(credential.password_encrypted)
    assert (row.speed_down_bit_s, row.speed_up_bit_s) == (300 * MBIT, 100 * MBIT)
    assert row.framed_ip == "10.77.0.2"


def test_a_service_without_internet_gets_nothing() -> None:
    sold = services.service(terms=services.tariff(service_type="TV"))
    assert not RadiusDecision.objects.filter(subscription=sold).exists()
    assert not AccessCredential.objects.filter(subscription=sold).exists()


def test_a_draft_has_a_login_but_no_access_and_no_address() -> None:
    services.pool()
    row = decision(services.service(state="DRAFT"))
    assert (row.state, row.reason, row.framed_ip) == ("REFUSED", "NOT_ACTIVE", None)


@pytest.mark.parametrize(
    ("reasons", "state"), [((), "REFUSED"), (("UNKNOWN",), "REFUSED"), (("DEBT",), "GUEST")]
)
def test_a_block_closes_access_and_its_end_opens_it(reasons: tuple[str, ...], state: str) -> None:
    if reasons:
        services.guest_rule(*reasons)
    sold = services.service()
    debt = services.block(sold)
    assert (decision(sold).state, decision(sold).reason) == (state, "DEBT")
    abuse = services.block(sold, reason="ABUSE")
    assert decision(sold).reason == "ABUSE"
    services.unblock(abuse)
    assert decision(sold).reason == "DEBT"
    services.unblock(debt)
    assert (decision(sold).state, decision(sold).reason) == ("FULL", "OK")


def test_a_pause_begins_and_ends_at_midnight_in_kyiv() -> None:
    sold = services.service()
    services.pause(sold, since=date(2026, 11, 24), until=date(2026, 11, 25))
    before_midnight = datetime(2026, 11, 23, 21, 59, tzinfo=UTC)
    assert refresh(sold, before_midnight).state == "FULL"
    assert refresh(sold, before_midnight + timedelta(minutes=1)).reason == "PAUSED"
    assert refresh(sold, before_midnight + timedelta(days=1)).reason == "PAUSED"
    assert refresh(sold, before_midnight + timedelta(days=1, minutes=1)).state == "FULL"


def test_the_task_of_the_day_finds_what_a_date_changed() -> None:
    paused, planned, other = (services.service() for _ in range(3))
    services.pause(paused, since=date(2026, 11, 24), until=date(2026, 12, 1))
    services.plan(planned, terms=services.tariff(down_bit_s=MBIT), since=date(2026, 11, 24))
    tomorrow = AT + timedelta(days=1)
    assert dated.switch(at=AT) == 0
    assert dated.switch(at=tomorrow) == 2
    assert decision(paused).reason == "PAUSED"
    assert decision(planned).speed_down_bit_s == MBIT
    assert decision(other).updated_at == AT


def test_new_terms_reach_old_subscriptions_only_on_their_day() -> None:
    sold_terms = services.tariff()
    sold = services.service(terms=sold_terms)
    kept = sold_terms
    kept.pk, kept.version, kept.speed_down_bit_s = None, 2, 500 * MBIT
    kept.applies_from = date(2026, 6, 1)
    kept.save()
    assert refresh(sold).speed_down_bit_s == 300 * MBIT
    kept.applies_existing_from = date(2026, 12, 1)
    kept.save()
    assert refresh(sold).speed_down_bit_s == 300 * MBIT
    december = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    assert refresh(sold, december).speed_down_bit_s == 500 * MBIT


def test_an_ended_service_gives_its_address_back_for_later_use() -> None:
    services.pool(first="10.77.0.2", last="10.77.0.2")
    first = services.service()
    second = services.service()
    assert decision(first).framed_ip == "10.77.0.2"
    assert decision(second).framed_ip is None
    first.state, first.terminated_date = "TERMINATED", date(2026, 11, 23)
    first.save()
    row = refresh(first, AT + timedelta(hours=1))
    assert (row.state, row.reason, row.framed_ip) == ("REFUSED", "TERMINATED", None)
    assert refresh(second, AT + timedelta(hours=2)).framed_ip == "10.77.0.2"
    assert (IpAssignment.objects.count(), IpHistory.objects.count()) == (1, 1)


def test_a_blocked_service_keeps_its_address() -> None:
    services.pool()
    sold = services.service()
    services.block(sold)
    assert decision(sold).framed_ip == "10.77.0.2"


def test_pools_go_by_zone_then_the_deepest_place_then_anywhere() -> None:
    oblast = services.locality()
    city = services.locality(parent=oblast)
    zone = services.zone()
    services.pool(first="10.1.0.1", last="10.1.0.9")
    services.pool(first="10.2.0.1", last="10.2.0.9", place=oblast)
    services.pool(first="10.3.0.1", last="10.3.0.9", place=city)
    services.pool(first="10.4.0.1", last="10.4.0.1", of_zone=zone)
    house = services.building(place=city)

    def address(**where: object) -> str | None:
        return decision(services.service(**where)).framed_ip  # type: ignore[arg-type]

    assert address(house=house, of_zone=zone) == "10.4.0.1"
    assert address(house=house, of_zone=zone) == "10.3.0.1"  # the zone's pool is used up
    assert address(house=house) == "10.3.0.2"
    assert address(house=services.building(place=oblast)) == "10.2.0.1"
    assert address() == "10.1.0.1"


def test_a_released_address_rests_until_the_others_were_given_out() -> None:
    services.pool(first="10.77.0.1", last="10.77.0.3")
    ids = [services.service(refresh=False).id for _ in range(4)]

    def given(*numbers: int) -> list[str | None]:
        wanted = [ids[number] for number in numbers]
        found = pools.settle(active=wanted, ended=[], at=AT)
        return [found[one].ipv4 for one in wanted]

    assert given(0, 1) == ["10.77.0.1", "10.77.0.2"]
    pools.release(subscription_ids=[ids[0]], at=AT)
    assert given(2) == ["10.77.0.3"]
    assert given(3) == ["10.77.0.1"]


def test_refreshing_many_costs_no_more_queries_than_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    services.pool()
    terms, house = services.tariff(), services.building()
    ids = [services.service(terms=terms, house=house, refresh=False).id for _ in range(40)]
    with django_assert_max_num_queries(26):
        provisioning.refresh_decisions(subscription_ids=ids, at=AT)
    assert len(set(RadiusDecision.objects.values_list("framed_ip", flat=True))) == 40
    with django_assert_max_num_queries(11):
        provisioning.refresh_decisions(subscription_ids=ids, at=AT)


def test_a_refresh_that_changes_nothing_writes_nothing() -> None:
    sold = services.service()
    assert refresh(sold, AT + timedelta(hours=1)).updated_at == AT


def open_session(sold: Subscription) -> Session:
    return Session.objects.create(
        unique_id=f"u{sold.id}",
        acct_session_id="81a",
        subscription=sold,
        nas=services.nas(address=f"10.9.{sold.id % 250}.1"),
        login=services.login_of(sold),
        started_at=AT,
        last_seen_at=AT,
    )


def test_news_goes_out_only_for_a_felt_change_of_a_service_that_is_online() -> None:
    online, offline = services.service(), services.service()
    open_session(online)
    services.block(online)
    services.block(offline)
    services.block(online, reason="ADMIN")  # refused already: nothing more to feel
    wished = list(AccessAction.objects.values_list("subscription_id", "cause"))
    assert wished == [(online.id, "ACCESS_CLOSED")]


def test_access_tells_state_speed_address_and_whether_online() -> None:
    services.pool()
    sold = services.service()
    open_session(sold)
    access = queries.access_of(subscription_ids=[sold.id, 10**9])
    assert list(access) == [sold.id]
    told = access[sold.id]
    assert (told.state, told.framed_ip, told.is_online) == ("FULL", "10.77.0.2", True)
    assert (told.speed_down_bit_s, told.online_since) == (300 * MBIT, AT)


def test_passwords_are_shown_and_changed_only_with_a_trace() -> None:
    sold = services.service()
    shown = operations.reveal_password(subscription_id=sold.id, at=AT, actor=SYSTEM)
    assert shown == decision(sold).password
    fresh = operations.reset_password(subscription_id=sold.id, at=AT, actor=SYSTEM)
    assert fresh == decision(sold).password != shown
    assert operations.reveal_password(subscription_id=sold.id, at=AT, actor=SYSTEM) == fresh
    entries = list(AuditEntry.objects.filter(object_type="subscription"))
    assert [entry.action for entry in entries] == [
        "network.password.revealed",
        "network.password.reset",
        "network.password.revealed",
    ]
    assert not any(word in str(vars(entry)) for entry in entries for word in (shown, fresh))


def test_a_service_without_a_login_has_no_password() -> None:
    sold = services.service(terms=services.tariff(service_type="TV"))
    with pytest.raises(credentials.NoCredentialError):
        operations.reveal_password(subscription_id=sold.id, at=AT, actor=SYSTEM)


@pytest.mark.parametrize("secret", ["short", "with space in it", "кирилиця-кирилиця", "x" * 65])
def test_a_secret_that_cannot_be_told_in_one_word_is_refused(secret: str) -> None:
    with pytest.raises(operations.BadSecretError):
        services.nas(secret=secret)


def test_secrets_of_brases_are_encrypted_and_keys_can_be_changed(
    settings: Settings,
) -> None:
    settings.GEOBILL_FIELD_KEYS = "old-key"
    nas = services.nas(secret="bras-secret")
    assert b"bras-secret" not in bytes(nas.secret_encrypted)
    settings.GEOBILL_FIELD_KEYS = "new-key,old-key"
    assert crypto.decrypt(nas.secret_encrypted) == "bras-secret"
    settings.GEOBILL_FIELD_KEYS = "new-key"
    with pytest.raises(crypto.WrongKeyError):
        crypto.decrypt(nas.secret_encrypted)
