"""Changes that break off half way, are refused in a part, or do not fit the session's address:
nobody stays behind a wall, or online, of whom the board says that all is well."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from billing.models import Subscription
from network import guest_rules, guests, pools, sender, wishes
from network.addressing import editing
from network.identity import Identity
from network.models import AccessAction, GuestRule, Session, SessionProfile
from network.vendors.registry import SHIPPED
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.fake_bras import FakeBras, Manners
from tests.support.live import SECRET, act, session, sold_at_300_50
from tests.support.services import AT, MBIT

pytestmark = pytest.mark.django_db

RATE = "Mikrotik-Rate-Limit"
WALL_UP, WALL_DOWN = "Mikrotik-Address-List=geobill-guest", "Mikrotik-Address-List=geobill-open"
SLOW, FAST = f"{RATE}=1M/1M", f"{RATE}=50M/300M"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("network.radius.dynauth.TIMEOUT_S", 0.1)


@pytest.fixture
def sold() -> Subscription:
    services.guest_rule("DEBT")
    return sold_at_300_50()


def changes(bras: FakeBras) -> list[str]:
    """What was said of walls and speeds, in order, each once."""
    said = [one for one in bras.said() if one.startswith("Mikrotik")]
    return list(dict.fromkeys(said))


def at_second_look(happens: Callable[[], object]) -> Callable[[], datetime]:
    """A clock for the sender; something happens when it looks for the second time: it has claimed
    the wish, and the first verdict is there."""
    looks = 0

    def now() -> datetime:
        nonlocal looks
        looks += 1
        if looks == 4:  # what is due, what was left, the claim, the first verdict
            happens()
        return AT

    return now


def test_a_payment_while_the_block_is_on_the_wire_takes_the_wall_down(
    bras: FakeBras, sold: Subscription
) -> None:
    running = session(sold, port=bras.port)
    blocked = services.block(sold)
    bras.manners = Manners(ignore=(RATE,))
    now = at_second_look(lambda: services.unblock(blocked, at=AT))
    sender.work_off(nas_id=running.nas_id or 0, now=now)
    assert changes(bras) == [WALL_UP, SLOW, FAST]
    first, second = AccessAction.objects.order_by("id")
    assert (first.state, second.state) == ("OBSOLETE", "TIMED_OUT")
    assert first.packets[0]["verdict"] == "ACK"
    bras.manners = Manners()
    bras.received.clear()
    act(60)
    assert changes(bras) == [FAST, WALL_DOWN]
    assert SessionProfile.objects.get().applied["state"] == "FULL"
    assert set(bras.kinds()) == {"coa"}


def test_a_payment_after_a_block_that_was_given_up_half_way_takes_the_wall_down(
    bras: FakeBras, sold: Subscription
) -> None:
    session(sold, port=bras.port)
    blocked = services.block(sold)
    bras.manners = Manners(ignore=(RATE,))
    for at_s in (0, 60, 120):
        act(at_s)
    assert AccessAction.objects.earliest("id").state == "NAK"
    assert AccessAction.objects.latest("id").cause == "SILENT"
    AccessAction.objects.filter(cause="SILENT").update(state="DESIRED")
    assert SessionProfile.objects.get().applied is None, "nobody knows what it has"
    services.unblock(blocked, at=AT + timedelta(seconds=121))
    bras.manners = Manners()
    bras.received.clear()
    act(180)
    assert changes(bras) == [FAST, WALL_DOWN]


@pytest.mark.parametrize("when", ["while it is on the wire", "while it waits"])
def test_a_wall_of_which_the_answer_was_lost_is_taken_down_by_a_payment(
    bras: FakeBras, sold: Subscription, when: str
) -> None:
    running = session(sold, port=bras.port)
    blocked = services.block(sold)
    bras.manners = Manners(ignore=("Mikrotik-Address-List",))
    paid_at = AT + timedelta(seconds=4)
    if when == "while it waits":
        act()
        services.unblock(blocked, at=paid_at)
    else:
        now = at_second_look(lambda: services.unblock(blocked, at=paid_at))
        sender.work_off(nas_id=running.nas_id or 0, now=now)
    assert SessionProfile.objects.get().applied is None, "it may have done it"
    bras.manners = Manners()
    bras.received.clear()
    act(60)
    assert changes(bras) == [FAST, WALL_DOWN]


def test_who_is_blocked_again_while_the_answer_of_his_letting_out_is_lost_is_walled_in(
    bras: FakeBras, sold: Subscription
) -> None:
    session(sold, port=bras.port)
    blocked = services.block(sold)
    assert act() == ["ACKNOWLEDGED"]
    bras.manners = Manners(ignore=("Mikrotik-Address-List",))
    services.unblock(blocked, at=AT + timedelta(seconds=1))
    act(1)
    services.block(sold, at=AT + timedelta(seconds=5))
    bras.manners = Manners()
    bras.received.clear()
    act(60)
    assert changes(bras) == [WALL_UP, SLOW]
    assert SessionProfile.objects.get().applied["state"] == "GUEST"


def test_a_disconnect_of_which_the_answer_was_lost_changes_nothing_of_what_is_known(
    bras: FakeBras,
) -> None:
    """There is no rule for guests: he is cut, or goes on as he was."""
    sold = sold_at_300_50()
    session(sold, port=bras.port, vendor="juniper_mx")
    blocked = services.block(sold)
    bras.answer = "silence"
    act()
    assert AccessAction.objects.get().kind == "DISCONNECT"
    services.unblock(blocked, at=AT + timedelta(seconds=4))
    bras.answer = "ack"
    bras.received.clear()
    act(60)
    assert bras.kinds() == []


def test_a_sender_that_died_on_the_way_is_followed_by_all_that_the_newer_wish_says(
    bras: FakeBras, sold: Subscription
) -> None:
    session(sold, port=bras.port)
    blocked = services.block(sold)
    AccessAction.objects.update(state="SENT", sent_at=AT, attempts=1)
    services.unblock(blocked, at=AT + timedelta(seconds=1))
    act(90)
    assert AccessAction.objects.earliest("id").state == "OBSOLETE"
    assert changes(bras) == [FAST, WALL_DOWN]


@pytest.mark.parametrize("refused", [401, 404])
def test_a_refused_time_is_noted_and_worth_no_reconnection(bras: FakeBras, refused: int) -> None:
    guest = services.guest_rule("DEBT")
    made = guest_rules.Wanted(
        name="short", reasons=("DEBT",), speed_down_bit_s=MBIT, speed_up_bit_s=MBIT,
        session_timeout_s=600,
    )  # fmt: skip
    guest_rules.save(rule_id=guest, wanted=made, at=AT, actor=SYSTEM)
    sold = sold_at_300_50()
    session(sold, port=bras.port)
    bras.manners = Manners(refuse={"Session-Timeout": refused})
    blocked = services.block(sold)
    assert act() == ["ACKNOWLEDGED"]
    services.unblock(blocked, at=AT + timedelta(seconds=5))
    assert act(5) == ["ACKNOWLEDGED", "ACKNOWLEDGED"]
    assert set(bras.kinds()) == {"coa"}
    assert changes(bras) == [WALL_UP, SLOW, FAST, WALL_DOWN]
    verdicts = [
        [(one["concern"], one["verdict"], one["error_cause"]) for one in wish.packets]
        for wish in AccessAction.objects.order_by("id")
    ]
    time = ("SESSION", "NAK", refused)
    assert verdicts == [
        [("WALL", "ACK", None), ("RATE", "ACK", None), time],
        [("RATE", "ACK", None), time, ("WALL", "ACK", None)],
    ]
    assert not Session.objects.get().is_guest


def guest_pool(range_text: str = "100.64.0.0/24") -> None:
    wish = editing.PoolWish(name="guests", range_text=range_text, is_guest=True)
    editing.make_pool(wish=wish, at=AT, actor=SYSTEM)


def dialled_in_as_debtor(sold: Subscription, *, bras: FakeBras, code: str, address: str) -> None:
    """He dialled in while he was blocked, and was let in behind the wall with that address."""
    running = session(sold, port=bras.port, vendor=code)
    rule = GuestRule.objects.get()
    assert guests.admit(
        rule=rule,
        identity=Identity(login=running.login),
        subscription_id=sold.id,
        reason="DEBT",
        nas_address=running.nas_address,
        at=AT,
    )
    Session.objects.filter(id=running.id).update(framed_ip=address, is_guest=True)


CODES = [one for one in SHIPPED if one != "generic"]


@pytest.mark.parametrize("code", CODES)
def test_who_was_let_in_with_an_address_of_guests_gets_one_of_his_own_by_a_new_accept(
    code: str, sold: Subscription
) -> None:
    guest_pool()
    with FakeBras(secret=SECRET) as bras:
        blocked = services.block(sold)
        lent = pools.hold_guest(device="d85ed3000001", subscription_id=sold.id, at=AT)
        assert lent is not None
        dialled_in_as_debtor(sold, bras=bras, code=code, address=lent)
        services.unblock(blocked, at=AT + timedelta(seconds=5))
        assert act(5) == ["ACKNOWLEDGED"]
        assert bras.kinds() == ["disconnect"]


def test_a_guest_of_a_pool_of_the_bras_gets_an_address_of_his_own_though_nothing_is_known_of_him(
    bras: FakeBras,
) -> None:
    services.guest_rule("DEBT", pool="walled")
    sold = sold_at_300_50()
    blocked = services.block(sold)
    dialled_in_as_debtor(sold, bras=bras, code="mikrotik", address="172.16.0.7")
    wishes.forget_applied(sessions=[Session.objects.get().unique_id], at=AT)
    services.unblock(blocked, at=AT + timedelta(seconds=5))
    assert act(5) == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


@pytest.mark.parametrize("code", CODES)
def test_an_address_of_guests_that_is_a_subscribers_too_may_be_kept(
    code: str, sold: Subscription
) -> None:
    """Pools may lie over one another; then it leads where all of them lead."""
    guest_pool()
    services.pool(first="100.64.0.1", last="100.64.0.200", mode="DYNAMIC")
    with FakeBras(secret=SECRET) as bras:
        blocked = services.block(sold)
        dialled_in_as_debtor(sold, bras=bras, code=code, address="100.64.0.7")
        services.unblock(blocked, at=AT + timedelta(seconds=5))
        assert act(5) == ["ACKNOWLEDGED"]
        assert set(bras.kinds()) == {"coa"}


def test_who_is_blocked_while_online_keeps_his_address_and_is_let_out_without_a_break(
    bras: FakeBras, sold: Subscription
) -> None:
    guest_pool()
    running = session(sold, port=bras.port)
    Session.objects.filter(id=running.id).update(framed_ip="10.9.0.7")
    blocked = services.block(sold)
    act()
    services.unblock(blocked, at=AT + timedelta(seconds=5))
    assert act(5) == ["ACKNOWLEDGED", "ACKNOWLEDGED"]
    assert set(bras.kinds()) == {"coa"}
