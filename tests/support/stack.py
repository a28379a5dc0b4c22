"""A whole running system for tests: the same commands as under the supervisor, on ports of its own.

    @pytest.mark.stack
    def test_x(stack):
        with stack.database():          # the ORM works in the system's database, committed
            make_subscriber(…)
        stack.manage("some_command")
        requests.get(stack.url + "/…")

It is started once a session by the first test that asks for it. Logs: `<GEOBILL_VAR>/test-logs`.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from project.process import orphans, programs
from tests.support.databases import ROOT, database_copy, django_uses
from tests.support.ports import free_tcp_port, free_udp_port

START_S = 60.0
STOP_S = 20.0
PAUSE_S = 0.05
RADIUS_SECRET = "stack-test-secret"
FOLDER_PREFIX = "test-stack-"


@dataclass
class Stack:
    """Addresses of the running system and what a test may do with it."""

    url: str
    radius_url: str
    radius_auth_port: int
    radius_acct_port: int
    radius_secret: str
    radius_rest_token: str
    redis_port: int
    database_name: str
    var: Path
    logs: Path
    env: dict[str, str]
    unblock: Callable[[], AbstractContextManager[None]]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def db(self) -> dict[str, Any]:
        """Keywords for `psycopg.connect(**stack.db)`, as the running system's role."""
        entry = settings.DATABASES["default"]
        return {
            "host": entry["HOST"],
            "port": entry["PORT"],
            "dbname": self.database_name,
            "user": settings.GEOBILL_DB_USERS["app"],
            "password": settings.GEOBILL_DB_PASSWORDS["app"],
        }

    def connect(self) -> psycopg.Connection[Any]:
        """A bare connection to the system's database; close it (it is a context manager)."""
        return psycopg.connect(**self.db, autocommit=True)

    @contextmanager
    def database(self) -> Iterator[None]:
        """The ORM of the test's process works in the system's database and commits.

        Not together with the fixture `db`: its transaction belongs to another database.
        """
        with self.unblock(), django_uses(self.database_name):
            yield

    def manage(self, *arguments: str, role: str = "app") -> str:
        """Run a management command inside the system; gives what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.env, "GEOBILL_DB_ROLE": role},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {arguments} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, program: programs.Program) -> None:
        """Start one part; its output goes to <logs>/<name>.log."""
        with (self.logs / f"{program.name}.log").open("ab") as log:
            self.processes[program.name] = subprocess.Popen(
                program.command,
                cwd=program.directory,
                env={**self.env, **program.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str, *, number: int = signal.SIGTERM) -> None:
        """End one part and wait; what does not end in time is killed with its children."""
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            kill_group(process.pid)
            process.wait()

    def stop_all(self) -> None:
        """End every part, the last started first."""
        for name in reversed([*self.processes]):
            self.stop(name)

    def log_tail(self, name: str, *, lines: int = 40) -> str:
        """The end of a part's log, for a message."""
        path = self.logs / f"{name}.log"
        text = path.read_text(errors="replace") if path.exists() else "(no log)"
        return "\n".join(text.splitlines()[-lines:])

    def wait_for(self, name: str, answers: Callable[[], bool]) -> None:
        """Ask until the part answers; fail at once with its log when it has ended."""
        deadline = time.monotonic() + START_S
        while not answers():
            ended = self.processes[name].poll()
            assert ended is None, f"{name} ended with {ended}:\n{self.log_tail(name)}"
            assert time.monotonic() < deadline, f"{name} is not ready:\n{self.log_tail(name)}"
            time.sleep(PAUSE_S)


def kill_group(process_id: int) -> None:
    """End whatever is left of a part's process group."""
    try:
        os.killpg(process_id, signal.SIGKILL)
    except ProcessLookupError:
        return


def http_answers(url: str) -> Callable[[], bool]:
    """Whether a web process says that it is ready."""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ask


