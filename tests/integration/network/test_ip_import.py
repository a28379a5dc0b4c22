"""Importing who has which address: each row is told, a second run changes nothing."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from billing.models import Subscription
from network import credentials, crypto, operations
from network.addressing import conflicts, editing, importcolumns, importfile, importjob
from network.addressing.importing import Import, portions
from network.addressing.importoutcome import Code, Outcome
from network.models import (
    AccessAction,
    AccessCredential,
    IpAssignment,
    IpClaim,
    RadiusDecision,
    Session,
)
from project.core import clock, jobs
from project.core.actor import SYSTEM, Actor, ActorKind
from project.core.errors import NotPermittedError
from project.core.jobs import files, run_waiting
from project.core.models import AuditEntry, Job
from project.core.roles import Permission, Role
from tests.support import services, zones
from tests.support.services import AT

pytestmark = pytest.mark.django_db


def imported(tmp_path: Path, rows: Sequence[str], *, writes: bool = True) -> list[Outcome]:
    path = tmp_path / "list.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    lines = importfile.read(path).lines
    work = Import(writes=writes, source="list.csv", at=AT, actor=SYSTEM)
    return [one for portion in portions(lines) for one in work.take(portion)]


def codes(outcomes: Sequence[Outcome]) -> list[Code]:
    return [one.code for one in outcomes]


def login(sold: Subscription) -> str:
    return services.login_of(sold)


def address(sold: Subscription) -> str | None:
    return RadiusDecision.objects.get(subscription=sold).framed_ip


def test_rows_are_given_by_login_and_by_contract_with_mac(tmp_path: Path) -> None:
    services.pool()
    first, second = services.service(), services.service()
    told = imported(
        tmp_path,
        [
            "Логін;Договір;MAC;IP",
            f"{login(first).upper()};;AA-BB-CC-00-00-01;10.77.0.50",
            f";{second.account.code.lower()};;10.77.0.51",
        ],
    )
    assert codes(told) == [Code.CHANGED, Code.CHANGED]
    assert (address(first), address(second)) == ("10.77.0.50", "10.77.0.51")
    assert AccessCredential.objects.get(subscription=first).mac == "aabbcc000001"
    assert RadiusDecision.objects.get(subscription=first).mac == "aabbcc000001"
    again = imported(
        tmp_path,
        [
            "login;mac;ip",
            f"{login(first)};aabb.cc00.0001;10.77.0.50",
            f"{login(second)};;10.77.0.51",
        ],
    )
    assert codes(again) == [Code.SAME, Code.SAME]


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    services.pool()
    sold = services.service()
    rows = ["login,ip", f"{login(sold)},10.77.0.50", "nobody,10.77.0.51"]
    dry = imported(tmp_path, rows, writes=False)
    assert address(sold) == "10.77.0.2"
    assert codes(dry) == codes(imported(tmp_path, rows)) == [Code.CHANGED, Code.UNKNOWN]


def test_every_bad_row_says_why(tmp_path: Path) -> None:
    services.pool(last="10.77.0.20")
    editing.reserve(range_text="10.77.0.9", note="шлюз", at=AT, actor=SYSTEM)
    one, two, three, ended = (services.service() for _ in range(4))
    Subscription.objects.filter(id=ended.id).update(state="TERMINATED", terminated_date=AT.date())
    sibling = services.service()
    Subscription.objects.filter(id=sibling.id).update(account=three.account)
    told = imported(
        tmp_path,
        [
            "login;contract;mac;ip",
            "ніхто;;;10.77.0.15",
            f";{three.account.code};;10.77.0.15",
            f"{login(ended)};;;10.77.0.15",
            f"{login(one)};;;10.77.0.999",
            f"{login(one)};;не мак;10.77.0.15",
            f"{login(one)};;;{address(two)}",
            f"{login(one)};;;10.77.0.16",
            f"{login(two)};;;10.77.0.9",
            f"{login(three)};;;10.77.0.16",
            f"{login(sibling)};;;",
            f"{login(sibling)};;;2001:db8::/129",
            f"{login(one)};;;255.255.255.255",
        ],
    )
    assert codes(told) == [
        Code.UNKNOWN,
        Code.AMBIGUOUS,
        Code.ENDED,
        Code.BAD_ADDRESS,
        Code.BAD_MAC,
        Code.TAKEN,
        Code.REPEATED,
        Code.RESERVED,
        Code.GIVEN if address(three) is None else Code.CHANGED,
        Code.NOTHING,
        Code.BAD_ADDRESS,
        Code.BAD_ADDRESS,
    ]


def test_an_address_outside_every_pool_goes_in_and_is_a_conflict(tmp_path: Path) -> None:
    sold = services.service()
    told = imported(tmp_path, ["login;ip;pd", f"{login(sold)};203.0.113.7;2001:db8:7::/56"])
    assert [note.value for note in told[0].notes] == ["OUTSIDE"]
    assert address(sold) == "203.0.113.7"
    row = RadiusDecision.objects.get(subscription=sold)
    assert row.delegated_ipv6_prefix == "2001:db8:7::/56"
    found = conflicts.listed(kinds=[conflicts.Kind.OUTSIDE_OWN])
    assert {one.address for one in found} == {"203.0.113.7", "2001:db8:7::/56"}


def test_services_that_change_places_do_so_and_who_cannot_move_keeps_his(tmp_path: Path) -> None:
    services.pool()
    a, b, c, d = (services.service() for _ in range(4))
    told = imported(
        tmp_path,
        [
            "login;ip",
            f"{login(a)};{address(b)}",
            f"{login(b)};{address(a)}",
        ],
    )
    assert codes(told) == [Code.CHANGED, Code.CHANGED]
    assert (address(a), address(b)) == ("10.77.0.3", "10.77.0.2")
    told = imported(tmp_path, ["login;ip", f"{login(a)};{address(c)}", f"{login(c)};{address(d)}"])
    assert codes(told) == [Code.TAKEN, Code.TAKEN]
    assert [address(one) for one in (a, c, d)] == ["10.77.0.3", "10.77.0.4", "10.77.0.5"]


def test_what_another_one_holds_becomes_a_claim_that_a_person_settles(tmp_path: Path) -> None:
    services.pool()
    holder, claimant = services.service(), services.service()
    rows = ["login;ip", f"{login(claimant)};10.77.0.2"]
    assert codes(imported(tmp_path, rows)) == [Code.TAKEN]
    imported(tmp_path, rows)
    claim = IpClaim.objects.get()
    listed = conflicts.listed(kinds=[conflicts.Kind.CLAIM])
    assert [(one.subscription_id, one.other_id) for one in listed] == [(claimant.id, holder.id)]
    conflicts.settle_claim(claim_id=claim.id, gives=True, at=AT, actor=SYSTEM)
    assert address(claimant) == "10.77.0.2"
    assert address(holder) not in {None, "10.77.0.2"}
    assert conflicts.listed(kinds=[conflicts.Kind.CLAIM]) == []


def test_a_mac_of_another_service_is_left_out(tmp_path: Path) -> None:
    services.pool()
    first, second = services.service(), services.service()
    imported(tmp_path, ["login;mac", f"{login(first)};aa:bb:cc:00:00:01"])
    told = imported(tmp_path, ["login;mac;ip", f"{login(second)};aa:bb:cc:00:00:01;10.77.0.90"])
    assert [note.value for note in told[0].notes] == ["MAC_TAKEN"]
    assert (address(second), AccessCredential.objects.get(subscription=second).mac) == (
        "10.77.0.90",
        "",
    )


def test_the_job_makes_a_report_with_every_row_and_then_goes_in_earnest() -> None:
    services.pool()
    sold = services.service()
    text = f"login;ip;примітка\n{login(sold)};10.77.0.50;=1+1\nnobody;10.77.0.51;x\n"
    dry = importjob.hand_in(
        name="old.csv", content=ContentFile(text.encode("cp1251")), at=AT, actor=SYSTEM
    )
    run_waiting(now=clock.now)
    dry = Job.objects.get(id=dry.id)
    assert (dry.state, dry.counts) == ("DONE", {"ip_changed": 1, "ip_unknown": 1})
    assert address(sold) == "10.77.0.2"
    report = dry.files.get(role="RESULT")
    rows = list(
        csv.reader(io.StringIO(jobs.file_path(report).read_text("utf-8-sig")), delimiter=";")
    )
    assert rows[0][:3] == ["login", "ip", "примітка"]
    assert [row[2:4] for row in rows[2:]] == [["'=1+1", "CHANGED"], ["x", "UNKNOWN"]]
    importjob.in_earnest(job=dry, at=AT, actor=SYSTEM)
    run_waiting(now=clock.now)
    assert address(sold) == "10.77.0.50"


def test_the_command_reports_and_writes_only_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services.pool()
    sold = services.service()
    path = tmp_path / "ip.csv"
    path.write_text(f"login;ip\n{login(sold)};10.77.0.60\n", encoding="utf-8")
    call_command("import_ip_assignments", str(path))
    assert "dry run" in capsys.readouterr().out
    assert address(sold) == "10.77.0.2"
    call_command("import_ip_assignments", str(path), "--write")
    assert address(sold) == "10.77.0.60"
    assert (tmp_path / "ip-report.csv").read_text("utf-8-sig").count("\n") == 3


@pytest.mark.parametrize(
    "text", ["", "a;b\n1;2\n", "login;name\nx;y\n", "%PDF-1.4 nonsense\x00\x01"]
)
def test_a_file_that_says_nothing_is_refused_with_a_word(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_ip_assignments", str(path))


def test_portions_give_the_same_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services.pool()
    terms, house = services.tariff(), services.building()
    sold = [services.service(terms=terms, house=house) for _ in range(7)]
    rows = ["login;ip", *[f"{login(one)};10.77.0.{100 + n}" for n, one in enumerate(sold)]]
    monkeypatch.setattr("network.addressing.importing.PORTION", 3)
    assert set(codes(imported(tmp_path, [*rows, rows[1]]))) == {Code.CHANGED, Code.REPEATED}
    assert IpAssignment.objects.filter(source="IMPORT").count() == 7


def access(sold: Subscription) -> tuple[str, str]:
    """Login and password, which are the same in both tables."""
    kept = AccessCredential.objects.get(subscription=sold)
    decided = RadiusDecision.objects.get(subscription=sold)
    assert kept.login == decided.login
    assert crypto.decrypt(kept.password_encrypted) == decided.password
    assert (kept.circuit_hex, kept.remote_hex) == (decided.circuit_hex, decided.remote_hex)
    return decided.login, decided.password


def test_a_row_of_a_contract_or_a_service_brings_login_password_and_port(tmp_path: Path) -> None:
    services.pool()
    first, second, third = services.service(), services.service(), services.service()
    rows = [
        "Договір;Послуга;Логін;Пароль;Circuit-Id;remote_id;ip",
        f"{first.account.code};;Ivan.P;stary%pass;0x0004006400AA;0006 0011;10.77.0.50",
        f";{second.id};petro@dom;x;eth 0/1;;",
        f"{third.account.code};{third.id};;only-password;;;",
    ]
    dry = imported(tmp_path, rows, writes=False)
    assert access(first)[0] == f"gb{first.id}"
    told = imported(tmp_path, rows)
    assert codes(dry) == codes(told) == [Code.CHANGED, Code.ACCESS, Code.ACCESS]
    assert [note.value for note in told[0].notes] == ["LOGIN_SET", "PASSWORD_SET", "PORT_SET"]
    assert access(first) == ("ivan.p", "stary%pass")
    assert access(second) == ("petro@dom", "x")
    assert access(third) == (f"gb{third.id}", "only-password")
    kept = AccessCredential.objects.get(subscription=first)
    assert (kept.circuit_hex, kept.remote_hex) == ("0004006400aa", "00060011")
    assert AccessCredential.objects.get(subscription=second).circuit_hex == b"eth 0/1".hex()
    assert codes(imported(tmp_path, rows)) == [Code.SAME, Code.SAME, Code.SAME]
    assert address(first) == "10.77.0.50"


def test_a_login_alone_still_says_whose_row_it_is(tmp_path: Path) -> None:
    sold, other = services.service(), services.service()
    rows = ["login;password;uid", f"{login(sold)};his-own;77", f"ivan;x;{other.id}"]
    assert codes(imported(tmp_path, rows)) == [Code.ACCESS, Code.UNKNOWN]
    assert access(sold) == (f"gb{sold.id}", "his-own")
    # A number of the other system is nobody's login, even beside a contract.
    told = imported(tmp_path, ["contract;uid;password", f"{other.account.code};1042;x"])
    assert (codes(told), access(other)) == ([Code.ACCESS], (f"gb{other.id}", "x"))


def test_of_a_contracts_services_the_login_names_one_and_is_not_given_to_any(
    tmp_path: Path,
) -> None:
    first, second = services.service(), services.service()
    Subscription.objects.filter(id=second.id).update(account=first.account)
    code = first.account.code
    rows = ["contract;login;mac", f"{code};{login(second)};aa:bb:cc:00:00:02", f"{code};ivan;"]
    told = imported(tmp_path, rows)
    assert codes(told) == [Code.MAC_ONLY, Code.AMBIGUOUS]
    assert str(second.id) in told[1].about
    assert AccessCredential.objects.get(subscription=second).mac == "aabbcc000002"


def test_bad_and_taken_logins_passwords_and_ports_say_so(tmp_path: Path) -> None:
    sold = [services.service() for _ in range(8)]
    operations.set_equipment(subscription_id=sold[0].id, mac="aabbcc0000f1", at=AT, actor=SYSTEM)
    told = imported(
        tmp_path,
        [
            "service;login;password;circuit;remote-id",
            f"{sold[1].id};іван;;;",
            f"{sold[1].id};%{{User-Name}};;;",
            f"{sold[1].id};;два слова;;",
            f"{sold[1].id};;;0xabc;",
            f"{sold[1].id};;;;0006",
            f"{sold[1].id};{login(sold[0]).upper()};x;;",
            f"{sold[1].id};AA-BB-CC-00-00-F1;;;",
            f"{sold[2].id};ivan;;0a0b;",
            f"{sold[3].id};IVAN;;;",
            f"{sold[2].id};petro;;;",
            f"{sold[4].id};;;0a0b;",
            "999999999999999999;x;;;",
            "Інтернет;x;;;",
        ],
    )
    assert codes(told) == [
        Code.BAD_LOGIN,
        Code.BAD_LOGIN,
        Code.BAD_PASSWORD,
        Code.BAD_PORT,
        Code.BAD_PORT,
        Code.LOGIN_TAKEN,
        Code.REPEATED,
        Code.ACCESS,
        Code.REPEATED,
        Code.REPEATED,
        Code.ACCESS,
        Code.UNKNOWN,
        Code.UNKNOWN,
    ]
    assert access(sold[2])[0] == "ivan"
    again = imported(tmp_path, ["service;circuit", f"{sold[5].id};0a0b"])
    assert [note.value for note in again[0].notes] == ["PORT_SET", "PORT_SHARED"]
    mac = imported(tmp_path, ["service;login", f"{sold[6].id};AA-BB-CC-00-00-F1"])
    assert (codes(mac), mac[0].about) == ([Code.LOGIN_TAKEN], str(sold[0].id))
    assert access(sold[1])[0] == f"gb{sold[1].id}"


def test_logins_change_places_and_who_cannot_move_keeps_his(tmp_path: Path) -> None:
    services.pool()
    services.nas()
    a, b, c, d = (services.service() for _ in range(4))
    rows = ["service;login", f"{a.id};{login(b)}", f"{b.id};{login(a)}"]
    assert codes(imported(tmp_path, rows)) == [Code.ACCESS, Code.ACCESS]
    assert (access(a)[0], access(b)[0]) == (f"gb{b.id}", f"gb{a.id}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT convert_from(decode(login_hex, 'hex'), 'UTF8') FROM radius.usual")
        assert {row[0] for row in cursor.fetchall()} == {f"gb{one.id}" for one in (a, b, c, d)}
    # c would take a's login, a's row does not go in (its address is d's): both keep their own.
    rows = [
        "service;login;ip",
        f"{c.id};{login(a)};",
        f"{a.id};ivan;{address(d)}",
    ]
    assert codes(imported(tmp_path, rows)) == [Code.LOGIN_TAKEN, Code.TAKEN]
    assert (access(a)[0], access(c)[0]) == (f"gb{b.id}", f"gb{c.id}")


def test_passwords_are_in_no_report_no_job_and_no_audit() -> None:
    services.pool()
    sold = services.service()
    text = f"service;login;password;Пароль WiFi\n{sold.id};ivan;Hidden-Pass1;Hidden-Pass2\n"
    text += f"{sold.id};petro;Hidden Pass3;\n"
    dry = importjob.hand_in(name="old.csv", content=ContentFile(text.encode()), at=AT, actor=SYSTEM)
    run_waiting(now=clock.now)
    real = importjob.in_earnest(job=Job.objects.get(id=dry.id), at=AT, actor=SYSTEM)
    run_waiting(now=clock.now)
    assert access(sold) == ("ivan", "Hidden-Pass1")
    for job in Job.objects.filter(id__in=[dry.id, real.id]):
        report = jobs.file_path(job.files.get(role="RESULT")).read_text("utf-8-sig")
        assert "Hidden" not in report, report
        assert "•••" in report
        assert "Hidden" not in str(importjob.problems(job))
        assert "Hidden" not in repr([job.params, job.counts, job.state, job.error])
    assert "Hidden" not in repr(list(AuditEntry.objects.values()))
    line = importfile.Line(2, (), password="Hidden")
    assert "Hidden" not in repr(line)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("user_id", "person"),
        ("userid", "person"),
        ("User No", "person"),
        ("uid", "person"),
        ("user_ip", "address"),
        ("user_mac", "mac"),
        ("user_status", ""),
        ("user_pass", "password"),
        ("userpass", "password"),
        ("login_pass", "password"),
        ("pppoe_pass", "password"),
        ("psw", "password"),
        ("Пароль PPPoE", "password"),
        ("passport", ""),
        ("Паспорт", ""),
        ("Пароль Wi-Fi", ""),
        ("last_login", ""),
        ("login_ip", ""),
        ("Дата договору", ""),
        ("password_hash", "hash"),
        ("md5", "hash"),
        ("user", "login"),
        ("User-Name", "login"),
        ("username", "login"),
        ("PPPoE login", "login"),
        ("Логін", "login"),
        ("login (2)", "login"),
    ],
)
def test_a_column_is_read_by_all_of_its_name(name: str, kind: str) -> None:
    assert importcolumns.field_of(name) == kind


def test_a_column_that_would_be_read_twice_or_holds_check_sums_refuses_the_file(
    tmp_path: Path,
) -> None:
    with pytest.raises(importcolumns.DoubleColumnError) as refused:
        imported(tmp_path, ["contract;login;pppoe_login;ip", "1;a;b;10.0.0.1"])
    assert {"login", "pppoe_login"} <= set(re.findall(r"\w+", str(refused.value)))
    with pytest.raises(importcolumns.DoubleColumnError):
        imported(tmp_path, ["login;password;password", "a;b;c"])
    with pytest.raises(importcolumns.HashedPasswordError, match="password_hash"):
        imported(tmp_path, ["login;password;password_hash", "a;b;c"])


def test_a_number_of_the_old_system_is_not_set_as_a_login(tmp_path: Path) -> None:
    sold = services.service()
    code = sold.account.code
    told = imported(tmp_path, ["contract;user_id;user_status;pppoe_pass", f"{code};77;on;its-own"])
    assert (codes(told), access(sold)) == ([Code.ACCESS], (f"gb{sold.id}", "its-own"))
    assert told[0].line.cells == (code, "77", "on", "•••")


def test_the_report_and_the_page_say_how_each_column_was_read(tmp_path: Path) -> None:
    sold = services.service()
    text = f"service;login;wifi_key;примітка\n{sold.id};ivan;Hidden-Key;x\n"
    dry = importjob.hand_in(name="old.csv", content=ContentFile(text.encode()), at=AT, actor=SYSTEM)
    run_waiting(now=clock.now)
    told = dict(importjob.columns(Job.objects.get(id=dry.id)))
    assert list(told) == ["service", "login", "wifi_key", "примітка"]
    assert told["wifi_key"] == told["примітка"] != told["login"]
    report = jobs.file_path(dry.files.get(role="RESULT"))
    assert "Hidden" not in report.read_text("utf-8-sig")
    again = tmp_path / "again.csv"
    again.write_bytes(report.read_bytes())
    assert [line.login for line in importfile.read(again).lines] == ["ivan"]


def test_a_quotation_mark_swallows_no_rows_and_a_password_is_taken_as_it_is(
    tmp_path: Path,
) -> None:
    sold = [services.service() for _ in range(6)]
    told = imported(
        tmp_path,
        [
            "service;password;mac",
            f"{sold[0].id};'=x;",
            f"{sold[1].id}; blank;",
            f'{sold[2].id};""";a";',
            f'{sold[3].id};"swallows-Hidden;',
            f"{sold[4].id};Hidden;",
            f'{sold[5].id};"end;',
        ],
    )
    assert codes(told) == [Code.ACCESS, Code.BAD_PASSWORD, Code.ACCESS, Code.BAD_ROW]
    assert told[3].about == "5–7"
    assert "Hidden" not in repr(told)
    assert (access(sold[0])[1], access(sold[2])[1]) == ("'=x", '";a')


