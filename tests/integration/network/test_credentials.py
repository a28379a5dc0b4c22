"""A login and password of the service's own: what is refused, kept, and who is reconnected."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Subscription
from network import (
    confirmations,
    credentials,
    crypto,
    events,
    modes,
    operations,
    own_devices,
    proofs,
    provisioning,
    wishes,
)
from network.models import AccessAction, AccessCredential, MacRequest, RadiusDecision, Session
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db
MASK = "***"


def give(sold: Subscription, login: str = "", password: str = "") -> bool:
    return credentials.set_credentials(
        subscription_id=sold.id, login=login, password=password, at=AT, actor=SYSTEM
    )


def session(
    sold: Subscription,
    *,
    login: str,
    proof: str | None,
    mac: str = "02000000aa01",
    told: dict[str, Any] | None = None,
) -> Session:
    """An open session that came in by this login; `proof`: the password's attribute, "" for none,
    None: no line tells of its authorization."""
    nonce = f"n{Session.objects.count()}"
    if proof is not None:
        attributes = {"User-Name": [login], **({proof: MASK} if proof else {}), **(told or {})}
        events.record(
            at=AT,
            kind=events.Kind.AUTHORIZE,
            subscription_id=sold.id,
            nonce=nonce,
            attributes=attributes,
        )
    nas = services.nas()
    return Session.objects.create(
        unique_id=f"u{sold.id}-{nonce}",
        acct_session_id=nonce,
        subscription=sold,
        nas=nas,
        nas_address=nas.address,
        login=login,
        mac=mac,
        nonce=nonce,
        started_at=AT,
        last_seen_at=AT,
    )


def wished() -> dict[str, tuple[str, str]]:
    rows = AccessAction.objects.values_list("session_unique_id", "cause", "kind")
    return {one: (cause, kind) for one, cause, kind in rows}


def usual(login: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subscription_id FROM radius.usual WHERE login_hex = radius.login_hex(%s)",
            [login],
        )
        return [row[0] for row in cursor.fetchall()]


def test_login_and_password_reach_every_table_at_once() -> None:
    services.nas()
    sold = services.service()
    old = services.login_of(sold)
    assert give(sold, " Ivan.Petrenko@Dom ", "Zy9%{x}|'\"")
    kept = AccessCredential.objects.get(subscription=sold)
    decided = RadiusDecision.objects.get(subscription=sold)
    assert kept.login == decided.login == "ivan.petrenko@dom"
    assert crypto.decrypt(kept.password_encrypted) == decided.password == "Zy9%{x}|'\""
    assert own_devices.sign_in(login="IVAN.petrenko@dom", password="Zy9%{x}|'\"")
    assert (usual(old), usual("ivan.petrenko@dom")) == ([], [sold.id])
    assert not give(sold, "IVAN.PETRENKO@DOM", "Zy9%{x}|'\""), "nothing is another"
    entry = AuditEntry.objects.get(action="network.credentials.set")
    assert entry.after == {"login": "ivan.petrenko@dom", "has_new_password": True}
    assert "Zy9" not in f"{entry.summary}{entry.before}{entry.after}"


@pytest.mark.parametrize(
    "login", ["іван", "a b", "x" * 65, "%{User-Name}", "a${x}", "a\x00b", "a\tb", "é"]
)
def test_what_can_be_no_login_says_so_at_its_field(login: str) -> None:
    with pytest.raises(credentials.BadLoginError) as refused:
        give(services.service(), login)
    assert refused.value.field == "login"


@pytest.mark.parametrize("password", ["two words", "пароль", "x" * 129, " lead", "a\nb"])
def test_what_can_be_no_password_says_so_at_its_field(password: str) -> None:
    with pytest.raises(credentials.BadPasswordError) as refused:
        give(services.service(), "", password)
    assert refused.value.field == "password"


def test_a_login_is_one_services_however_it_is_written() -> None:
    first, second = services.service(), services.service()
    give(first, "Ivan")
    with pytest.raises(credentials.LoginTakenError) as refused:
        give(second, "iVAN", "other")
    assert refused.value.field == "login"
    decided = RadiusDecision.objects.get(subscription=second)
    assert (decided.login, decided.password != "other") == (f"gb{second.id}", True)
    with pytest.raises(credentials.LoginTakenError):
        give(second, services.login_of(first).upper())


@pytest.mark.parametrize("login", ["aabbcc000001", "AA:BB:CC:00:00:01", "aabb.cc00.0001"])
def test_the_mac_of_anothers_device_is_no_login(login: str) -> None:
    owner, other = services.service(), services.service()
    operations.set_equipment(subscription_id=owner.id, mac="aabbcc000001", at=AT, actor=SYSTEM)
    with pytest.raises(credentials.LoginIsMacError):
        give(other, login)
    assert give(owner, login), "one's own may be one's login"


SPELLINGS = [
    "aabbcc000001",
    "AA:BB:CC:00:00:01",
    "aabb.cc00.0001",
    "1:aa:bb:cc:00:00:01",
    "aa_bb_cc_00_00_01",
]


@pytest.mark.parametrize("login", SPELLINGS)
def test_the_login_of_another_service_is_nobodys_mac(login: str) -> None:
    owner, other = services.service(), services.service()
    give(owner, login)
    with pytest.raises(credentials.MacIsLoginError) as refused:
        operations.set_equipment(subscription_id=other.id, mac="aabbcc000001", at=AT, actor=SYSTEM)
    assert (refused.value.field, login.lower() in str(refused.value)) == ("mac", True)
    confirmations.ask_for_mac(
        subscription_id=other.id, mac="aabbcc000001", by_port=True, nas_address=None, at=AT
    )
    request = MacRequest.objects.get()
    with pytest.raises(credentials.MacIsLoginError):
        confirmations.confirm_mac(request_id=request.id, at=AT, actor=SYSTEM)
    assert MacRequest.objects.get().state == "WAITING"
    assert not RadiusDecision.objects.filter(mac="aabbcc000001").exists()
    for another in SPELLINGS:
        with pytest.raises((credentials.MacIsLoginError, credentials.LoginTakenError)):
            give(other, another)
    operations.set_equipment(subscription_id=owner.id, mac="aabbcc000001", at=AT, actor=SYSTEM)


def test_a_mac_as_a_login_is_found_by_its_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {credentials._MAC_LOGINS}", {"digits": ["aabbcc000001"]})
        assert "network_accesscredential_mac_login" in str(cursor.fetchall())


def test_a_generated_login_goes_round_names_that_are_taken() -> None:
    first = services.service()
    later = services.service(refresh=False)
    for login in (f"gb{later.id}", f"GB{later.id}-2"):
        give(services.service(), login)
    provisioning.refresh_decisions(subscription_ids=[later.id, first.id], at=AT)
    assert services.login_of(later) == f"gb{later.id}-3"
    assert RadiusDecision.objects.get(subscription=later).login == f"gb{later.id}-3"
    assert RadiusDecision.objects.get(subscription=later).state == "FULL"


def test_a_new_password_reconnects_who_came_in_by_the_old_one_only() -> None:
    sold, other = services.service(), services.service()
    login = services.login_of(sold)
    pppoe = session(sold, login=login.upper(), proof="CHAP-Password")
    unknown = session(sold, login=f" {login} ", proof=None)
    by_mac = session(sold, login="02:00:00:00:aa:01", proof="")
    two_of_three = session(sold, login=login, proof="")
    neighbour = session(other, login=services.login_of(other), proof="User-Password")
    give(sold, password="of-his-own")
    assert wished() == {one.unique_id: ("CREDENTIALS", "DISCONNECT") for one in (pppoe, unknown)}, (
        by_mac,
        two_of_three,
        neighbour,
    )
    AccessAction.objects.all().delete()
    operations.reset_password(subscription_id=sold.id, at=AT, actor=SYSTEM)
    assert set(wished()) == {pppoe.unique_id, unknown.unique_id}


def test_a_new_login_reconnects_all_who_said_the_old_one() -> None:
    sold = services.service()
    login = services.login_of(sold)
    said = [session(sold, login=login, proof=proof) for proof in ("User-Password", "", None)]
    session(sold, login="02:00:00:00:aa:01", proof="")
    session(sold, login="02:00:00:00:aa:01", proof=None)
    give(sold, "ivan")
    assert set(wished()) == {one.unique_id for one in said}


def test_nothing_is_asked_of_a_bras_that_is_only_watched() -> None:
    sold = services.service()
    running = session(sold, login=services.login_of(sold), proof=None)
    type(running.nas).objects.update(only_watched=True)  # type: ignore[union-attr]
    give(sold, "ivan", "secret")
    assert wished() == {}


def test_a_wish_to_end_is_not_made_obsolete_by_a_later_change() -> None:
    sold = services.service()
    running = session(sold, login=services.login_of(sold), proof="User-Password")
    give(sold, password="another")
    services.block(sold, at=AT + timedelta(seconds=1))
    waiting = AccessAction.objects.get(state="DESIRED")
    assert (waiting.session_unique_id, waiting.cause, waiting.kind) == (
        running.unique_id,
        "CREDENTIALS",
        "DISCONNECT",
    )


@pytest.mark.parametrize(
    ("mode", "reconnects"),
    [("LOGIN", {"mac"}), ("MAC", set()), ("TWO_OF_THREE", {"mac"}), ("OPTION82", {"pppoe", "mac"})],
)
def test_a_mode_reconnects_who_would_be_told_otherwise(mode: str, reconnects: set[str]) -> None:
    """One came with a password on the registered router, one by the MAC alone."""
    sold = services.service()
    operations.set_equipment(subscription_id=sold.id, mac="02000000aa01", at=AT, actor=SYSTEM)
    modes.set_parameters(
        subscription_id=sold.id, mode="MAC", sessions_max=None, at=AT, actor=SYSTEM
    )
    login = services.login_of(sold)
    known = {
        session(sold, login=login, proof="User-Password").unique_id: "pppoe",
        session(sold, login="02:00:00:00:aa:01", proof="").unique_id: "mac",
    }
    modes.set_parameters(subscription_id=sold.id, mode=mode, sessions_max=None, at=AT, actor=SYSTEM)
    assert {known[one] for one in wished()} == reconnects
    assert set(wished().values()) <= {("MODE", "DISCONNECT")}


@pytest.mark.parametrize("place", ["zone", "nas", "all"])
def test_a_places_mode_says_who_came_in_another_way_and_reconnects_them_when_told(
    place: str,
) -> None:
    zone = services.zone()
    sold, own = services.service(of_zone=zone), services.service(of_zone=zone)
    modes.set_parameters(
        subscription_id=own.id, mode="TWO_OF_THREE", sessions_max=None, at=AT, actor=SYSTEM
    )
    operations.set_equipment(subscription_id=sold.id, mac="02000000aa01", at=AT, actor=SYSTEM)
    session(sold, login=services.login_of(sold), proof="User-Password")
    by_mac = session(sold, login="02:00:00:00:aa:01", proof="", mac="02000000aa01")
    guest = session(sold, login="02:00:00:00:aa:01", proof="", mac="02000000aa02")
    Session.objects.filter(id=guest.id).update(is_guest=True)
    assert by_mac.nas_id is not None
    there = {"zone": {"zone_id": zone.id}, "nas": {"nas_id": by_mac.nas_id}, "all": {}}[place]

    def told(mode: str, *, reconnects: bool = False) -> int:
        return modes.set_mode(mode=mode, at=AT, actor=SYSTEM, reconnects=reconnects, **there).number

    assert (told("MAC"), told("LOGIN")) == (0, 1)
    assert wished() == {}, "nobody is reconnected unasked"
    assert told("LOGIN", reconnects=True) == 1
    assert wished() == {by_mac.unique_id: ("MODE", "DISCONNECT")}
    assert AccessAction.objects.get().priority == wishes.USUAL, "a block goes first"


def test_a_port_that_accounting_does_not_tell_is_that_of_the_log_in() -> None:
    sold = services.service()
    operations.set_equipment(
        subscription_id=sold.id, mac="", circuit_hex="0a0b", remote_hex="0c", at=AT, actor=SYSTEM
    )
    ports = {"Agent-Circuit-Id": "0x0a0b", "Agent-Remote-Id": "0x0c"}
    elsewhere = {**ports, "Agent-Circuit-Id": "0x0fff"}
    login = services.login_of(sold)
    session(sold, login=login, proof="User-Password", told=ports)
    unknown = session(sold, login=login, proof=None)
    without = session(sold, login=login, proof="User-Password")
    other = session(sold, login=login, proof="User-Password", told=elsewhere)
    strays = proofs.in_another_way(zone_id=None, nas_id=None)
    assert strays == proofs.Strays([], is_whole=True)
    modes.set_mode(mode="OPTION82", at=AT, actor=SYSTEM)
    strays = proofs.in_another_way(zone_id=None, nas_id=None)
    assert strays.sessions == [without.unique_id, other.unique_id], unknown.unique_id
    modes.set_mode(mode="LOGIN", at=AT, actor=SYSTEM)


def test_of_a_mac_that_accounting_does_not_tell_the_log_in_tells() -> None:
    sold = services.service()
    operations.set_equipment(subscription_id=sold.id, mac="02000000aa01", at=AT, actor=SYSTEM)
    login = services.login_of(sold)
    calling = {"Calling-Station-Id": ["02-00-00-00-AA-01"]}
    session(sold, login=login, proof="User-Password", mac="", told=calling)
    session(sold, login=login, proof=None, mac="")
    without = session(sold, login=login, proof="User-Password", mac="")
    modes.set_mode(mode="MAC", at=AT, actor=SYSTEM)
    assert proofs.in_another_way(zone_id=None, nas_id=None).sessions == [without.unique_id]


def test_of_a_place_too_large_to_look_at_this_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    sold = services.service()
    for _number in range(3):
        session(sold, login=services.login_of(sold), proof="User-Password")
    monkeypatch.setattr(proofs, "LOOKED_AT_MAX", 2)
    assert modes.set_mode(mode="MAC", at=AT, actor=SYSTEM) == modes.Reached(2, looked_at=2)
    monkeypatch.setattr(proofs, "LOOKED_AT_MAX", 3)
    assert modes.set_mode(mode="MAC", at=AT, actor=SYSTEM) == modes.Reached(3)


def test_the_decisions_of_a_zone_are_locked_in_the_order_of_ids() -> None:
    zone = services.zone()
    sold = services.service(of_zone=zone)
    with CaptureQueriesContext(connection) as told:
        modes.set_mode(mode="MAC", zone_id=zone.id, at=AT, actor=SYSTEM)
    found = [one["sql"] for one in told if "radius_decision" in one["sql"]]
    assert "ORDER BY subscription_id FOR UPDATE" in found[0]
    assert RadiusDecision.objects.get(subscription=sold).mode == "MAC"
