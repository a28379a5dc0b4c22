"""Access servers, drivers, the queue and the drift board, as staff see and use them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from network import edited_drivers
from network.models import AccessAction, BrasDriver, Nas, RadiusDecision, Session, TemporarySpeed
from network.vendors import declarations
from network.vendors.registry import SHIPPED, driver_of
from project.core.models import AuditEntry
from project.core.roles import Role
from tests.integration.network.test_live_changes import sell_faster, session
from tests.support import services, zones
from tests.support.fake_bras import FakeBras

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_drivers() -> Iterator[None]:
    edited_drivers.forget()
    yield
    edited_drivers.forget()


@pytest.fixture
def engineer() -> Client:
    client = Client()
    client.force_login(zones.planner("engineer", Role.NETWORK_ENGINEER))
    return client


def card(**more: object) -> dict[str, object]:
    return {
        "name": "BRAS Центр",
        "address": "192.0.2.7",
        "vendor": "juniper_mx",
        "secret": "a-good-secret",
        "coa_port": 3799,
        "in_flight_max": 200,
        "on_refusal": "DISCONNECT",
        "latitude": "49.99",
        "longitude": "36.23",
        **more,
    }


def texts(code: str, **more: object) -> dict[str, object]:
    told = declarations.as_texts(SHIPPED[code])
    flags = {f"can_{name}": "on" for name, on in told.pop("capabilities").items() if on}
    return {**told, **flags, **more}


def test_an_access_server_is_added_changed_and_retired_with_a_trace(engineer: Client) -> None:
    added = engineer.post(reverse("workspace:nas-new"), card())
    nas = Nas.objects.get()
    assert added.status_code == 302
    assert (nas.vendor, round(nas.point.x, 2)) == ("juniper_mx", 36.23)
    there = reverse("workspace:nas", args=[nas.id])
    changed = engineer.post(there, card(secret="", can_coa_rate="no", coa_port=1700))
    assert changed.status_code == 302
    nas.refresh_from_db()
    assert (nas.coa_port, nas.capabilities) == (1700, {"coa_rate": False})
    page = engineer.get(there).content.decode()
    assert "a-good-secret" not in page
    act = reverse("workspace:nas-act", args=[nas.id])
    shown = engineer.post(act, {"do": "secret"})
    assert "a-good-secret" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    engineer.post(act, {"do": "retire"})
    nas.refresh_from_db()
    assert nas.retired_at is not None
    told = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert told == [
        "network.nas.added",
        "network.nas.changed",
        "network.nas.secret_shown",
        "network.nas.retired",
    ]
    assert "a-good-secret" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "10.0.0"},
        {"address": "fe80::1%eth0"},
        {"longitude": ""},
        {"address": "%{User-Name}"},
        {"secret": "short"},
        {"secret": "з кирилицею-тут"},
        {"coa_port": "99999"},
        {"in_flight_max": "201"},
        {"vendor": "none"},
        {"latitude": "400"},
        {"name": ""},
    ],
)
def test_a_wrong_card_is_refused_in_words(engineer: Client, wrong: dict[str, str]) -> None:
    answer = engineer.post(reverse("workspace:nas-new"), card(**wrong))
    assert answer.status_code == 422
    assert "ws-error" in answer.content.decode()
    assert not Nas.objects.exists()


def test_the_check_tells_an_answer_from_silence(
    engineer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("network.radius.dynauth.TIMEOUT_S", 0.1)
    with FakeBras(secret="bras-secret") as bras:
        nas = services.nas(coa_port=bras.port)
        act = reverse("workspace:nas-act", args=[nas.id])
        bras.sessions = {}
        engineer.post(act, {"do": "check"})
        nas.refresh_from_db()
        assert nas.check_result == "SESSION"
        bras.answer = "silence"
        told = engineer.post(act, {"do": "check"}, follow=True).content.decode()
        nas.refresh_from_db()
        assert (nas.check_result, nas.check_ms) == ("SILENT", None)
        assert "alert-warning" in told


def test_an_edited_driver_speaks_and_can_be_set_back(engineer: Client) -> None:
    there = reverse("workspace:driver", args=["accel_ppp"])
    told = texts("accel_ppp")
    told["accept_templates"] = str(told["accept_templates"]).replace(
        "{down_kbit}/{up_kbit}", "{down_kibit}/{up_kibit}"
    )
    assert engineer.post(there, told).status_code == 302
    edited_drivers.forget()
    assert driver_of("accel_ppp").accept_templates != SHIPPED["accel_ppp"].accept_templates
    assert engineer.get(there).status_code == 200
    engineer.post(there, {"do": "reset"})
    edited_drivers.forget()
    assert driver_of("accel_ppp") == SHIPPED["accel_ppp"]
    assert not BrasDriver.objects.exists()


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("RATE FULL Mikrotik-Rate-Limitt := {up_suffix}", "Mikrotik-Rate-Limitt"),
        ("RATE FULL WISPr-Bandwidth-Max-Up := {up_suffix}", "50M"),
        ("RATE FULL WISPr-Bandwidth-Max-Up := {up_bit}", "10000000000"),
        ("RATE FULL Filter-Id := {__class__}", "{__class__}"),
        ("RATE FULL Filter-Id := {down_kbit.__class__}", "{down_kbit.__class__}"),
        ("RATE SOMETIMES Filter-Id := x", "SOMETIMES"),
        ("ADDRESS FULL Framed-IP-Address := everywhere", "everywhere"),
        ("RATE FULL Filter-Id := " + "x" * 260, "Filter-Id"),
        ("nonsense", "nonsense"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_nothing_is_saved(
    engineer: Client, line: str, about: str
) -> None:
    told = texts("generic")
    told["accept_templates"] = f"{told['accept_templates']}\n{line}"
    answer = engineer.post(reverse("workspace:driver", args=["generic"]), told)
    assert answer.status_code == 422
    assert about in answer.content.decode()
    assert not BrasDriver.objects.exists()


def test_all_shipped_drivers_come_through_the_editor_as_they_are() -> None:
    for code, driver in SHIPPED.items():
        found = declarations.read(code, declarations.as_texts(driver))
        assert found.problems == ()
        assert found.driver == driver


def test_a_dry_run_shows_the_accept_and_the_change(engineer: Client) -> None:
    nas = services.nas(vendor="cisco_isg")
    sold = services.service()
    session(sold, port=3799, vendor="cisco_isg")
    there = reverse("workspace:dry-run")
    page = engineer.get(there, {"q": services.login_of(sold), "nas": nas.id}).content.decode()
    assert "AINET_300M" in page
    services.block(sold)
    page = engineer.get(there, {"q": services.login_of(sold), "nas": nas.id}).content.decode()
    assert "Access-Reject" in page
    assert "account-logoff" in page
    assert engineer.get(there, {"q": "'; DROP", "driver": "mikrotik"}).status_code == 200


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_dry_run_names_the_rule_the_pool_and_who_is_nobody(
    engineer: Client, language: str
) -> None:
    engineer.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    nas, other = services.nas(), services.nas(address="127.0.0.2")
    pool = services.pool(mode="DYNAMIC")
    sold = services.service()
    there = reverse("workspace:dry-run")
    asked = {"q": services.login_of(sold), "nas": nas.id}
    assert pool.name in engineer.get(there, asked).content.decode()
    services.guest_rule("DEBT", "UNKNOWN", nas_id=nas.id)
    services.block(sold)
    page = engineer.get(there, asked)
    assert page.context["found"].rule.name in page.content.decode()
    assert "Access-Accept" in page.content.decode()
    assert "Access-Reject" in engineer.get(there, {**asked, "nas": other.id}).content.decode()
    stranger = engineer.get(there, {"q": "<b>who</b>", "nas": nas.id}).content.decode()
    assert "Access-Accept" in stranger
    assert "&lt;b&gt;who" in stranger
    refused = engineer.get(there, {"q": "who", "nas": other.id}).content.decode()
    assert "Access-Reject" in refused


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_session_shows_what_it_should_have_and_has(engineer: Client, language: str) -> None:
    engineer.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    sold = services.service(at=services.AT - timedelta(hours=1))
    running = session(sold, port=3799)
    there = reverse("workspace:session", args=[running.unique_id])
    page = engineer.get(there)
    assert not any(line.differs for line in page.context["agreement"].lines)
    assert "300" in page.content.decode()
    sell_faster(sold, at=services.AT)
    AccessAction.objects.update(
        state="DEAD", kind="COA", error_cause=506,
        packets=[{"code": "COA", "concern": "RATE", "verdict": "NAK", "error_cause": 506}],
    )  # fmt: skip
    page = engineer.get(there)
    differing = [line for line in page.context["agreement"].lines if line.differs]
    assert [(line.should[:3], line.has[:3]) for line in differing] == [("500", "300")]
    text = page.content.decode()
    assert "CoA RATE → <b>NAK</b> 506" in text
    assert "is-different" in text
    Session.objects.update(subscription=None)
    assert "of=nobody" in engineer.get(there).content.decode()


@pytest.mark.parametrize("language", ["uk", "en"])
def test_sessions_in_agreement_have_their_tab(engineer: Client, language: str) -> None:
    engineer.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    sold = services.service(at=services.AT - timedelta(hours=1))
    running = session(sold, port=3799)
    board = reverse("workspace:drift")
    assert "of=agreed" in engineer.get(board).content.decode()
    page = engineer.get(board, {"of": "agreed", "nas": running.nas_id})
    assert services.login_of(sold) in page.content.decode()
    assert page.context["page"].next_before is None
    sell_faster(sold, at=services.AT)
    assert engineer.get(board, {"of": "agreed"}).context["rows"] == []


def test_the_drift_board_and_the_queue_show_and_mend(engineer: Client) -> None:
    sold = services.service()
    session(sold, port=3799)
    sell_faster(sold)
    AccessAction.objects.update(state="DEAD", error_cause=506, kind="COA")
    board = engineer.get(reverse("workspace:drift"))
    assert services.login_of(sold) in board.content.decode()
    queue = engineer.get(reverse("workspace:actions"), {"tab": "dead"}).content.decode()
    assert "506" in queue
    dead = AccessAction.objects.get()
    retried = engineer.post(
        reverse("workspace:action-decide", args=[dead.id]),
        {"do": "retry", "next": "//evil.example/"},
    )
    assert retried["Location"] == reverse("workspace:actions")
    assert list(AccessAction.objects.order_by("id").values_list("state", flat=True)) == [
        "OBSOLETE",
        "DESIRED",
    ]
    AccessAction.objects.filter(state="DESIRED").update(state="DEAD")
    engineer.post(reverse("workspace:drift-mend"), {"reason": "", "nas": ""})
    assert AccessAction.objects.filter(state="DESIRED", cause="DRIFT").count() == 1
    for reason in ("ACCESS", "PROFILE", "WAITING", "nonsense"):
        assert engineer.get(reverse("workspace:drift"), {"reason": reason}).status_code == 200


@pytest.mark.parametrize("language", ["uk", "en"])
def test_sessions_of_nobody_are_listed_and_ended(engineer: Client, language: str) -> None:
    running = session(services.service(), port=3799)
    Session.objects.update(subscription=None, login="<b>who</b>", circuit_hex="ff00")
    engineer.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    board = reverse("workspace:drift")
    assert "of=nobody" in engineer.get(board).content.decode()
    for kind in ("", "UNKNOWN", "nonsense"):
        page = engineer.get(board, {"of": "nobody", "kind": kind}).content.decode()
        assert "&lt;b&gt;who" in page
        assert "circuit=0xff00" in page
    assert engineer.get(board, {"of": "nobody", "kind": "GUEST"}).context["rows"] == []
    engineer.post(
        reverse("workspace:session-act"), {"session": running.unique_id, "do": "disconnect"}
    )
    assert AccessAction.objects.get().kind == "DISCONNECT"
    queue = engineer.get(reverse("workspace:actions")).content.decode()
    there = reverse("workspace:session", args=[running.unique_id])
    assert there in queue, "of whom nothing else is known, the session is"


def test_who_came_without_a_login_is_told_by_device_and_port(engineer: Client) -> None:
    session(services.service(), port=3799)
    told = "Gi0/1:100"
    Session.objects.update(
        subscription=None, login="", mac="02aa0000000b", circuit_hex=told.encode().hex()
    )
    for page in (f"{reverse('workspace:drift')}?of=nobody", reverse("workspace:sessions")):
        shown = engineer.get(page).content.decode()
        assert "02:aa:00:00:00:0b" in shown
        assert told in shown


def test_a_session_is_ended_re_authorized_and_sped_up_by_buttons(engineer: Client) -> None:
    sold = services.service()
    running = session(sold, port=3799)
    act = reverse("workspace:session-act")
    engineer.post(act, {"session": running.unique_id, "do": "reauthorize"})
    engineer.post(act, {"session": running.unique_id, "do": "disconnect"})
    assert list(AccessAction.objects.order_by("id").values_list("cause", flat=True)) == [
        "REAUTHORIZED",
        "STAFF",
    ]
    assert engineer.post(act, {"session": "none", "do": "disconnect"}).status_code == 404
    faster = reverse("workspace:service-speed", args=[sold.id])
    given = engineer.post(faster, {"down": "500", "up": "200", "minutes": "60"})
    assert given.status_code == 302, given.content.decode()
    assert RadiusDecision.objects.get().speed_down_bit_s == 500_000_000
    engineer.post(faster, {"do": "end"})
    assert not TemporarySpeed.objects.filter(settled_at=None).exists()
    assert RadiusDecision.objects.get().speed_down_bit_s == 300_000_000


def test_another_speed_is_asked_where_the_session_is_seen(engineer: Client) -> None:
    sold = services.service()
    running = session(sold, port=3799)
    faster = reverse("workspace:service-speed", args=[sold.id])
    here = f"{reverse('workspace:sessions')}?q=gb"
    for page in (here, reverse("workspace:session", args=[running.unique_id])):
        assert f'href="{faster}?next=%2Fworkspace' in engineer.get(page).content.decode(), page
    part = engineer.get(faster, {"next": here}, headers={"HX-Target": "ws-act"})
    assert part.status_code == 200
    assert "<h1" not in part.content.decode()
    given = engineer.post(faster, {"down": "500", "up": "200", "minutes": "60", "next": here})
    assert given.headers["Location"] == here
    again = engineer.get(faster).content.decode()
    assert 'name="do" value="end"' in again


@pytest.mark.parametrize(
    "typed,field",
    [
        ({"down": "x", "up": "200", "minutes": "60"}, "down"),
        ({"down": "", "up": "200", "minutes": "60"}, "down"),
        ({"down": "500", "up": "100001", "minutes": "60"}, "up"),
        ({"down": "500", "up": "200", "minutes": "7"}, "minutes"),
    ],
)
def test_a_speed_that_is_none_is_told_at_its_field_and_nothing_typed_is_lost(
    engineer: Client, typed: dict[str, str], field: str
) -> None:
    sold = services.service()
    told = engineer.post(reverse("workspace:service-speed", args=[sold.id]), typed)
    assert told.status_code == 422
    assert list(told.context["form"].errors) == [field]
    assert f'value="{typed["up"]}"' in told.content.decode()
    assert not TemporarySpeed.objects.exists()


def test_a_guest_has_no_speed_to_change(engineer: Client) -> None:
    session(services.service(), port=3799)
    Session.objects.update(is_guest=True)
    assert "/workspace/speeds/" not in engineer.get(reverse("workspace:sessions")).content.decode()
