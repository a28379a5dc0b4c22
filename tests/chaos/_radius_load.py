"""The load of `chaos radius`: threads that behave as BRASes, and what they know of the world."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.chaos._cluster import Cluster
from tests.support import radius_wire as wire
from tests.support.redis_server import RedisServer

if TYPE_CHECKING:
    from tests.support.fake_bras import FakeBras
    from tests.support.radius_system import RadiusSystem

SECRET = "chaos-bras-secret"
LOG_INS_PER_S, RECORDS_PER_S = 40, 80
TIMEOUT_S, TRIES = 2.0, 5
WHOLE_S = 150.0


class LossError(Exception):
    """Something was lost, doubled or let in."""


def require(is_so: bool, said: str) -> None:
    """Raise LossError unless it is so."""
    if not is_so:
        raise LossError(said)


@dataclass(frozen=True)
class Known:
    """A subscriber as the world knows it."""

    subscription_id: int
    login: str
    password: str


@dataclass
class Tally:
    """What the BRASes saw in one fault."""

    log_ins: int = 0
    accepted: int = 0
    at_once: int = 0
    blocked_asked: int = 0
    blocked_let_in: int = 0
    records: int = 0
    doubled: int = 0
    slowest_s: float = 0.0


@dataclass
class World:
    """The system, and what was told to it: session → octets to the user, and which ended."""

    system: "RadiusSystem"
    redis: RedisServer
    cluster: Cluster
    bras: "FakeBras"
    chance: random.Random
    subscribers: list[Known] = field(default_factory=list)
    blocked: Known | None = None
    octets: dict[str, int] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    owner: dict[str, int] = field(default_factory=dict)
    sent: list[bytes] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def bras_of(world: World, *, acct: bool = False, tries: int = TRIES) -> wire.BrasSocket:
    parts = world.system.parts
    port = parts.radius_acct_port if acct else parts.radius_auth_port
    return wire.BrasSocket(port=port, secret=SECRET.encode(), timeout_s=TIMEOUT_S, tries=tries)


def wait(condition: Callable[[], bool], said: str) -> None:
    deadline = time.monotonic() + WHOLE_S
    while not condition():
        require(time.monotonic() < deadline, said)
        time.sleep(0.1)


def log_ins(world: World, tally: Tally, ends: threading.Event) -> None:
    bras = bras_of(world)
    while not ends.wait(1 / LOG_INS_PER_S):
        one = world.chance.choice(world.subscribers)
        answer = bras.log_in(login=one.login, password=one.password)
        tally.log_ins += 1
        tally.accepted += answer.code == wire.ACCESS_ACCEPT
        tally.at_once += answer.times == 1
        tally.slowest_s = max(tally.slowest_s, answer.took_s)


def blocked_log_ins(world: World, tally: Tally, ends: threading.Event) -> None:
    """He who was blocked before goes on trying. Silence keeps him out as well as a refusal."""
    bras = bras_of(world, tries=1)
    while not ends.wait(0.5):
        assert world.blocked is not None
        answer = bras.log_in(login=world.blocked.login, password=world.blocked.password)
        tally.blocked_asked += 1
        tally.blocked_let_in += answer.code == wire.ACCESS_ACCEPT


def records(world: World, tally: Tally, ends: threading.Event) -> None:
    """Sessions from start to stop: packets in any order, some sent twice, each until answered."""
    bras = bras_of(world, acct=True, tries=60)
    while not ends.is_set():
        with world.lock:
            key = f"s{len(world.owner)}"
            one = world.chance.choice(world.subscribers)
            world.owner[key] = one.subscription_id
            packets = packets_of(world, one, key=key)
        for attributes, octets, is_stop in packets:
            copies = 2 if world.chance.random() < 0.1 else 1
            answer = bras.account(attributes, copies=copies)
            require_answer(answer, key)
            with world.lock:
                tally.records += 1
                tally.doubled += copies - 1
                world.octets[key] = max(world.octets.get(key, 0), octets)
                world.sent.append(attributes)
                if is_stop:
                    world.stopped.add(key)
            time.sleep(1 / RECORDS_PER_S)


def require_answer(answer: wire.Answer, key: str) -> None:
    """A BRAS does not give up in earnest; two minutes without an answer is a failure here."""
    require(answer.code == wire.ACCOUNTING_RESPONSE, f"accounting of {key} was not answered")


def packets_of(world: World, one: Known, *, key: str) -> list[tuple[bytes, int, bool]]:
    """A session of five packets; two of three end, and a third is told in the wrong order."""
    told_class = f"s:{one.subscription_id}:{key}".encode()
    same: dict[str, Any] = {"session": key, "login": one.login, "told_class": told_class}
    size = world.chance.randrange(1, 3 * 2**32)
    packets = [(wire.accounting(status=wire.START, **same), 0, False)]
    for part in range(1, 5):
        is_stop = part == 4 and world.chance.random() < 0.66
        told = wire.accounting(
            status=wire.STOP if is_stop else wire.INTERIM,
            seconds=300 * part,
            sent_octets=part * size,
            **same,
        )
        packets.append((told, part * size, is_stop))
    if world.chance.random() < 0.34:
        world.chance.shuffle(packets)
    return packets


def open_session(world: World, one: Known) -> str:
    """A session that is open, and known to be before the fault."""
    from network.models import Session

    key = f"open-{one.login}"
    same = {"session": key, "login": one.login}
    told = wire.accounting(
        status=wire.INTERIM, told_class=f"s:{one.subscription_id}:x".encode(), seconds=60,
        sent_octets=1000, **same,
    )  # fmt: skip
    answer = bras_of(world, acct=True).account(told)
    require_answer(answer, key)
    world.octets[key], world.owner[key] = 1000, one.subscription_id
    wait(lambda: Session.objects.filter(acct_session_id=key).exists(), f"{key} is not stored")
    return key


def block(one: Known) -> None:
    from billing.models import Subscription
    from project.core import clock
    from tests.support import services

    services.block(Subscription.objects.get(id=one.subscription_id), at=clock.now())