def udp_bound(port: int) -> Callable[[], bool]:
    """Whether some process has this UDP port (Linux tells in /proc/net/udp)."""
    mark = f":{port:04X} "

    def ask() -> bool:
        tables = (Path("/proc/net/udp"), Path("/proc/net/udp6"))
        return any(mark in table.read_text() for table in tables if table.exists())

    return ask


def worker_answers(log: Path) -> Callable[[], bool]:
    """Whether Celery has written its "ready" line."""
    return lambda: log.exists() and " ready." in log.read_text(errors="replace")


def remove_leftovers(var: Path) -> None:
    """End the parts and delete the folders of test sessions that were killed."""
    for folder in var.glob(f"{FOLDER_PREFIX}*"):
        process_id = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if not Path(f"/proc/{process_id}").exists():
            orphans.send(orphans.marked_processes(str(folder)), signal.SIGKILL)
            shutil.rmtree(folder, ignore_errors=True)


def build_pages() -> None:
    """Statics and translations as ./run builds them; nothing happens when nothing changed.

    While somebody is in the middle of a change to the front end, tests of other things go on with
    the pages built before (`./run test` itself builds first, and fails).
    """
    # Not with the settings of the tests, which make no manifest of the static files.
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        ["bash", "run", "pages"], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        trouble = f"./run pages failed:\n{done.stdout}{done.stderr}"
        assert (settings.VAR_DIR / "static" / "staticfiles.json").exists(), trouble
        warnings.warn(trouble, stacklevel=1)


def environment(*, var: Path, database_name: str, redis_port: int) -> dict[str, str]:
    """Environment of every part: production settings, own folder, own database, own ports."""
    web_port, rest_port = free_tcp_port(), free_tcp_port()
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    outer.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    for part in ("HOST", "PORT", "PASSWORD", "PASSWORD_FILE"):
        outer.pop(f"GEOBILL_ACCOUNTING_REDIS_{part}", None)
    entry = settings.DATABASES["default"]
    return {
        **outer,
        "DJANGO_SETTINGS_MODULE": "project.settings.production",
        "PYTHONUNBUFFERED": "1",
        "GEOBILL_SUPERVISED": str(var),
        "GEOBILL_VAR": str(var),
        "GEOBILL_STATIC_ROOT": str(settings.VAR_DIR / "static"),
        "GEOBILL_PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "GEOBILL_DB_ROLE": "app",
        "GEOBILL_DB_HOST": str(entry["HOST"]),
        "GEOBILL_DB_PORT": str(entry["PORT"]),
        "GEOBILL_PG_PORT": str(entry["PORT"]),
        "GEOBILL_DB_SOCKETS": settings.GEOBILL_DB_SOCKETS,
        "GEOBILL_DB_NAME": database_name,
        "GEOBILL_DB_OWNER_PASSWORD": settings.GEOBILL_DB_PASSWORDS["owner"],
        "GEOBILL_DB_APP_PASSWORD": settings.GEOBILL_DB_PASSWORDS["app"],
        "GEOBILL_DB_RADIUS_PASSWORD": settings.GEOBILL_DB_PASSWORDS["radius"],
        "GEOBILL_REDIS_PORT": str(redis_port),
        "GEOBILL_WEB_PORT": str(web_port),
        "GEOBILL_RADIUS_REST_PORT": str(rest_port),
        "GEOBILL_RADIUS_AUTH_PORT": str(free_udp_port()),
        "GEOBILL_RADIUS_ACCT_PORT": str(free_udp_port()),
        "GEOBILL_RADIUS_SECRET": RADIUS_SECRET,
        "GEOBILL_RADIUS_REST_TOKEN": "stack-test-token",
        # What the test's own process encrypts, the system must be able to read.
        "GEOBILL_FIELD_KEYS": settings.GEOBILL_FIELD_KEYS,
        "GEOBILL_THROTTLE_ANON": "100000/min",
        "GEOBILL_THROTTLE_USER": "100000/min",
        "GEOBILL_THROTTLE_AVAILABILITY": "100000/min",
        "GEOBILL_THROTTLE_REQUEST": "100000/min",
        "GEOBILL_THROTTLE_LOGIN": "100000/min",
    }


