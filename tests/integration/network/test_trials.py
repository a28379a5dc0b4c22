"""The dry run says what an authorization through the API gets at the same BRAS."""

from typing import Any

import pytest
from pytest_django import Settings

from billing.models import Subscription
from network import foretelling, guest_rules, pools, trials
from network.addressing import editing
from network.models import Nas, Session
from network.vendors.registry import driver_for
from project.core.actor import SYSTEM
from tests.integration.network.test_freeradius_api import TOKEN, ask
from tests.support import services
from tests.support.live import session
from tests.support.services import AT

pytestmark = [pytest.mark.django_db, pytest.mark.urls("project.urls_radius")]
OWN = {"Class", "control:Cleartext-Password", "control:Tmp-String-0"}


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.GEOBILL_RADIUS_REST_TOKEN = TOKEN


def answered(login: str, nas: Nas) -> dict[str, str] | None:
    """What the API replies with to that login from that BRAS; None for a refusal."""
    answer = ask(
        "authorize", User_Name=login, User_Password="any", Bill_Nas_Src=nas.address,
        Calling_Station_Id="02:00:00:00:aa:01",
    )  # fmt: skip
    told = answer.json()
    if told.get("control:Auth-Type", {}).get("value") == "Reject" or answer.status_code != 200:
        return None
    return {
        name: str(one["value"])
        for name, one in told.items()
        if name not in OWN and not name.startswith(("control:", "session-state:", "request:"))
    }


def tried(login: str, nas: Nas) -> dict[str, str] | None:
    found = trials.dry_run(text=login, driver=driver_for(nas), nas=nas)
    if found.accept is None:
        return None
    return {one.name: str(one.value) for one in found.accept if one.name not in OWN}


def blocked() -> Subscription:
    sold = services.service()
    services.block(sold)
    return sold


def test_full_access_is_told_as_it_is_answered() -> None:
    services.pool()
    nas = services.nas(vendor="juniper_mx")
    login = services.login_of(services.service())
    assert tried(login, nas) == answered(login, nas) != None  # noqa: E711


def test_the_interval_is_that_of_the_bras() -> None:
    nas = services.nas()
    Nas.objects.update(interim_s=600)
    nas.refresh_from_db()
    login = services.login_of(services.service())
    assert tried(login, nas) == answered(login, nas)


def test_a_debtor_is_a_guest_by_the_rule_of_this_bras_and_refused_at_another() -> None:
    services.pool()
    here, there = services.nas(), services.nas(address="127.0.0.2")
    rule_id = services.guest_rule("DEBT", nas_id=here.id, redirect_url="https://pay.example/")
    login = services.login_of(blocked())
    found = trials.dry_run(text=login, driver=driver_for(here), nas=here)
    assert found.rule is not None
    assert (found.rule.id, found.reason) == (rule_id, "DEBT")
    told = tried(login, here)
    assert told == answered(login, here)
    assert told is not None
    assert tried(login, there) is None
    assert answered(login, there) is None
    assert trials.dry_run(text=login, driver=driver_for(there)).accept is None, "no BRAS is named"


def test_the_first_of_several_rules_is_found_as_an_authorization_finds_it() -> None:
    nas = services.nas()
    services.guest_rule("DEBT", position=5, session_timeout_s=900)
    services.guest_rule("DEBT", position=1, nas_id=nas.id, session_timeout_s=600)
    login = services.login_of(blocked())
    told = tried(login, nas)
    assert told is not None
    assert told["Session-Timeout"] == "600"
    assert told == answered(login, nas)


def test_who_is_refused_is_told_so_with_the_reason() -> None:
    nas = services.nas()
    rule_id = services.guest_rule("DEBT")
    sold = services.service()
    services.block(sold, reason="ABUSE")
    login = services.login_of(sold)
    found = trials.dry_run(text=login, driver=driver_for(nas), nas=nas)
    assert (found.accept, found.reason) == (None, "ABUSE")
    assert answered(login, nas) is None
    guest_rules.delete(rule_id=rule_id, at=AT, actor=SYSTEM)
    debtor = services.login_of(blocked())
    assert (tried(debtor, nas), answered(debtor, nas)) == (None, None)


