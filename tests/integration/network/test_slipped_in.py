"""Who redials just after a change: let in by the new decision, or by an Accept that was on its way.

In these dialects nothing can be said to a session of which it is not known what it has: it is
reconnected. So a debtor who has paid and comes back must not be taken for somebody let in before.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from billing.models import Subscription
from network import access_requests, authorizations, wishes
from network.identity import Identity
from network.models import AccessAction, Nas, RadiusDecision, Session
from network.radius.note_entry import Note, Outcome
from tests.support import services
from tests.support.fake_bras import FakeBras
from tests.support.live import SECRET, act, sell_faster, session
from tests.support.services import AT

pytestmark = pytest.mark.django_db

SWAPPED = ("juniper_mx", "cisco_isg")


@pytest.fixture(params=SWAPPED)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def bras(vendor: str) -> Iterator[FakeBras]:
    with FakeBras(secret=SECRET) as one:
        services.nas(vendor=vendor, secret=SECRET, coa_port=one.port)
        yield one


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def ask(sold: Subscription, *, at_s: float) -> access_requests.Answer:
    """What the REST group answers to his login then."""
    identity = Identity(login=services.login_of(sold), has_password=True)
    return access_requests.authorize(identity=identity, nas_address="127.0.0.1", at=after(at_s))


def redial(
    sold: Subscription,
    answer: access_requests.Answer,
    *,
    port: int,
    vendor: str,
    began_s: float,
    line_s: float | None = None,
    source: str = "rest",
    reply_max: int | None = None,
) -> Session:
    """A session by that answer; `line_s` is when the line says that it was given (None: there is no
    line), `reply_max` how many of its attributes the line has."""
    told: dict[str, list[str | int]] = {}
    for one in answer.reply[:reply_max]:
        told.setdefault(f"reply:{one.name}", []).append(one.value)
    own_class = next(str(one.value) for one in answer.reply if one.name == "Class")
    if line_s is not None:
        note = Note(
            outcome=Outcome.ACCEPT, source=source, at=after(line_s), nas_address="127.0.0.1",
            identity=Identity(login=services.login_of(sold)), told_class=own_class,
            attributes={**told}, reason=answer.reason,
        )  # fmt: skip
        authorizations.write_down([note])
    running = session(sold, port=port, vendor=vendor)
    is_guest, nonce = own_class.startswith("g:"), own_class.rpartition(":")[2]
    Session.objects.filter(id=running.id).update(
        unique_id=f"u-{nonce}", nonce=nonce, is_guest=is_guest, started_at=after(began_s)
    )
    return Session.objects.get(id=running.id)


@pytest.mark.parametrize("source", ["rest", "fast"])
def test_who_has_paid_and_redialled_is_not_cut(bras: FakeBras, vendor: str, source: str) -> None:
    sold = services.service()
    debt = services.block(sold, at=AT - timedelta(days=3))
    services.unblock(debt, at=AT)
    began = [0.4, 40.0]  # at once, and once more
    for at_s in began:
        answer = ask(sold, at_s=at_s)
        # FreeRADIUS tells whole seconds: this line may be older than the payment.
        line_s = float(int(at_s)) if source == "fast" else at_s
        running = redial(
            sold, answer, port=bras.port, vendor=vendor, began_s=at_s, line_s=line_s, source=source
        )
        assert wishes.enforce(at=after(at_s + 15)) == 0
        running.delete()
    assert act(60) == []
    assert bras.received == []


def test_an_accept_that_was_on_its_way_before_the_change_is_corrected(
    bras: FakeBras, vendor: str
) -> None:
    """The change was decided as of 0 s and committed at 8 s: until then the old speed was given,
    and its lines are younger than `felt_at`."""
    for line_s in (-1.0, 5.0):
        sold = services.service()
        answer = ask(sold, at_s=line_s)
        sell_faster(sold, at=AT)
        redial(sold, answer, port=bras.port, vendor=vendor, began_s=6, line_s=line_s)
        assert wishes.enforce(at=after(20)) == 1, line_s
        Session.objects.all().delete()


def test_an_accept_that_was_on_its_way_before_a_block_is_corrected(
    bras: FakeBras, vendor: str
) -> None:
    sold = services.service()
    answer = ask(sold, at_s=1)
    services.block(sold, at=AT)
    redial(sold, answer, port=bras.port, vendor=vendor, began_s=2, line_s=1)
    assert wishes.enforce(at=after(30)) == 1
    assert act(31) == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


def test_who_came_behind_the_wall_while_his_payment_was_committed_is_let_out(
    bras: FakeBras, vendor: str
) -> None:
    services.guest_rule("DEBT", redirect_url="https://pay.example.net/")
    sold = services.service()
    debt = services.block(sold, at=AT - timedelta(days=3))
    answer = ask(sold, at_s=1)
    assert answer.reason == "DEBT"
    services.unblock(debt, at=AT)
    redial(sold, answer, port=bras.port, vendor=vendor, began_s=2, line_s=1)
    assert wishes.enforce(at=after(30)) == 1
    assert AccessAction.objects.get().cause == "ACCESS_OPENED"


def test_a_debtor_who_comes_back_behind_the_wall_of_one_bras_is_not_cut(
    bras: FakeBras, vendor: str
) -> None:
    """The decision itself cannot say what such a guest gets."""
    services.guest_rule("DEBT", nas_id=Nas.objects.get().id)
    sold = services.service()
    services.block(sold, at=AT)
    assert RadiusDecision.objects.get(subscription=sold).profile == {}
    redial(sold, ask(sold, at_s=10), port=bras.port, vendor=vendor, began_s=10, line_s=10)
    assert wishes.enforce(at=after(30)) == 0


@pytest.mark.parametrize(
    ("line_s", "source", "expected"),
    [(None, "rest", 1), (10, "fast", 0), (-1, "fast", 1), (10, "cache", 1)],
)
def test_where_the_line_does_not_tell_what_was_given_its_time_decides(
    bras: FakeBras, vendor: str, line_s: float | None, source: str, expected: int
) -> None:
    """No line: nobody knows. FreeRADIUS' last good answer is of before, whenever it was given."""
    sold = services.service()
    debt = services.block(sold, at=AT - timedelta(days=3))
    services.unblock(debt, at=AT)
    answer = ask(sold, at_s=10)
    redial(
        sold, answer, port=bras.port, vendor=vendor, began_s=11, line_s=line_s, source=source,
        reply_max=2,
    )  # fmt: skip
    assert answer.reply[0].name == "Class"
    if line_s is None:
        assert wishes.enforce(at=after(30)) == 0, "it may come yet"
    assert wishes.enforce(at=after(45 if line_s is None else 30)) == expected


def test_all_of_them_are_looked_at_however_many_came_back(
    bras: FakeBras, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishes, "ASTRAY_MAX", 2)
    for _ in range(5):
        sold = services.service()
        debt = services.block(sold, at=AT - timedelta(days=3))
        services.unblock(debt, at=AT)
        redial(sold, ask(sold, at_s=5), port=bras.port, vendor=vendor, began_s=5, line_s=5)
    last = services.service()
    answer = ask(last, at_s=-1)
    sell_faster(last, at=AT)
    running = redial(last, answer, port=bras.port, vendor=vendor, began_s=6, line_s=-1)
    assert wishes.enforce(at=after(30)) == 1
    assert AccessAction.objects.get().session_unique_id == running.unique_id
