"""Databases of the tests: migrated once, then copied.

Migrations run once for each state of the migration and SQL files, into a database named by their
hash. Each test worker (and each running system of the tests) gets a copy of it, made in about
0.2 s, under a name with its process id: any number of test runs may share one PostgreSQL.
"""

import functools
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
APPS = ("project", "coverage", "billing", "crm", "network", "frontend")
MIGRATED_PREFIX = "geobill_migrated_"
TEST_PREFIX = "test_geobill_"
MIGRATED_KEPT = 12


def schema_fingerprint() -> str:
    """Hash of everything that decides how an empty migrated database looks."""
    files = [ROOT / "requirements.lock"]
    for app in APPS:
        files += sorted((ROOT / app).rglob("migrations/*.py"))
        files += sorted((ROOT / app).rglob("*.sql"))
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@contextmanager
def maintenance() -> Iterator[psycopg.Connection]:
    """The owner's connection to the database `postgres`, where databases are made and dropped."""
    entry = settings.DATABASES["default"]
    with psycopg.connect(
        host=entry["HOST"],
        port=entry["PORT"],
        user=settings.GEOBILL_DB_USERS["owner"],
        password=settings.GEOBILL_DB_PASSWORDS["owner"],
        dbname="postgres",
        autocommit=True,
    ) as connection:
        yield connection


def create(connection: psycopg.Connection, *, name: str, template: str) -> None:
    """Copy a database; nobody may be connected to the template."""
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def drop(connection: psycopg.Connection, *, name: str) -> None:
    """Drop a database even while somebody is connected."""
    plain = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        connection.execute(plain + sql.SQL(" WITH (FORCE)"))
    except psycopg.errors.InsufficientPrivilege:
        # An autovacuum worker is at work there. It belongs to no role, so FORCE may not end it for
        # us; without FORCE the server itself sends it away, and we end the sessions of our roles.
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid() AND pg_has_role(usesysid, 'MEMBER')",
            [name],
        )
        connection.execute(plain)


def names_with(connection: psycopg.Connection, *, prefix: str) -> list[str]:
    """Databases with that prefix, the newest first."""
    rows = connection.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY oid DESC", [prefix]
    ).fetchall()
    return [row[0] for row in rows]


@functools.cache
def migrated_template() -> str:
    """Name of a database with all migrations applied, made now if there is none for this state.

    One answer for the whole session: a file that changes meanwhile counts from the next one on.
    """
    name = MIGRATED_PREFIX + schema_fingerprint()
    with maintenance() as connection:
        # One process migrates, the others wait here for it.
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
        if name not in names_with(connection, prefix=MIGRATED_PREFIX):
            draft = f"draft_{name}"
            drop(connection, name=draft)
            create(connection, name=draft, template="geobill_template")
            _migrate(draft)
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(draft), sql.Identifier(name)
                )
            )
            for old in names_with(connection, prefix=MIGRATED_PREFIX)[MIGRATED_KEPT:]:
                drop(connection, name=old)
    return name


def _migrate(name: str) -> None:
    """Run the migrations in a process of their own, so that no connection of ours stays there."""
    environment = {
        **os.environ,
        "GEOBILL_DB_NAME": name,
        "GEOBILL_DB_ROLE": "owner",
        "DJANGO_SETTINGS_MODULE": "project.settings.test",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--noinput", "-v", "0"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the migrations failed:\n{done.stdout}{done.stderr}")


def drop_leftovers(connection: psycopg.Connection) -> None:
    """Drop test databases whose process (its id is in the name) is gone."""
    for name in names_with(connection, prefix=TEST_PREFIX):
        process_id = name.removeprefix(TEST_PREFIX).split("_")[0]
        if process_id.isdigit() and not Path(f"/proc/{process_id}").exists():
            drop(connection, name=name)


@contextmanager
def database_copy(purpose: str) -> Iterator[str]:
    """A fresh migrated database for the time of the `with` block; gives its name."""
    name = f"{TEST_PREFIX}{os.getpid()}_{purpose}"
    template = migrated_template()
    with maintenance() as connection:
        drop_leftovers(connection)
        drop(connection, name=name)
        create(connection, name=name, template=template)
    try:
        yield name
    finally:
        connections["default"].close()
        with maintenance() as connection:
            drop(connection, name=name)


def renew(name: str) -> None:
    """Put a test's database back to its migrated state after a test that committed.

    Django's own way, TRUNCATE of every table, would also delete what migrations put in, and the
    append-only tables refuse it, as they must.
    """
    connections["default"].close()
    template = migrated_template()
    with maintenance() as connection:
        drop(connection, name=name)
        create(connection, name=name, template=template)


@contextmanager
def django_uses(name: str) -> Iterator[None]:
    """Let the ORM of this process work in another database for the time of the block."""
    connection = connections["default"]
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
