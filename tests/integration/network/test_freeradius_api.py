"""The REST contract with FreeRADIUS."""

import json
import logging
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from network import access_requests, authorizations, intervals, operations, pools
from network.addressing import editing
from network.api.freeradius import TOKEN_HEADER
from network.models import Nas, RadiusDecision, RejectLog, Session, SessionEvent, SessionHistory
from network.option82 import rules
from network.option82.parsing import Part
from network.radius.note_entry import Note
from network.radius.note_entry import parse as parse_note
from network.vendors.driver import ReplyAttribute
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.services import AT, MBIT

pytestmark = [pytest.mark.django_db, pytest.mark.urls("project.urls_radius")]

TOKEN = "token-of-tests"
HOSTILE = [
    "%{User-Name}",
    "%{control:Cleartext-Password}",
    "100%",
    "a\"b'c\\d",
    '", "control:Auth-Type": "Accept',
    "x" * 253,
    "Ð\x86Ð²Ð°Ð½",
    "\x00\x01\x7f",
    "'; DROP TABLE radius_decision; --",
    "",
]


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.GEOBILL_RADIUS_REST_TOKEN = TOKEN


def ask(path: str, *, token: str = TOKEN, **attributes: Any) -> Any:
    body = {
        name.replace("_", "-"): {
            "type": "string",
            "value": value if isinstance(value, list) else [value],
        }
        for name, value in attributes.items()
    }
    return Client(headers={TOKEN_HEADER: token}).post(
        f"/radius/{path}", data=json.dumps(body), content_type="application/json"
    )


def authorize(login: str, **more: Any) -> Any:
    more = {"User_Password": "whatever", "Bill_Nas_Src": "127.0.0.1", **more}
    return ask("authorize", User_Name=login, **more)


def every_value(told: Any) -> list[dict[str, Any]]:
    return list(told.values())


def test_accept_carries_password_address_speed_and_class() -> None:
    services.pool()
    services.nas(vendor="mikrotik")
    sold = services.service()
    row = RadiusDecision.objects.get(subscription=sold)
    answer = authorize(row.login)
    told = answer.json()
    assert answer.status_code == 200
    assert told["control:Cleartext-Password"] == {"do_xlat": False, "value": row.password}
    assert told["Framed-IP-Address"]["value"] == "10.77.0.2"
    assert told["Mikrotik-Rate-Limit"]["value"] == "100M/300M"
    interim_s = intervals.of_service_s(300, subscription_id=sold.id)
    assert told["Acct-Interim-Interval"]["value"] == interim_s
    assert 0.95 * 86_400 <= told["Session-Timeout"]["value"] <= 86_400, "not all at one moment"
    assert told["Class"]["value"].startswith(f"s:{sold.id}:")
    assert all(one["do_xlat"] is False for one in every_value(told))
    assert authorize(row.login).json()["Class"] != told["Class"]
    assert not RejectLog.objects.exists()


def test_what_is_lent_for_the_session_is_marked_for_the_memory_of_the_server() -> None:
    nas = services.nas()
    services.pool()
    assert "request:Bill-Lent" not in authorize(services.login_of(services.service())).json()
    services.pool(links="2001:db8:7::/48", mode="DYNAMIC")
    told = authorize(services.login_of(services.service())).json()
    assert told["Framed-IP-Address"]["value"] == "10.77.0.3", "his own"
    assert told["Framed-IPv6-Prefix"]["value"].startswith("2001:db8:7:")
    assert told["request:Bill-Lent"] == {"do_xlat": False, "value": "6"}
    editing.make_pool(
        wish=editing.PoolWish(name="walled", range_text="100.64.0.0/24", is_guest=True),
        at=AT,
        actor=SYSTEM,
    )
    services.guest_rule("UNKNOWN", nas_id=nas.id)
    told = authorize("who-is-it", Calling_Station_Id="02:00:00:00:aa:01").json()
    assert told["Framed-IP-Address"]["value"].startswith("100.64.")
    assert told["request:Bill-Lent"]["value"] == "4"


def test_what_is_lent_in_another_attribute_is_marked_so() -> None:
    reply = [
        ReplyAttribute("Framed-IP-Address", ":=", "10.77.0.9"),
        ReplyAttribute("Cisco-AVPair", "+=", "ip:addr=10.77.0.9"),
        ReplyAttribute("Delegated-IPv6-Prefix", ":=", "2001:db8:7::/56"),
    ]
    assert access_requests.lent_in(reply, pools.Held(ipv4="10.77.0.9")) == "4x"
    assert access_requests.lent_in(reply, pools.Held(delegated="2001:db8:7::/56")) == "d"
    assert access_requests.lent_in(reply, pools.NOTHING) == ""


