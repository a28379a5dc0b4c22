"""FreeRADIUS and the REST group behind it as real processes, without the rest of the system.

Tests stop and freeze these parts, which the session's shared `stack` would not bear.
"""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from network.radius.configuration import SPOOL
from network.spool import OFFSETS
from network.spool_names import key_of
from project.process import programs
from tests.support.databases import database_copy
from tests.support.ports import free_udp_port
from tests.support.stack import Stack, environment, http_answers, udp_bound

REST = "radius-rest"
INGEST, FORWARDER = "accounting", "forwarder"
STANDBY = "standby"
SERVER = "freeradius"
NO_REDIS = 1
CLIENT_LIFETIME_S = 5


@dataclass(frozen=True)
class Reply:
    """What radclient received: "Access-Accept", …, or "" for silence; attributes as it prints, and
    the names of all of them, the repeated ones too.
    """

    kind: str
    attributes: dict[str, str]
    names: tuple[str, ...] = ()


@dataclass
class RadiusSystem:
    """The two processes and their database."""

    parts: Stack
    secret: str
    status_port: int

    def database(self) -> AbstractContextManager[None]:
        """The ORM works in the system's database and commits."""
        return self.parts.database()

    def ask(self, text: str, *, kind: str = "auth", timeout_s: int = 4, tries: int = 1) -> Reply:
        """Send one packet with radclient; `text` is `Name = value, …`."""
        ports = {
            "auth": self.parts.radius_auth_port,
            "acct": self.parts.radius_acct_port,
            "status": self.status_port,
        }
        secret = self.parts.radius_secret if kind == "status" else self.secret
        to = f"127.0.0.1:{ports[kind]}"
        done = subprocess.run(
            ["radclient", "-x", "-r", str(tries), "-t", str(timeout_s), to, kind, secret],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"^Received (\S+) .*\n((?:\t.*\n)*)", done.stdout, re.MULTILINE)
        if not found:
            return Reply("", {})
        pairs = [line.strip().split(" = ", 1) for line in found[2].splitlines()]
        told = {name: value.strip('"') for name, value in pairs}
        return Reply(found[1], told, tuple(name for name, _value in pairs))

    def pap(self, login: str, password: str, more: str = "") -> Reply:
        """Log in with PAP."""
        return self.ask(f'User-Name = "{login}", User-Password = "{password}"{more}')

    def account(self, kind: str, session: str, more: str = "") -> Reply:
        """Send accounting."""
        text = f'Acct-Status-Type = {kind}, Acct-Session-Id = "{session}"{more}'
        return self.ask(text, kind="acct")

    def send(self, part: str, number: int) -> None:
        """A signal to a part, say SIGSTOP: it hangs."""
        os.killpg(self.parts.processes[part].pid, number)

    @property
    def spool(self) -> Path:
        """Where FreeRADIUS writes accounting."""
        return self.parts.var / "freeradius" / SPOOL

    def all_is_sent(self, client: redis.Redis) -> bool:
        """Whether each line that FreeRADIUS wrote is in the stream."""
        name = (self.spool / ".name").read_text(encoding="ascii")
        places = {key.decode(): int(at) for key, at in client.hgetall(OFFSETS).items()}

        def is_sent(path: Path) -> bool:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                return places.get(key_of(name, file.fileno()), 0) == size

        return all(is_sent(path) for path in self.spool.glob("[0-9]*"))

    def freeze_rest(self) -> None:
        """The REST group hangs: its sockets are open, nobody answers."""
        self.send(REST, signal.SIGSTOP)

    def thaw_rest(self) -> None:
        """The REST group goes on."""
        self.send(REST, signal.SIGCONT)

    def stop_rest(self) -> None:
        """The REST group is gone: connections are refused."""
        self.parts.stop(REST)

    def start_rest(self) -> None:
        """Start the REST group and wait for it."""
        port = int(self.parts.env["GEOBILL_RADIUS_REST_PORT"])
        self.parts.start(programs.radius_rest(port=port, threads=4))
        self.parts.wait_for(REST, http_answers(self.parts.radius_url + "/readyz"))


def stop_all(parts: Stack) -> None:
    """End all processes, the last one first."""
    for part in reversed([*parts.processes]):
        parts.stop(part)


@contextmanager
def radius_system(
    *,
    unblock: Callable[[], AbstractContextManager[None]],
    secret: str,
    redis_port: int = NO_REDIS,
    own_redis_port: int = 0,
    label: str = "radius",
    path: str = "rest",
    reaches_database: bool = True,
    database: str = "",
    keeps_standby: bool = False,
) -> Iterator[RadiusSystem]:
    """Start both parts on a fresh database (or the given one); end them and remove everything.

    With a Redis accounting goes to its stream by a forwarder, and a worker takes it in; without
    one it goes packet by packet to the REST group. `own_redis_port`: of the node, where accounting
    does not wait in the common one. `path`: who is asked first, "rest" or "fast".
    Without `reaches_database` FreeRADIUS itself cannot log in to PostgreSQL, so that in an outage
    of the REST group only its caches are left; `keeps_standby`: and the file for outages, where
    usual answers are then, and not in a cache.
    """
    with ExitStack() as undo:
        folder = undo.enter_context(tempfile.TemporaryDirectory(prefix="geobill radius "))
        var = Path(folder)
        (var / "logs").mkdir()
        with unblock():
            name = database or undo.enter_context(database_copy(label))
        env = environment(var=var, database_name=name, redis_port=redis_port)
        if own_redis_port:
            env["GEOBILL_ACCOUNTING_REDIS_PORT"] = str(own_redis_port)
        if not reaches_database:
            env["GEOBILL_DB_RADIUS_PASSWORD"] = "not-the-password"
        parts = Stack(
            url="",
            radius_url=f"http://127.0.0.1:{env['GEOBILL_RADIUS_REST_PORT']}",
            radius_auth_port=int(env["GEOBILL_RADIUS_AUTH_PORT"]),
            radius_acct_port=int(env["GEOBILL_RADIUS_ACCT_PORT"]),
            radius_secret=env["GEOBILL_RADIUS_SECRET"],
            radius_rest_token=env["GEOBILL_RADIUS_REST_TOKEN"],
            redis_port=redis_port,
            database_name=name,
            var=var,
            logs=var / "logs",
            env=env,
            unblock=unblock,
        )
        undo.callback(stop_all, parts)
        system = RadiusSystem(parts=parts, secret=secret, status_port=free_udp_port())
        env["GEOBILL_RADIUS_ACCOUNTING"] = "rest" if redis_port == NO_REDIS else "stream"
        env["GEOBILL_RADIUS_STANDBY"] = "1" if keeps_standby else "0"
        raddb = var / "raddb"
        ports = ("--status-port", system.status_port, "--client-lifetime", CLIENT_LIFETIME_S)
        numbers = ("--path", path, *ports)
        parts.manage("render_raddb", "--out", str(raddb), "--check", *map(str, numbers))
        system.start_rest()
        if redis_port != NO_REDIS:
            parts.start(programs.accounting_ingest())
            parts.start(programs.accounting_forwarder())
        if keeps_standby:
            parts.start(programs.standby_keeper())
        parts.start(programs.freeradius(raddb=raddb))
        parts.wait_for(SERVER, udp_bound(parts.radius_auth_port))
        if redis_port != NO_REDIS:
            parts.wait_for(FORWARDER, (system.spool / ".name").exists)
        yield system