def start_all(stack: Stack) -> None:
    """Start every part, then wait for each."""
    web_port = int(stack.env["GEOBILL_WEB_PORT"])
    rest_port = int(stack.env["GEOBILL_RADIUS_REST_PORT"])
    stack.start(programs.web(host="127.0.0.1", port=web_port, workers=1, pool=10))
    stack.start(programs.radius_rest(port=rest_port, threads=4))
    stack.start(programs.worker(queue="default,network,jobs", concurrency=1))
    stack.start(programs.beat(run_dir=stack.var))
    if programs.INGEST_COMMAND.exists():
        stack.start(programs.accounting_ingest())
    raddb = render_raddb(stack)
    if raddb is not None:
        stack.start(programs.freeradius(raddb=raddb))
        stack.start(programs.accounting_forwarder())
        stack.start(programs.standby_keeper())
        stack.wait_for("freeradius", udp_bound(stack.radius_auth_port))
        stack.wait_for("forwarder", (stack.var / "freeradius" / "spool" / ".name").exists)
    stack.wait_for("web", http_answers(stack.url + "/readyz"))
    stack.wait_for("radius-rest", http_answers(stack.radius_url + "/readyz"))
    worker = "worker-default,network,jobs"
    stack.wait_for(worker, worker_answers(stack.logs / f"{worker}.log"))


def render_raddb(stack: Stack) -> Path | None:
    """FreeRADIUS' configuration for this system, or None while no app writes one."""
    command = ROOT / "network" / "management" / "commands" / "render_raddb.py"
    if not command.exists():
        return None
    raddb = stack.var / "raddb"
    raddb.mkdir()
    stack.manage("render_raddb", "--out", str(raddb))
    return raddb


@contextmanager
def running_system(
    *,
    unblock: Callable[[], AbstractContextManager[None]],
    redis_port: int,
    label: str,
    switches: dict[str, str] | None = None,
) -> Iterator[Stack]:
    """A whole system of its own, with a fresh database; `label` tells its folder and logs apart.

    `switches`: environment variables by which it differs from the usual one.
    """
    outer_var = settings.VAR_DIR
    var = outer_var / f"{FOLDER_PREFIX}{os.getpid()}-{label}"
    logs = outer_var / "test-logs" / label
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    (var / "run").mkdir(parents=True)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, var, ignore_errors=True)
        with unblock():
            name = undo.enter_context(database_copy(label))
        env = environment(var=var, database_name=name, redis_port=redis_port) | (switches or {})
        system = Stack(
            url=f"http://127.0.0.1:{env['GEOBILL_WEB_PORT']}",
            radius_url=f"http://127.0.0.1:{env['GEOBILL_RADIUS_REST_PORT']}",
            radius_auth_port=int(env["GEOBILL_RADIUS_AUTH_PORT"]),
            radius_acct_port=int(env["GEOBILL_RADIUS_ACCT_PORT"]),
            radius_secret=RADIUS_SECRET,
            radius_rest_token=env["GEOBILL_RADIUS_REST_TOKEN"],
            redis_port=redis_port,
            database_name=name,
            var=var,
            logs=logs,
            env=env,
            unblock=unblock,
        )
        undo.callback(system.stop_all)
        start_all(system)
        yield system


@pytest.fixture(scope="session")
def stack(django_db_blocker: DjangoDbBlocker, redis_server: int) -> Iterator[Stack]:
    """The running system, one for the session."""
    remove_leftovers(settings.VAR_DIR)
    build_pages()
    with running_system(
        unblock=django_db_blocker.unblock, redis_port=redis_server, label="stack"
    ) as system:
        yield system