@pytest.mark.parametrize(
    ("vendor", "attribute", "value"),
    [
        ("accel_ppp", "Filter-Id", "300000/100000"),
        ("generic", "WISPr-Bandwidth-Max-Down", str(300 * MBIT)),
    ],
)
def test_the_speed_is_said_in_the_dialect_of_the_bras(
    vendor: str, attribute: str, value: str
) -> None:
    services.nas(vendor=vendor)
    told = authorize(services.login_of(services.service())).json()
    assert str(told[attribute]["value"]) == value


@pytest.mark.parametrize("reason", ["DEBT", "ADMIN", "ABUSE"])
def test_a_blocked_service_is_refused_with_a_word_and_a_trace(reason: str) -> None:
    services.nas()
    sold = services.service()
    services.block(sold, reason=reason)
    answer = authorize(services.login_of(sold).upper())
    told = answer.json()
    assert answer.status_code == 401
    assert set(told) == {"Reply-Message", "request:Bill-Reason"}
    assert told["request:Bill-Reason"] == {"do_xlat": False, "value": f"{reason}//{sold.id}"}
    assert told["Reply-Message"]["do_xlat"] is False
    reject = RejectLog.objects.get()
    assert (reject.subscription_id, reject.reason, reject.nas_address) == (
        sold.id,
        reason,
        "127.0.0.1",
    )


def test_a_guest_is_walled_in_where_the_bras_can_and_refused_where_not() -> None:
    services.nas(address="10.0.0.1", vendor="mikrotik")
    services.nas(address="10.0.0.2", vendor="generic")
    rule = services.guest_rule("DEBT")
    sold = services.service()
    services.block(sold)
    login = services.login_of(sold)
    guest = authorize(login, Bill_Nas_Src="10.0.0.1").json()
    assert guest["Mikrotik-Address-List"]["value"] == "geobill-guest"
    assert guest["Class"]["value"].startswith(f"g:{rule}:{sold.id}:")
    assert guest["Session-Timeout"]["value"] == 300
    told_s = guest["Acct-Interim-Interval"]["value"]
    assert told_s == intervals.of_service_s(300, subscription_id=sold.id), "it is let out with it"
    assert authorize(login, Bill_Nas_Src="10.0.0.2").status_code == 401


def test_port_and_mac_are_accepted_without_a_password() -> None:
    services.nas()
    sold = services.service()
    operations.set_equipment(
        subscription_id=sold.id,
        mac="AA:BB:CC:DD:EE:FF",
        circuit_hex="0004006400",
        remote_hex="000600112233ff8a",
        at=AT,
        actor=SYSTEM,
    )
    answer = ask(
        "authorize",
        User_Name="aa:bb:cc:dd:ee:ff",
        Bill_Nas_Src="127.0.0.1",
        ADSL_Agent_Circuit_Id="0x0004006400",
        ADSL_Agent_Remote_Id="\x00\x06\x00\x11\x22\x33\xff\x8a",
    )
    told = answer.json()
    assert answer.status_code == 200
    assert told["control:Auth-Type"] == {"do_xlat": False, "value": "Accept"}
    assert "control:Cleartext-Password" not in told


@pytest.mark.parametrize("login", HOSTILE)
def test_hostile_names_open_nothing_and_break_nothing(login: str) -> None:
    services.nas()
    services.service()
    answer = authorize(login, User_Password=login, Calling_Station_Id=login)
    assert answer.status_code == 401
    assert set(answer.json()) == {"Reply-Message", "request:Bill-Reason"}
    assert RejectLog.objects.get().reason == "UNKNOWN"


def test_a_mangled_cyrillic_login_is_written_down_in_letters() -> None:
    services.nas()
    authorize("Іван".encode().decode("latin-1"))
    assert RejectLog.objects.get().login == "іван"


@pytest.mark.parametrize("password", ["100%", "%{User-Name}", "a\"b'c\\d/", "пароль"])
def test_any_password_is_handed_over_literally(password: str) -> None:
    services.nas()
    sold = services.service()
    RadiusDecision.objects.filter(subscription=sold).update(password=password)
    told = authorize(services.login_of(sold)).json()
    assert told["control:Cleartext-Password"] == {"do_xlat": False, "value": password}


