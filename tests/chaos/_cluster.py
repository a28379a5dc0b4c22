"""A PostgreSQL cluster of its own, which may be killed at any moment without harm to another."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.support.ports import free_tcp_port

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
ROLES = ("superuser", "owner", "app", "radius")
CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
jit = off
random_page_cost = 1.1
max_locks_per_transaction = 256
shared_buffers = 128MB
"""


class Cluster:
    """Its folder, port and passwords. fsync is on: what was answered has reached the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.port = free_tcp_port()
        self.passwords = {name: secrets.token_urlsafe(24) for name in ROLES}

    @property
    def env(self) -> dict[str, str]:
        """Environment variables by which the project finds it."""
        return {
            "GEOBILL_DB_HOST": "127.0.0.1",
            "GEOBILL_DB_PORT": str(self.port),
            "GEOBILL_DB_NAME": "geobill",
            "GEOBILL_DB_SUPERUSER": "geobill_super",
            **{
                f"GEOBILL_DB_{name.upper()}_PASSWORD": word for name, word in self.passwords.items()
            },
        }

    def make(self) -> None:
        """initdb, start, roles, and the schema by the migrations."""
        password = self.folder / "password"
        password.write_text(self.passwords["superuser"])
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (self.folder, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        self._run(
            "initdb", "-D", str(self.data), "-U", "geobill_super", f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(CONFIGURATION.format(port=self.port))
        self.start()
        for command, role in (
            ([sys.executable, "-m", "project.process.bootstrap"], "app"),
            ([sys.executable, "manage.py", "migrate", "--noinput", "-v", "0"], "owner"),
        ):
            subprocess.run(
                command,
                cwd=ROOT,
                env={
                    **os.environ,
                    **self.env,
                    "GEOBILL_DB_ROLE": role,
                    "DJANGO_SETTINGS_MODULE": "project.settings.test",
                },
                check=True,
            )

    def start(self) -> None:
        """Start it, after a kill too; the recovery is over when this returns."""
        deadline = time.monotonic() + START_S
        log = str(self.folder / "log")
        while True:
            done = self._run(
                "pg_ctl", "start", "-w", "-s", "-D", str(self.data), "-l", log, check=False
            )
            if done.returncode == 0:
                break
            # Until the last process of the one that was killed has gone, its memory is in use.
            assert time.monotonic() < deadline, done.stderr.decode()
            time.sleep(0.2)
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="geobill_super",
            password=self.passwords["superuser"],
            dbname="postgres",
        ) as connection:
            assert connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)

    def kill(self) -> None:
        """SIGKILL to the postmaster and to all its processes, as when the machine dies."""
        postmaster = int((self.data / "postmaster.pid").read_text().split()[0])
        mine = children_of(postmaster)
        for process_id in (postmaster, *mine):
            try:
                os.kill(process_id, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def stop(self) -> None:
        """End it; its folder is thrown away anyway."""
        self._run(
            "pg_ctl", "stop", "-w", "-s", "-m", "immediate", "-D", str(self.data), check=False
        )

    def _run(self, tool: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        """A tool of PostgreSQL, which refuses to run as root."""
        command = [str(newest_tool(tool)), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        # Into a file, not a pipe: the server would inherit the pipe, and nobody would see its end.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
            )
            said.seek(0)
            done.stderr = said.read()
        if check and done.returncode != 0:
            raise RuntimeError(f"{tool}: {done.stderr.decode()}")
        return done


def newest_tool(name: str) -> Path:
    """The program of the newest PostgreSQL that is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4])
    )
    assert found, "PostgreSQL is not installed"
    return found[-1]


def children_of(parent: int) -> list[int]:
    """Processes whose parent is this one."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended meanwhile
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found


@contextmanager
def private_cluster() -> Iterator[Cluster]:
    """A migrated cluster for the time of the block."""
    folder = Path(tempfile.mkdtemp(prefix="geobill-chaos-"))
    cluster = Cluster(folder)
    try:
        cluster.make()
        yield cluster
    finally:
        if (cluster.data / "postmaster.pid").exists():
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