def test_a_mac_that_is_anothers_login_is_left_out_in_any_spelling(tmp_path: Path) -> None:
    a, b, c = (services.service() for _ in range(3))
    rows = ["service;login", f"{a.id};AABB.CC00.0001", f"{b.id};aa-bb-cc-00-00-01"]
    assert codes(imported(tmp_path, rows)) == [Code.ACCESS, Code.REPEATED]
    told = imported(tmp_path, ["service;mac;password", f"{b.id};aa:bb:cc:00:00:01;x"])
    assert [note.value for note in told[0].notes] == ["MAC_IS_LOGIN", "PASSWORD_SET"]
    assert AccessCredential.objects.get(subscription=b).mac == ""
    told = imported(tmp_path, ["service;login", f"{b.id};aa:bb:cc:00:00:01"])
    assert (codes(told), told[0].about) == ([Code.LOGIN_TAKEN], str(a.id))
    # In one file: who leaves such a login lets the other have the MAC; a MAC is one row's.
    rows = [
        "service;login;mac",
        f"{a.id};ivan;",
        f"{b.id};;aa:bb:cc:00:00:01",
        f"{c.id};aabbcc000001;",
    ]
    assert codes(imported(tmp_path, rows)) == [Code.ACCESS, Code.MAC_ONLY, Code.REPEATED]


