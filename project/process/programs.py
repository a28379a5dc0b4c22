"""The processes of a running Geobill, and the supervisor's configuration made from them.

The table below is the only place that knows how a part is started; the tests' stack starts the same
commands on other ports.
"""

import argparse
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from project.core.env import envbool, envint

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv" / "bin"
SOCKET_PATH_BYTES_MAX = 90  # the system's limit is 107, and supervisor appends its process id
REST_CONNECTIONS = 256  # a FreeRADIUS holds 36 at most (network/raddb/mods/rest)
# FreeRADIUS takes and frees 2 kB for each expansion; by itself a thread of glibc keeps pieces up to
# 1 kB only. With larger ones kept an answer to accounting needs a tenth less of its time.
THREADS_KEEP = "glibc.malloc.tcache_max=8192:glibc.malloc.tcache_count=64"
INGEST_COMMAND = ROOT / "network" / "management" / "commands" / "ingest_accounting.py"


@dataclass(frozen=True)
class Program:
    """One process group: what to run, with what added to the environment, in what order."""

    name: str
    command: tuple[str, ...]
    group: str = "app"
    env: dict[str, str] = field(default_factory=dict)
    priority: int = 50
    stop_signal: str = "TERM"
    stop_wait_s: int = 20
    directory: Path = ROOT
    user: str = ""


def tool(name: str) -> str:
    """A command of the virtual environment, or of PATH where there is none (a container)."""
    return str(BIN / name) if (BIN / name).exists() else (shutil.which(name) or name)


def web(*, host: str, port: int, workers: int = 2, pool: int = 20) -> Program:
    """Pages and API. Backpressure keeps the requests in work near the database connections."""
    command = (
        tool("granian"), "--interface", "asgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--backpressure", str(pool * 4), "--no-ws",
        "--respawn-failed-workers", "project.asgi:application",
    )  # fmt: skip
    return Program("web", command, env={"GEOBILL_DB_POOL_MAX_SIZE": str(pool)}, priority=40)


