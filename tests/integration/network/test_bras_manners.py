"""Changes of running sessions on BRASes of each dialect that refuse, lose, are slow and repeat."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from network.models import AccessAction, Nas, Session, SessionEvent
from network.vendors.registry import SHIPPED
from project.core.roles import Role
from tests.support import services
from tests.support.fake_bras import FakeBras, Manners
from tests.support.live import SECRET, act, sell_faster, session, sold_at_300_50
from tests.support.services import AT
from tests.support.staff import who_signs_in

pytestmark = pytest.mark.django_db

# Error-Cause of RFC 5176, 3.5; 0: a NAK that names none.
CAUSES = [0, 401, 402, 403, 404, 405, 406, 407, 501, 502, 504, 505, 506, 507, 508]
# Another in each session: whose it is, and the spread of time-outs.
PERSONAL = ("Class=", "Session-Timeout=")
SPEAKING = [one for one in SHIPPED if one != "generic"]
BAD_LINES = {
    "loss": Manners(lose_first=1),
    "delay": Manners(delay_s=0.05),
    "duplicate": Manners(duplicate=True),
    "all at once": Manners(lose_first=1, delay_s=0.05, duplicate=True),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("network.radius.dynauth.TIMEOUT_S", 0.15)


def states() -> list[tuple[str, str, int | None]]:
    """All wishes, oldest first: what was asked, what came of it, the Error-Cause."""
    return list(AccessAction.objects.order_by("id").values_list("kind", "state", "error_cause"))


@pytest.mark.parametrize("code", SPEAKING)
def test_each_refusal_of_a_speed_is_kept_and_the_session_reconnected(code: str) -> None:
    with FakeBras(secret=SECRET) as bras:
        for cause in CAUSES:
            bras.manners = Manners(refuse_coa=cause)
            sold = sold_at_300_50()
            session(sold, port=bras.port, vendor=code)
            sell_faster(sold)
            act()
            asked, fallen_back = states()[-2:]
            assert asked[1:] == ("NAK", cause or None)
            assert fallen_back == ("DISCONNECT", "ACKNOWLEDGED", None)
            assert bras.kinds()[-2:] == ["coa", "disconnect"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ((b"Policer limit reached",), "Policer limit reached"),
        ((b"no such", b"service\x00 10M\n"), "no such service\ufffd 10M"),
        ("обмеження".encode(), "обмеження"),
        ((b"\xff\xfe<script>\x1b[31m",), "\ufffd\ufffd<script>\ufffd[31m"),
        (("\u202eevil\u2066".encode(),), "\ufffdevil\ufffd"),
        ((b"\x00" * 253, b"x" * 253), "\ufffd" * 253),
        ((b" \t",), ""),
        ((), ""),
    ],
)
def test_the_words_of_a_refusal_are_kept_and_shown(
    client: Client, said: tuple[bytes, ...] | bytes, kept: str
) -> None:
    with FakeBras(secret=SECRET) as bras:
        says = (said,) if isinstance(said, bytes) else said
        bras.manners = Manners(refuse_coa=506, says=says)
        sold = sold_at_300_50()
        running = session(sold, port=bras.port)
        sell_faster(sold)
        act()
    refused, fallen_back = AccessAction.objects.order_by("id")
    assert (refused.state, refused.error_cause, refused.why) == ("NAK", 506, kept)
    assert refused.packets[0]["why"] == kept
    assert fallen_back.why == ""
    line = SessionEvent.objects.get(kind="COA")
    assert line.attributes.get("why", "") == kept
    client.force_login(who_signs_in("engineer", Role.NETWORK_ENGINEER))
    shown = f"<q>{escape(kept)}</q>"
    queue = client.get(reverse("workspace:actions")).content.decode()
    assert queue.count(shown) == (2 if kept else 0)
    page = client.get(reverse("workspace:session", args=[running.unique_id])).content.decode()
    assert page.count(f'<q class="text-break">{escape(kept)}</q>') == (1 if kept else 0)
    assert "<script>\ufffd" not in queue + page


@pytest.mark.parametrize("code", SPEAKING)
def test_whoever_cannot_be_walled_in_is_cut(code: str) -> None:
    """A block must not be stopped by a BRAS that refuses the wall, whatever its reason is."""
    services.guest_rule("DEBT")
    with FakeBras(secret=SECRET) as bras:
        for cause in CAUSES:
            bras.manners = Manners(refuse_coa=cause)
            sold = sold_at_300_50()
            session(sold, port=bras.port, vendor=code)
            services.block(sold)
            act()
            assert [one[1] for one in states()[-2:]] == ["NAK", "ACKNOWLEDGED"]
            assert bras.kinds()[-1] == "disconnect"
            assert not Session.objects.get(subscription=sold).is_guest


@pytest.mark.parametrize("code", SHIPPED)
def test_each_refusal_of_an_end_is_a_dead_letter_but_for_a_session_that_is_gone(code: str) -> None:
    with FakeBras(secret=SECRET) as bras:
        bras.answer = "nak"
        for cause in [*CAUSES, 503]:
            bras.error_cause = cause
            sold = sold_at_300_50()
            session(sold, port=bras.port, vendor=code)
            services.block(sold)  # no rule for debtors: cut
            act()
            state = "NAK" if cause == 503 else "DEAD"
            assert states()[-1] == ("DISCONNECT", state, cause or None)
            suspect = Session.objects.get(subscription=sold).state == "SUSPECT"
            assert suspect == (cause == 503)


@pytest.mark.parametrize("code", SPEAKING)
def test_a_session_that_the_bras_does_not_know_is_suspect_and_not_cut(code: str) -> None:
    with FakeBras(secret=SECRET) as bras:
        bras.sessions = {}
        sold = sold_at_300_50()
        session(sold, port=bras.port, vendor=code)
        sell_faster(sold)
        act()
        assert [one[1:] for one in states()] == [("NAK", 503)]
        assert Session.objects.get().state == "SUSPECT"
        assert "disconnect" not in bras.kinds()


@pytest.mark.parametrize("line", BAD_LINES)
@pytest.mark.parametrize("code", SHIPPED)
def test_a_bad_line_changes_nothing_and_nothing_is_done_twice(code: str, line: str) -> None:
    """A tariff, a block and its end: each packet is done once, whatever the line does to it."""
    services.guest_rule("DEBT")
    said: dict[str, tuple[list[str], list[str], list[tuple[str, str, int | None]]]] = {}
    for name, manners in {"good": Manners(), line: BAD_LINES[line]}.items():
        with FakeBras(secret=SECRET, manners=manners) as bras:
            sold = sold_at_300_50()
            running = session(sold, port=bras.port, vendor=code)
            Nas.objects.update(coa_port=bras.port)
            bras.sessions = {running.acct_session_id: {}}
            sell_faster(sold)
            act()
            blocked = services.block(sold)
            act(1)
            services.unblock(blocked, at=AT)
            act(2)
            said[name] = bras.kinds(), without_names(bras), states()
        AccessAction.objects.all().delete()
    assert said[line] == said["good"]
    if code in SPEAKING:  # of others each change is an end, and a second one finds no session
        kinds, _said, asked = said[line]
        assert kinds == ["coa"] * len(bras.received)
        assert {one[1] for one in asked} == {"ACKNOWLEDGED"}


def without_names(bras: FakeBras) -> list[str]:
    """What was said, but for what is another one's in each session."""
    return [one for text in bras.said() for one in text.split(" ") if not one.startswith(PERSONAL)]


@pytest.mark.parametrize("code", SPEAKING)
def test_silence_in_the_middle_of_a_change_goes_on_where_it_was(code: str) -> None:
    with FakeBras(secret=SECRET) as bras:
        bras.answer = "silence"
        sold = sold_at_300_50()
        running = session(sold, port=bras.port, vendor=code)
        bras.sessions = {running.acct_session_id: {}}
        sell_faster(sold)
        assert act() == ["TIMED_OUT"]
        bras.answer = "ack"
        assert act(11) == ["ACKNOWLEDGED"]
        assert bras.kinds() == ["coa"] * len(bras.received)
        assert bras.sessions[running.acct_session_id]