def test_a_row_whose_address_is_taken_meanwhile_sets_no_login_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.pool()
    sold = services.service()
    monkeypatch.setattr(Import, "_give", lambda self, wishes: set())
    told = imported(tmp_path, ["service;login;ip", f"{sold.id};ivan;10.77.0.50"])
    assert (codes(told), access(sold)[0]) == ([Code.TAKEN], f"gb{sold.id}")


FILE = "service;login;password\n{id};ivan;Hidden-Pass1\n"


def hand_in(text: str, actor: Actor) -> Job:
    return importjob.hand_in(name="a.csv", content=ContentFile(text.encode()), at=AT, actor=actor)


def test_an_import_of_logins_wants_what_the_form_wants_and_each_is_in_the_audit_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sold, other = services.service(), services.service()
    user = zones.planner("engineer", Role.NETWORK_ENGINEER)
    actor = Actor(kind=ActorKind.STAFF, label="Інженер", user_id=user.id)
    text = FILE.format(id=sold.id) + f"{other.id};;{access(other)[1]}\n"
    dry = hand_in(text, actor)
    monkeypatch.setattr(credentials, "PERMISSIONS", (Permission.CUSTOMERS_EDIT,))
    with pytest.raises(NotPermittedError):
        hand_in(text, actor)
    for harmless in ("login;mac\nx;aabbcc000001\n", "login;password\nx;\n"):
        hand_in(harmless, actor)
    run_waiting(now=clock.now)
    dry = Job.objects.get(id=dry.id)
    with pytest.raises(NotPermittedError):
        importjob.in_earnest(job=dry, at=AT, actor=actor)
    monkeypatch.undo()
    importjob.in_earnest(job=dry, at=AT, actor=actor)
    run_waiting(now=clock.now)
    entry = AuditEntry.objects.get(action="network.credentials.set")
    assert (entry.user_id, entry.actor_label, entry.object_id) == (user.id, "Інженер", str(sold.id))
    assert (entry.before, entry.after) == (
        {"login": f"gb{sold.id}"},
        {"login": "ivan", "has_new_password": True},
    )