def test_a_bras_that_cannot_wall_in_or_is_retired_refuses() -> None:
    services.guest_rule("DEBT")
    plain = services.nas(vendor="generic")
    login = services.login_of(blocked())
    assert (tried(login, plain), answered(login, plain)) == (None, None)
    Nas.objects.update(vendor="mikrotik", retired_at=AT)
    plain.refresh_from_db()
    found = trials.dry_run(text=login, driver=driver_for(plain), nas=plain)
    assert (found.accept, found.reason) == (None, "UNKNOWN_NAS")
    assert answered(login, plain) is None


def test_a_stranger_is_let_in_by_the_rule_of_the_bras_or_refused() -> None:
    here, there = services.nas(), services.nas(address="127.0.0.2")
    services.guest_rule("UNKNOWN", nas_id=here.id)
    found = trials.dry_run(text="who-is-it", driver=driver_for(here), nas=here)
    assert (found.decision, found.reason) == (None, "UNKNOWN")
    told, said = tried("who-is-it", here), answered("who-is-it", here)
    assert told is not None
    assert said is not None
    # A stranger's interval is spread by his MAC, which is not asked for here.
    assert told.pop("Acct-Interim-Interval") == "300"
    said.pop("Acct-Interim-Interval")
    assert told == said
    assert (tried("who-is-it", there), answered("who-is-it", there)) == (None, None)


@pytest.mark.parametrize("of_guest", [False, True])
def test_an_address_of_a_pool_is_named_by_its_pool(of_guest: bool) -> None:
    nas = services.nas()
    wish: Any = editing.PoolWish(name="walled", range_text="100.64.0.0/24", is_guest=True)
    editing.make_pool(wish=wish, at=AT, actor=SYSTEM)
    pool = services.pool(mode="DYNAMIC")
    sold = services.service()
    if of_guest:
        services.guest_rule("DEBT")
        services.block(sold)
    login = services.login_of(sold)
    found = trials.dry_run(text=login, driver=driver_for(nas), nas=nas)
    assert found.accept is not None
    named = {one.name: one.pools for one in found.accept if one.pools}
    assert named == {"Framed-IP-Address": ("walled",) if of_guest else (pool.name,)}
    told, said = tried(login, nas), answered(login, nas)
    assert told is not None
    assert said is not None
    assert said.pop("Framed-IP-Address").startswith("100.64." if of_guest else "10.77.")
    assert told.pop("Framed-IP-Address") == ""
    assert told == said


def foretold(sold: Subscription) -> str:
    """What the dry run says that the session will be told; the wish that waits says the same."""
    nas = Session.objects.get(subscription=sold).nas
    assert nas is not None
    found = trials.dry_run(text=services.login_of(sold), driver=driver_for(nas), nas=nas)
    waiting = foretelling.of_service(subscription_id=sold.id)
    assert [one.kind for one in waiting] in ([], [found.kind])
    return found.kind


def test_a_session_with_ipv6_of_a_pool_is_foretold_its_end_where_the_wall_knows_none() -> None:
    services.guest_rule("DEBT")
    services.pool()
    services.pool(links="2001:db8:7::/48", mode="DYNAMIC")
    sold, plain = services.service(), services.service()
    running = session(sold, port=3799)
    session(plain, port=3799)
    pools.hold(subscription_id=sold.id, device=running.mac, at=AT)
    assert pools.follow(unique_ids=[running.unique_id], at=AT) == 1
    services.block(sold)
    services.block(plain)
    assert (foretold(sold), foretold(plain)) == ("DISCONNECT", "COA")


def test_a_strangers_device_at_the_port_is_foretold_its_end() -> None:
    services.pool()
    sold = services.service()
    session(sold, port=3799)
    assert foretold(sold) == "NOTHING"
    Session.objects.update(is_guest=True)
    assert foretold(sold) == "DISCONNECT"
