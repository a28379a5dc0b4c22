"""After the import the old router gets in as before, and by the made-up login nobody does."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from billing.models import Subscription
from network import credentials, operations
from network.addressing import importfile
from network.addressing.importing import Import
from network.addressing.importoutcome import Code
from network.models import AccessAction, RadiusDecision, Session
from project.core.actor import SYSTEM
from tests.support import mschap, services
from tests.support.radius_system import RadiusSystem, radius_system
from tests.support.services import AT

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
WAIT_S = 20.0
OLD, PASSWORD = "Ivan.Petrenko@dom", "s3%{cret}"


@pytest.fixture(scope="module", params=["rest", "fast"])
def radius(
    django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[RadiusSystem]:
    with radius_system(
        unblock=django_db_blocker.unblock, secret=SECRET, path=request.param
    ) as system:
        with system.database():
            services.pool()
            services.nas(secret=SECRET)
        yield system


def imported(tmp_path: Path, *rows: str) -> list[Code]:
    path = tmp_path / "old.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    work = Import(writes=True, source="old.csv", at=AT, actor=SYSTEM)
    return [one.code for one in work.take(importfile.read(path).lines)]


def ways(login: str, password: str) -> list[str]:
    name = f'User-Name = "{login}", '
    return [
        f'{name}User-Password = "{password}"',
        f'{name}CHAP-Password = "{password}"',
        name + mschap.v2_attributes(login, password),
    ]


def test_the_old_router_gets_in_after_the_import(radius: RadiusSystem, tmp_path: Path) -> None:
    with radius.database():
        sold, other = services.service(), services.service()
        made_up = RadiusDecision.objects.get(subscription=sold)
        for text in ways(made_up.login, made_up.password):
            assert radius.ask(text).kind == "Access-Accept"
        rows = ["contract;login;password", f"{sold.account.code};{OLD};{PASSWORD}"]
        assert imported(tmp_path, *rows) == [Code.ACCESS]
    for text in (*ways(OLD, PASSWORD), *ways(OLD.lower(), PASSWORD)):
        reply = radius.ask(text)
        assert reply.kind == "Access-Accept", text
        given = bytes.fromhex(reply.attributes["Class"][2:])
        assert given.startswith(f"s:{sold.id}:".encode())
    for text in (*ways(made_up.login, made_up.password), *ways(OLD, made_up.password)):
        assert radius.ask(text).kind == "Access-Reject", text
    # Two that change logins: each password goes with its service.
    with radius.database():
        its = RadiusDecision.objects.get(subscription=other)
        rows = ["service;login", f"{sold.id};{its.login}", f"{other.id};{OLD}"]
        assert imported(tmp_path, *rows) == [Code.ACCESS, Code.ACCESS]
    assert radius.pap(OLD, its.password).kind == "Access-Accept"
    assert radius.pap(its.login, PASSWORD).kind == "Access-Accept"
    assert radius.pap(OLD, PASSWORD).kind == "Access-Reject"


def test_a_new_password_ends_the_session_that_came_by_the_old_one(radius: RadiusSystem) -> None:
    with radius.database():
        sold, by_mac = services.service(), services.service()
        credentials.set_credentials(
            subscription_id=sold.id, login="Taras", password="first", at=AT, actor=SYSTEM
        )
        operations.set_equipment(
            subscription_id=by_mac.id,
            mac="aabbcc0000e1",
            circuit_hex="0a0e",
            remote_hex="0b",
            at=AT,
            actor=SYSTEM,
        )
    ipoe = 'User-Name = "aabb.cc00.00e1", Calling-Station-Id = "aa:bb:cc:00:00:e1"'
    port = ", ADSL-Agent-Circuit-Id = 0x0a0e, ADSL-Agent-Remote-Id = 0x0b"
    for key, name, proof in (
        ("pppoe", 'User-Name = "TARAS"', ', CHAP-Password = "first"'),
        ("ipoe", ipoe, port),
    ):
        reply = radius.ask(name + proof)
        assert reply.kind == "Access-Accept", key
        told = f", {name}, Class = {reply.attributes['Class']}"
        radius.account("Start", f"{key}-own", told)
    running = _running(radius, sold)
    _running(radius, by_mac)
    with radius.database():
        for one in (sold, by_mac):
            operations.reset_password(subscription_id=one.id, at=AT, actor=SYSTEM)
        wish = AccessAction.objects.get(subscription__in=[sold, by_mac])
        assert (wish.session_unique_id, wish.kind, wish.cause) == (
            running.unique_id,
            "DISCONNECT",
            "CREDENTIALS",
        )
        now = RadiusDecision.objects.get(subscription=sold).password
    assert radius.pap("taras", "first").kind == "Access-Reject"
    assert radius.pap("taras", now).kind == "Access-Accept"


def _running(radius: RadiusSystem, sold: Subscription) -> Session:
    deadline = time.monotonic() + WAIT_S
    while True:
        with radius.database():
            found = Session.objects.filter(subscription=sold).first()
        if found is not None:
            return found
        assert time.monotonic() < deadline, "no session was told of"
        time.sleep(0.2)