def radius_rest(*, port: int, workers: int = 1, threads: int = 8) -> Program:
    """What FreeRADIUS asks: only from this host, one database connection for each thread.

    Granian counts connections that are kept alive as requests at work: fewer of them than all
    FreeRADIUSes of this host may hold would leave one that nobody ever answers.
    """
    command = (
        tool("granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", str(threads),
        "--blocking-threads-idle-timeout", "600", "--backpressure", str(REST_CONNECTIONS),
        "--no-ws", "--respawn-failed-workers",
        "project.radius_wsgi:application",
    )  # fmt: skip
    env = {"DJANGO_SETTINGS_MODULE": "project.settings.radius"}
    return Program("radius-rest", command, env=env, priority=40)


def worker(*, queue: str, concurrency: int = 2) -> Program:
    """Celery for one queue; "network" carries what goes out to the access servers."""
    command = (
        tool("celery"), "-A", "project", "worker", "-Q", queue, "-n", f"{queue}@%h",
        "--concurrency", str(concurrency), "--without-mingle", "--without-gossip",
        "--loglevel", "INFO",
    )  # fmt: skip
    return Program(f"worker-{queue}", command, stop_wait_s=60)


def beat(*, run_dir: Path) -> Program:
    """The clock: plans of periodic tasks lie in the database (django-celery-beat)."""
    pidfile = run_dir / "celerybeat.pid"
    command = (tool("celery"), "-A", "project", "beat", "--pidfile", str(pidfile))
    return Program("beat", command, priority=60)


def accounting_ingest() -> Program:
    """Takes accounting from the Redis stream into sessions, in batches."""
    return Program("accounting", (tool("python"), "manage.py", "ingest_accounting"))


def accounting_forwarder(*, run: Path | None = None) -> Program:
    """Takes what FreeRADIUS has written down to the Redis stream; needs nothing else."""
    place = ("--run-dir", str(run)) if run else ()
    return Program("forwarder", (tool("python"), "manage.py", "forward_accounting", *place))


def standby_keeper(*, run: Path | None = None) -> Program:
    """Keeps the answers for an outage in a file beside FreeRADIUS, from the database."""
    place = ("--run-dir", str(run)) if run else ()
    return Program("standby", (tool("python"), "manage.py", "keep_standby", *place))


def simulator(*, host: str, port: int, names: Sequence[str], keep: Path) -> Program:
    """The payment systems of the demonstration, played; what is paid there outlives a restart."""
    command = (
        tool("python"), "manage.py", "simulate_provider", *names, "--slug", "demo",
        "--host", host, "--port", str(port), "--keep", str(keep),
    )  # fmt: skip
    return Program("simulator", command, priority=60)


def simulated_bras(*, name: str) -> Program:
    """The access server of the demonstration and the routers behind it, played."""
    return Program("bras", (tool("python"), "manage.py", "simulate_bras", name), priority=70)


def freeradius(*, raddb: Path) -> Program:
    """The RADIUS server with the configuration that `render_raddb` wrote."""
    binary = shutil.which("freeradius", path=os.environ.get("PATH", "") + ":/usr/sbin")
    command = (binary or "freeradius", "-f", "-l", "stdout", "-d", str(raddb))
    return Program("freeradius", command, env={"GLIBC_TUNABLES": THREADS_KEEP}, priority=45)


def unhurried(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command under SCHED_BATCH, where the system has `chrt`: who is woken does not push aside
    who is at work, so a Redis finds several commands where it would find one.
    """
    chrt = shutil.which("chrt")
    return (chrt, "--batch", "0", *command) if chrt else command


def data_programs(*, var: Path, pgbin: Path, pgdata: Path) -> list[Program]:
    """PostgreSQL and Redis. Root lends PostgreSQL to the system user postgres."""
    user = "postgres" if os.geteuid() == 0 else ""
    redis_server = shutil.which("redis-server") or "redis-server"
    return [
        Program(
            "postgres", (str(pgbin / "postgres"), "-D", str(pgdata)), group="data", user=user,
            directory=pgdata, priority=10, stop_signal="INT", stop_wait_s=60,
        ),
        Program(
            "redis", unhurried((redis_server, str(var / "redis" / "redis.conf"))), group="data",
            priority=10, stop_wait_s=30,
        ),
    ]  # fmt: skip


def app_programs(*, var: Path) -> list[Program]:
    """Everything of ours, on the ports that the environment names."""
    raddb = var / "raddb"
    programs = [
        web(
            host=os.environ.get("GEOBILL_WEB_HOST", "127.0.0.1"),
            port=int(os.environ["GEOBILL_WEB_PORT"]),
            workers=int(os.environ.get("GEOBILL_WEB_WORKERS", "2")),
        ),
        radius_rest(port=int(os.environ["GEOBILL_RADIUS_REST_PORT"])),
        worker(queue="default"),
        worker(queue="network", concurrency=envint("GEOBILL_NETWORK_WORKERS", 4)),
        worker(queue="jobs", concurrency=1),
        beat(run_dir=var / "run"),
    ]
    if INGEST_COMMAND.exists():
        programs.append(accounting_ingest())
    # Written by `manage.py load_demo`: which payment systems the demonstration plays.
    played = var / "demo-payments.txt"
    if played.exists() and (names := played.read_text().split()):
        port = int(os.environ["GEOBILL_SIMULATOR_PORT"])
        host = os.environ.get("GEOBILL_WEB_HOST", "127.0.0.1")
        programs.append(simulator(host=host, port=port, names=names, keep=var / "simulator"))
    if (raddb / "radiusd.conf").exists():
        programs.append(freeradius(raddb=raddb))
        if os.environ.get("GEOBILL_RADIUS_ACCOUNTING", "stream") == "stream":
            programs.append(accounting_forwarder())
        if envbool("GEOBILL_RADIUS_STANDBY", True):
            programs.append(standby_keeper())
        # So is the access server.
        bras = var / "demo-bras.txt"
        if bras.exists() and (name := bras.read_text().strip()):
            programs.append(simulated_bras(name=name))
    return programs


def quoted(text: str) -> str:
    """A word as supervisor's parser reads it: quotes around, percent signs doubled."""
    escaped = text.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def section(program: Program, *, logs: Path) -> str:
    """One [program:…] section."""
    lines = [
        f"[program:{program.name}]",
        "command=" + " ".join(quoted(word) for word in program.command),
        f"directory={str(program.directory).replace('%', '%%')}",
        f"autostart={'true' if program.group == 'data' else 'false'}",
        "autorestart=true",
        "startsecs=2",
        "startretries=5",
        f"priority={program.priority}",
        f"stopsignal={program.stop_signal}",
        f"stopwaitsecs={program.stop_wait_s}",
        # A signal to the group would also reach PostgreSQL's sessions and the pool of a worker,
        # which their parents end by themselves; a kill after the wait must leave nobody.
        "stopasgroup=false",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={str(logs / program.name).replace('%', '%%')}.log",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=3",
    ]
    if program.user:
        lines.append(f"user={program.user}")
    if program.env:
        pairs = ",".join(f"{name}={quoted(value)}" for name, value in program.env.items())
        lines.append(f"environment={pairs}")
    return "\n".join(lines) + "\n"


def control_socket(var: Path) -> Path:
    """Where supervisorctl reaches the supervisor; a deep folder gets a short path in /tmp."""
    near = var / "run" / "supervisor.sock"
    if len(os.fsencode(near)) <= SOCKET_PATH_BYTES_MAX:
        return near
    mark = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"geobill-{os.geteuid()}-{mark}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / "supervisor.sock"


def configuration(*, var: Path, programs: list[Program]) -> str:
    """The whole supervisord.conf."""
    socket = str(control_socket(var)).replace("%", "%%")
    run, logs = (str(var / name).replace("%", "%%") for name in ("run", "logs"))
    head = f"""\
; Written by ./run from project/process/programs.py; changes here are lost.
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
pidfile={run}/supervisord.pid
childlogdir={logs}
nodaemon=false
{"user=root" if os.geteuid() == 0 else ""}
environment=GEOBILL_SUPERVISED={quoted(str(var))}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}

"""
    groups = ""
    for group in ("data", "app"):
        names = ",".join(program.name for program in programs if program.group == group)
        groups += f"[group:{group}]\nprograms={names}\n\n"
    return head + "\n".join(section(one, logs=var / "logs") for one in programs) + "\n" + groups


def main() -> None:
    """Write the supervisor's configuration for the folder GEOBILL_VAR."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pgbin", type=Path, required=True)
    parser.add_argument("--pgdata", type=Path, required=True)
    arguments = parser.parse_args()
    var = Path(os.environ["GEOBILL_VAR"])
    programs = data_programs(var=var, pgbin=arguments.pgbin, pgdata=arguments.pgdata)
    programs += app_programs(var=var)
    arguments.out.write_text(configuration(var=var, programs=programs), encoding="utf-8")


if __name__ == "__main__":
    main()