def inputs() -> list[Path]:
    """The files that jobs were given, as they lie on the disk."""
    return [
        path for path in files.jobs_folder().glob("*/in-*") if b"Own-Hidden" in path.read_bytes()
    ]


def test_a_file_with_passwords_goes_over_to_the_import_and_is_gone_with_it(
    django_capture_on_commit_callbacks: Any,
) -> None:
    sold = services.service()
    text = f"service;password\n{sold.id};Own-Hidden\n"
    before = len(inputs())
    dry = hand_in(text, SYSTEM)
    run_waiting(now=clock.now)
    dry = Job.objects.get(id=dry.id)
    assert (len(inputs()), importjob.has_input(dry)) == (before + 1, True)
    report = jobs.file_path(dry.files.get(role="RESULT")).read_text("utf-8-sig")
    assert "параметри доступу буде записано; пароль буде як у рядку" in report
    with django_capture_on_commit_callbacks(execute=True):
        importjob.in_earnest(job=dry, at=AT, actor=SYSTEM)
    assert (len(inputs()), importjob.has_input(dry)) == (before + 1, False)
    with pytest.raises(jobs.JobOverError):
        importjob.in_earnest(job=dry, at=AT, actor=SYSTEM)
    with django_capture_on_commit_callbacks(execute=True):
        run_waiting(now=clock.now)
    assert len(inputs()) == before
    assert access(sold)[1] == "Own-Hidden"


