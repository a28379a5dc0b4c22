"""Addresses of sessions: held at the Accept, confirmed by the Start, free after the grace."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from billing.models import Subscription
from network import pools, progress, sessions
from network.accounting import SessionFacts
from network.addressing import editing
from network.models import IpAssignment, IpHistory, IpPool, Nas, RadiusDecision, Session
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db
HOLD, GRACE = timedelta(seconds=120), timedelta(seconds=300)
SECOND = timedelta(seconds=1)


def dynamic(first: str = "10.80.0.1", last: str = "10.80.0.9", **more: object) -> IpPool:
    return services.pool(first=first, last=last, mode="DYNAMIC", **more)  # type: ignore[arg-type]


def hold(sold: Subscription, device: str = "aabbcc000001", at: datetime = AT) -> str | None:
    return pools.hold(subscription_id=sold.id, device=device, at=at).ipv4


def start(
    sold: Subscription | None, address: str | None, *, key: str = "u1", mac: str = "aabbcc000001"
) -> None:
    nas, _made = Nas.objects.get_or_create(
        address="127.0.0.9", defaults={"name": "b", "vendor": "mikrotik", "created_at": AT}
    )
    Session.objects.create(
        unique_id=key,
        acct_session_id=key,
        subscription=sold,
        nas=nas,
        mac=mac,
        framed_ip=address,
        started_at=AT,
        last_seen_at=AT,
    )


def stop(key: str = "u1") -> None:
    Session.objects.filter(unique_id=key).delete()


def states() -> list[str]:
    return list(IpAssignment.objects.order_by("address").values_list("state", flat=True))


def test_a_dynamic_service_has_no_address_of_its_own_and_is_held_one_at_the_accept() -> None:
    dynamic()
    sold = services.service()
    assert RadiusDecision.objects.get(subscription=sold).framed_ip is None
    assert hold(sold) == "10.80.0.1"
    assert hold(sold) == "10.80.0.1"  # a repeated request
    assert hold(sold, "aabbcc000002") == "10.80.0.2"  # another device at the same time
    assert states() == ["HELD", "HELD"]


def test_an_address_that_no_session_took_is_free_after_the_hold() -> None:
    dynamic()
    sold = services.service()
    hold(sold)
    assert pools.reap(at=AT + HOLD - SECOND) == 0
    assert pools.reap(at=AT + HOLD) == 1
    assert (states(), IpHistory.objects.count()) == ([], 0)


def test_while_accounting_of_a_node_waits_a_session_may_have_begun_on_the_address() -> None:
    """Two minutes after the Accept no Start is known; it lies at the node that is away."""
    dynamic(last="10.80.0.1")
    sold, other = services.service(), services.service()
    assert hold(sold) == "10.80.0.1"
    hour = timedelta(hours=1)
    progress.note_read(stream="a", read_by="a", packets=0, at=AT + hour)
    progress.note_read(stream="b", read_by="b", packets=0, at=AT + SECOND)
    assert pools.reap(at=AT + hour) == 0
    assert hold(other, at=AT + hour) is None
    start(sold, "10.80.0.1")
    pools.follow(unique_ids=["u1"], at=AT + hour)
    progress.note_read(stream="b", read_by="b", packets=0, at=AT + hour)
    assert pools.reap(at=AT + hour) == 0
    assert states() == ["IN_USE"]


def test_start_confirms_stop_begins_the_grace_and_the_reaper_ends_it() -> None:
    dynamic()
    sold = services.service()
    start(sold, hold(sold))
    assert pools.follow(unique_ids=["u1"], at=AT) == 1
    assert states() == ["IN_USE"]
    assert pools.follow(unique_ids=["u1"], at=AT) == 0
    assert pools.reap(at=AT + timedelta(days=1)) == 0
    stop()
    ended = AT + timedelta(days=1)
    assert pools.follow(unique_ids=["u1"], at=ended) == 1
    assert states() == ["GRACE"]
    assert pools.reap(at=ended + GRACE - SECOND) == 0
    assert pools.reap(at=ended + GRACE) == 1
    past = IpHistory.objects.get()
    assert (past.address, past.subscription_id, past.session_unique_id) == (
        "10.80.0.1",
        sold.id,
        "u1",
    )
    assert (past.valid.lower, past.valid.upper) == (AT, ended + GRACE)


def test_who_comes_back_within_the_grace_or_after_it_gets_the_same_address() -> None:
    dynamic()
    sold, other = services.service(), services.service()
    start(sold, hold(sold))
    pools.follow(unique_ids=["u1"], at=AT)
    stop()
    pools.follow(unique_ids=["u1"], at=AT)
    assert hold(sold, at=AT + SECOND) == "10.80.0.1"
    assert states() == ["HELD"]
    pools.reap(at=AT + SECOND + HOLD)
    later = AT + timedelta(hours=1)
    assert hold(other, at=later) == "10.80.0.2"
    assert hold(sold, at=later) == "10.80.0.1"


def test_a_new_session_of_the_device_takes_the_address_over_and_the_old_stop_frees_nothing() -> (
    None
):
    dynamic()
    sold = services.service()
    start(sold, hold(sold))
    pools.follow(unique_ids=["u1"], at=AT)
    assert hold(sold) == "10.80.0.1"
    start(sold, "10.80.0.1", key="u2")
    pools.follow(unique_ids=["u2"], at=AT)
    stop("u1")
    pools.follow(unique_ids=["u1"], at=AT)
    lease = IpAssignment.objects.get()
    assert (lease.state, lease.session_unique_id) == ("IN_USE", "u2")


def test_what_accounting_did_not_tell_the_reaper_finds() -> None:
    dynamic()
    sold, silent = services.service(), services.service()
    start(sold, hold(sold))
    start(silent, hold(silent, "aabbcc000009"), key="u9", mac="aabbcc000009")
    pools.follow(unique_ids=["u9"], at=AT)
    stop("u9")
    assert pools.reap(at=AT + HOLD) == 0
    assert states() == ["IN_USE", "GRACE"]


def test_a_session_on_an_address_of_a_pool_that_nobody_holds_keeps_it() -> None:
    dynamic()
    sold, other = services.service(), services.service()
    start(sold, "10.80.0.1")
    assert pools.follow(unique_ids=["u1"], at=AT) == 1
    lease = IpAssignment.objects.get()
    assert (lease.state, lease.source, lease.subscription_id) == ("IN_USE", "SESSION", sold.id)
    assert hold(other, "aabbcc000002") == "10.80.0.2"


def test_a_used_up_pool_sends_to_the_next_rule_and_then_to_none() -> None:
    dynamic(first="10.80.0.1", last="10.80.0.1")
    dynamic(first="10.81.0.1", last="10.81.0.1")
    sold = services.service()
    got = [hold(sold, f"aabbcc00000{number}") for number in range(3)]
    assert got == ["10.80.0.1", "10.81.0.1", None]


def test_guests_draw_from_guest_pools_and_known_ones_stay_themselves() -> None:
    pool = editing.make_pool(
        wish=editing.PoolWish(name="g", range_text="100.64.0.0/24", is_guest=True),
        at=AT,
        actor=SYSTEM,
    )
    blocked = services.service()
    unknown = pools.hold_guest(device="aabbcc000001", at=AT)
    known = pools.hold_guest(device="aabbcc000001", at=AT, subscription_id=blocked.id)
    assert (unknown, known) == ("100.64.0.1", "100.64.0.2")
    assert pools.hold_guest(device="aabbcc000001", at=AT, pool_ids=[pool.id]) == unknown
    start(None, unknown)
    assert pools.follow(unique_ids=["u1"], at=AT) == 1
    assert states() == ["IN_USE", "HELD"]


def test_prefixes_are_held_and_a_delegated_one_can_be_for_good() -> None:
    for name, kind, network, bits, mode in (
        ("link", "IPV6_PREFIX", "2001:db8:1::/48", 64, "DYNAMIC"),
        ("behind", "DELEGATED", "fd00:100::/40", 56, "PERMANENT"),
    ):
        made = editing.make_pool(
            wish=editing.PoolWish(name=name, kind=kind, range_text=network, unit_bits=bits),
            at=AT,
            actor=SYSTEM,
        )
        editing.add_rule(wish=editing.RuleWish(pool_id=made.id, mode=mode), at=AT, actor=SYSTEM)
    first, second = services.service(), services.service()
    rows = {row.subscription_id: row for row in RadiusDecision.objects.all()}
    assert rows[first.id].delegated_ipv6_prefix == "fd00:100::/56"
    assert rows[second.id].delegated_ipv6_prefix == "fd00:100:0:100::/56"
    held = pools.hold(subscription_id=second.id, device="aabbcc000002", at=AT)
    assert held == pools.Held(ipv6_prefix="2001:db8:1::/64")
    start(second, None, mac="aabbcc000002")
    assert pools.follow(unique_ids=["u1"], at=AT) == 1
    assert states() == ["IN_USE", "ASSIGNED", "ASSIGNED"]


def test_pools_that_overlap_in_units_of_other_lengths_never_give_the_same_network_twice() -> None:
    for name, kind, bits in (("small", "IPV6_PREFIX", 64), ("large", "DELEGATED", 56)):
        made = editing.make_pool(
            wish=editing.PoolWish(
                name=name, kind=kind, range_text="2001:db8::/55", unit_bits=bits, quarantine_s=0
            ),
            at=AT,
            actor=SYSTEM,
        )
        editing.add_rule(
            wish=editing.RuleWish(pool_id=made.id, mode="DYNAMIC"), at=AT, actor=SYSTEM
        )
    first, second = services.service(), services.service()
    assert pools.hold(subscription_id=first.id, device="a", at=AT) == pools.Held(
        ipv6_prefix="2001:db8:0:100::/64", delegated="2001:db8::/56"
    )
    # Both halves are touched now: the small ones go on in what is left of the second.
    assert pools.hold(subscription_id=second.id, device="b", at=AT) == pools.Held(
        ipv6_prefix="2001:db8:0:101::/64"
    )
    pools.release(subscription_ids=[first.id], at=AT)
    assert pools.hold(subscription_id=second.id, device="c", at=AT).delegated == "2001:db8::/56"


def test_reserved_addresses_are_not_given_until_they_are_let_go() -> None:
    dynamic(first="10.80.0.1", last="10.80.0.3")
    gateway = editing.reserve(range_text="10.80.0.1", note="шлюз", at=AT, actor=SYSTEM)
    sold = services.service()
    assert hold(sold) == "10.80.0.2"
    editing.unreserve(reserve_id=gateway.id, at=AT, actor=SYSTEM)
    assert hold(sold, "aabbcc000002") == "10.80.0.3"
    assert hold(sold, "aabbcc000003") == "10.80.0.1"
    assert hold(sold, "aabbcc000004") is None


def test_a_rest_keeps_an_address_from_others_but_not_from_its_service() -> None:
    dynamic(first="10.80.0.1", last="10.80.0.1", quarantine_s=3600)
    sold, other = services.service(), services.service()
    start(sold, hold(sold))
    pools.follow(unique_ids=["u1"], at=AT)
    stop()
    pools.follow(unique_ids=["u1"], at=AT)
    freed = AT + GRACE
    assert pools.reap(at=freed) == 1
    assert hold(other, "b", at=freed + timedelta(minutes=59)) is None
    assert hold(sold, at=freed + timedelta(minutes=59)) == "10.80.0.1"


def test_accounting_confirms_and_ends_by_itself() -> None:
    dynamic()
    services.nas(address="10.9.0.1")
    sold = services.service()
    address = hold(sold)
    begun = SessionFacts(
        unique_id="k1",
        acct_session_id="81a",
        nas_address="10.9.0.1",
        login=services.login_of(sold),
        mac="aabbcc000001",
        circuit_hex="",
        framed_ip=address,
        subscription_id=None,
        is_guest=False,
        started_at=AT,
        last_seen_at=AT,
        in_octets=0,
        out_octets=0,
        session_time_s=0,
    )
    sessions.ingest([begun])
    assert states() == ["IN_USE"]
    ended = AT + timedelta(minutes=5)
    over = replace(
        begun, last_seen_at=ended, is_stopped=True, stopped_at=ended, terminate_cause="User-Request"
    )
    sessions.ingest([over])
    lease = IpAssignment.objects.get()
    assert (lease.state, lease.expires_at) == ("GRACE", ended + GRACE)
    sessions.ingest([begun])  # replayed late: the session is closed and stays so
    assert states() == ["GRACE"]