def test_an_unregistered_or_retired_bras_gets_nobody_in() -> None:
    nas = services.nas()
    login = services.login_of(services.service())
    assert authorize(login, Bill_Nas_Src="10.66.0.1").status_code == 401
    nas.retired_at = AT
    nas.save()
    assert authorize(login).status_code == 401
    assert set(RejectLog.objects.values_list("reason", flat=True)) == {"UNKNOWN_NAS"}


def test_a_hammering_device_makes_one_row_that_counts() -> None:
    services.nas()
    for _ in range(5):
        authorize("nobody")
    assert RejectLog.objects.get().times == 5


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x"])
@pytest.mark.parametrize("path", ["authorize", "accounting", "post-auth"])
def test_without_the_token_nothing_is_told_or_taken(path: str, token: str) -> None:
    services.nas()
    assert ask(path, token=token, User_Name="x").status_code == 503
    assert not RejectLog.objects.exists()


def test_a_wrong_password_is_written_down_without_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sold = services.service()
    login = services.login_of(sold)
    entry = note_entry("WRONG_PASSWORD", login=login, proof="PAP")
    answer = ask("post-auth", Bill_Entry=entry, User_Password="hunter2-hunter2")
    reject = RejectLog.objects.get()
    line = SessionEvent.objects.get()
    assert (line.kind, line.subscription_id) == ("REJECT", sold.id)
    assert line.attributes["User-Password"] == "***"
    assert answer.status_code == 204
    assert (reject.reason, reject.subscription_id) == ("WRONG_PASSWORD", sold.id)
    assert "hunter2" not in caplog.text + json.dumps(reject.details)


def note_entry(outcome: str, *, login: str, proof: str = "", reply: str = "") -> str:
    """As raddb/policy/notes writes it."""
    request = f"User-Name=h{login.encode().hex()};NAS-Port=t;Service-Type=tFramed-User"
    head = f"n1|{outcome}|fast|{int(AT.timestamp())}|127.0.0.1|aabbcc000001|0004|00ff|"
    return f"{head}|{proof}|{request}|{reply.encode().hex()}"


def test_what_was_answered_stands_in_the_time_line_once() -> None:
    nas = services.nas()
    sold = services.service()
    reply = (
        f"Class = 0x{f's:{sold.id}:ab12cd34'.encode().hex()}, Framed-IP-Address = 10.77.0.2,"
        ' Mikrotik-Rate-Limit = "100M/300M, \\"x\\"", REST-HTTP-Status-Code = 200, Torn = "end'
    )
    for _ in range(2):
        entry = note_entry("ACCEPT", login="GB1", proof="CHAP", reply=reply)
        assert ask("post-auth", Bill_Entry=entry).status_code == 204
    line = SessionEvent.objects.get()
    assert (line.kind, line.nonce, line.at) == ("AUTHORIZE", "ab12cd34", AT)
    assert (line.subscription_id, line.nas_id) == (sold.id, nas.id)
    assert line.attributes == {
        "User-Name": ["GB1"],
        "Service-Type": ["Framed-User"],
        "CHAP-Password": "***",
        "Agent-Circuit-Id": "0x0004",
        "Agent-Remote-Id": "0x00ff",
        "decided_by": "fast",
        "reply:Class": [f"s:{sold.id}:ab12cd34"],
        "reply:Framed-IP-Address": ["10.77.0.2"],
        "reply:Mikrotik-Rate-Limit": ['100M/300M, "x"'],
    }


def test_a_refusal_of_an_outage_reaches_the_list_with_its_reason() -> None:
    services.nas()
    sold = services.service()
    login = services.login_of(sold)
    services.block(sold)
    ask("post-auth", Bill_Entry=note_entry("REFUSED", login=login, proof="1"))
    ask("post-auth", Bill_Entry=note_entry("REFUSED", login="nobody", proof="1"))
    assert set(RejectLog.objects.values_list("login", "reason", "at")) == {
        (login, "DEBT", AT),
        ("nobody", "UNKNOWN", AT),
    }
    line = SessionEvent.objects.get()
    assert (line.kind, line.subscription_id, line.attributes["reason"]) == (
        "REJECT", sold.id, "DEBT",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "n1|ACCEPT", "n1|NEVER" + "|" * 10, "n1|ACCEPT|" + "|" * 8 + "|no hex", "\x00"]
)
def test_a_note_that_is_none_is_dropped(text: str) -> None:
    assert ask("post-auth", Bill_Entry=text).status_code == 204
    assert not RejectLog.objects.exists()