def test_the_file_of_an_import_that_is_cancelled_or_fails_is_gone(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = services.service()
    text = f"service;password\n{sold.id};Own-Hidden\n"
    before = len(inputs())
    with django_capture_on_commit_callbacks(execute=True):
        jobs.cancel(job_id=hand_in(text, SYSTEM).id, actor=SYSTEM, at=AT)
    assert len(inputs()) == before
    failing = hand_in(text, SYSTEM)
    monkeypatch.setattr(importfile, "ROWS_MAX", 0)
    with django_capture_on_commit_callbacks(execute=True):
        run_waiting(now=clock.now)
    assert (Job.objects.get(id=failing.id).state, len(inputs())) == ("FAILED", before)


def test_an_import_touches_no_running_session(tmp_path: Path) -> None:
    sold, nas = services.service(), services.nas()
    Session.objects.create(
        unique_id="u1",
        acct_session_id="u1",
        subscription=sold,
        nas=nas,
        nas_address=nas.address,
        login=login(sold),
        started_at=AT,
        last_seen_at=AT,
    )
    Session.objects.create(
        unique_id="u2",
        acct_session_id="u2",
        is_guest=True,
        nas=nas,
        nas_address=nas.address,
        login="ivan",
        started_at=AT,
        last_seen_at=AT,
    )
    rows = ["service;login;password;circuit", f"{sold.id};ivan;x;0a0b"]
    assert codes(imported(tmp_path, rows)) == [Code.ACCESS]
    assert not AccessAction.objects.exists()