def test_without_the_stream_the_group_itself_remembers_whom_it_let_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GEOBILL_RADIUS_ACCOUNTING = "rest"
    kept: list[Note] = []
    monkeypatch.setattr(authorizations.LATER, "add", kept.append)
    services.nas()
    sold = services.service()
    row = RadiusDecision.objects.get(subscription=sold)
    assert authorize(row.login, User_Password=row.password).status_code == 200
    assert authorize(row.login, User_Password="wrong").status_code == 200
    assert not SessionEvent.objects.exists(), "nothing is written on the way of an answer"
    services.block(sold)
    assert authorize(row.login, User_Password=row.password).status_code == 401
    authorizations.write_down(kept)
    lines = {one.kind: one for one in SessionEvent.objects.all()}
    assert set(lines) == {"AUTHORIZE", "REJECT"}
    told = lines["AUTHORIZE"].attributes
    assert told["User-Password"] == "***" or told["User-Password"] == ["***"]
    assert told["reply:Mikrotik-Rate-Limit"] == ["100M/300M"]
    assert lines["AUTHORIZE"].nonce == told["reply:Class"][0].rsplit(":", 1)[1]
    assert lines["REJECT"].attributes["reason"] == "DEBT"


def test_an_empty_password_is_no_proof(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As RouterOS asks for a DHCP lease; over PPP somebody typed nothing, and is held to it."""
    settings.GEOBILL_RADIUS_ACCOUNTING = "rest"
    kept: list[Note] = []
    monkeypatch.setattr(authorizations.LATER, "add", kept.append)
    services.nas()
    sold = services.service()
    operations.set_equipment(
        subscription_id=sold.id, mac="aabbcc000001", circuit_hex="0004", at=AT, actor=SYSTEM
    )
    asks = {"User_Password": "", "Bill_Mac": "aabbcc000001", "Bill_Circuit_Id": "0004"}
    told = authorize("AA:BB:CC:00:00:01", **asks).json()
    assert told["control:Auth-Type"]["value"] == "Accept"
    assert authorize(services.login_of(sold), **asks).json()["control:Cleartext-Password"]
    authorizations.write_down(kept)
    assert "User-Password" not in SessionEvent.objects.get().attributes


def test_notes_of_a_moment_are_one_batch_and_a_fault_ends_nothing() -> None:
    batches: list[int] = []

    def write(notes: Sequence[Note]) -> None:
        batches.append(len(notes))
        if len(batches) == 1:
            raise DatabaseError

    later = authorizations.Later(write=write)
    some = parse_note(note_entry("ACCEPT", login="a").encode(), received_at=AT)
    later._thread = threading.current_thread()  # flushed by hand
    for _ in range(3):
        later.add(some)
    assert (later.flush(), later.flush()) == (3, 0)
    later.add(some)
    assert later.flush() == 1
    assert batches == [3, 0, 1]


def test_a_rule_of_option_82_names_the_attribute_that_is_its_circuit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("network.factor_sources._cached", None)
    services.nas()
    sold = services.service()
    port = "slot=0;port=3;vlan=100"
    operations.set_equipment(
        subscription_id=sold.id,
        mac="aabbcc000001",
        circuit_hex=port.encode().hex(),
        at=AT,
        actor=SYSTEM,
    )
    asked = {"NAS_Port_Id": port, "Calling_Station_Id": "aa:bb:cc:00:00:01"}
    assert ask("authorize", User_Name="x", Bill_Nas_Src="127.0.0.1", **asked).status_code == 401
    wanted = rules.Wanted(
        name="slot and port",
        circuit=Part("TEXT", r"slot=[0-9]+;port=(?P<port>[0-9]+);vlan=(?P<vlan>[0-9]+)"),
        remote=Part(),
        modifiers={},
        circuit_source="NAS-Port-Id",
    )
    rules.save(rule_id=None, wanted=wanted, at=AT, actor=SYSTEM)
    monkeypatch.setattr("network.factor_sources._cached", None)
    answer = ask("authorize", User_Name="x", Bill_Nas_Src="127.0.0.1", **asked)
    assert answer.status_code == 200
    assert answer.json()["Class"]["value"].startswith(f"s:{sold.id}:")
    other = {**asked, "NAS_Port_Id": port.replace("port=3", "port=4")}
    assert ask("authorize", User_Name="x", Bill_Nas_Src="127.0.0.1", **other).status_code == 401


def test_the_card_of_a_bras_says_whether_it_takes_guests() -> None:
    nas = services.nas(vendor="mikrotik")
    services.guest_rule("DEBT")
    sold = services.service()
    services.block(sold)
    login = services.login_of(sold)
    assert authorize(login).status_code == 200
    for vendor, has_wall, status in (
        ("mikrotik", False, 401),
        ("generic", True, 200),
        ("accel_ppp", True, 200),
    ):
        Nas.objects.filter(id=nas.id).update(vendor=vendor, capabilities={"guest_wall": has_wall})
        assert authorize(login).status_code == status, vendor


def account(kind: str, **more: Any) -> int:
    answer = ask(
        "accounting",
        Acct_Status_Type=kind,
        Acct_Session_Id="81a",
        Bill_Nas_Src="127.0.0.1",
        **more,
    )
    return int(answer.status_code)


def test_accounting_of_a_session_from_start_to_stop() -> None:
    services.nas()
    sold = services.service()
    told_class = f"s:{sold.id}:abcd".encode().hex()
    same = {"Bill_Class": told_class, "User_Name": services.login_of(sold)}
    assert account("Start", **same, Framed_IP_Address="10.77.0.2") == 204
    assert account("Interim-Update", **same, Acct_Output_Octets=7, Acct_Output_Gigawords=3) == 204
    row = Session.objects.get()
    assert (row.subscription_id, row.out_octets) == (sold.id, 3 * 2**32 + 7)
    assert account("Stop", **same, Acct_Terminate_Cause="User-Request") == 204
    assert SessionHistory.objects.get().out_octets == 3 * 2**32 + 7


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_accounting_is_taken_or_dropped_but_never_stays(text: str) -> None:
    assert account("Start", User_Name=text, Class=text, Framed_IP_Address=text) == 204
    assert account(text) == 204
    assert account("Stop", Acct_Terminate_Cause=text, Acct_Input_Octets=text) == 204


def test_a_body_that_is_no_json_is_told_so() -> None:
    client = Client(headers={TOKEN_HEADER: TOKEN})
    for path in ("authorize", "accounting", "post-auth"):
        answer = client.post(f"/radius/{path}", data=b"{", content_type="application/json")
        assert answer.status_code == 400


def test_the_list_of_brases_in_both_forms() -> None:
    services.nas(address="10.5.0.1", secret="s3cret-%{x}")
    client = Client(headers={TOKEN_HEADER: TOKEN})
    assert client.get("/radius/nas/10.5.0.1").content.startswith(b"s3cret-%{x} bras-")
    told = client.get("/radius/nas/10.5.0.1?format=json").json()
    assert told["control:FreeRADIUS-Client-Secret"] == {"do_xlat": False, "value": "s3cret-%{x}"}
    assert client.get("/radius/nas/10.5.0.2").status_code == 404
    assert client.get("/radius/nas/nonsense").status_code == 404
    assert Client().get("/radius/nas/10.5.0.1").status_code == 503


def test_who_waits_for_another_at_his_port_is_no_outage_and_others_do_not_wait() -> None:
    """A 503 would open the circuit breaker for everybody."""
    services.nas()
    services.guest_rule("UNKNOWN", per_port_max=5, per_mac_day_max=50)
    of_port = {"Bill_Circuit_Id": "0901", "Bill_Remote_Id": "03"}
    elsewhere = connection.copy()
    try:
        elsewhere.set_autocommit(False)
        for key in ("guest port 0901/03", "guest port /", "guest mac "):
            with elsewhere.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        waits = authorize("stranger", **of_port)
        assert (waits.status_code, waits.json()) == (500, {"error": "busy"})
        assert authorize("stranger").status_code == 200
        elsewhere.rollback()
        assert authorize("stranger", **of_port).status_code == 200
    finally:
        elsewhere.close()


def test_a_report_of_a_closed_service_tells_freeradius_to_forget_it() -> None:
    services.nas()
    sold, other = services.service(), services.service()
    services.block(sold)

    def report(service: int | None, **more: str) -> Any:
        told = f"s:{service}:ab12cd34" if service else ""
        return ask(
            "accounting", Acct_Status_Type="Interim-Update", Acct_Session_Id=f"a{service}",
            Class=told, Bill_Nas_Src="127.0.0.1", **more,
        )  # fmt: skip

    told = report(sold.id)
    assert told.status_code == 200
    assert told.json() == {"request:Bill-Verdict": {"do_xlat": False, "value": "CLOSED"}}
    assert Session.objects.get().subscription_id == sold.id
    assert report(other.id).status_code == 204
    assert report(None).status_code == 204
    assert report(10**12).status_code == 204
    on = ask("accounting", Acct_Status_Type="Accounting-On", Bill_Nas_Src="127.0.0.1")
    assert on.status_code == 204
