"""The answers to usual log-ins in a file beside each FreeRADIUS, for the hours when neither Geobill
nor the database can be asked.

The file (SQLite) is a copy of `radius.usual` and of the BRASes with their secrets: who is let in by
login and password with nothing told beside them but the service's own device and port, and with
what attributes, for each kind of BRAS. FreeRADIUS asks it (`raddb/mods/sql_standby`) only in an
outage, so it need not remember these answers itself, which would cost a fifth of each log-in; and
it knows who has not logged in here yet, too, also after it was started anew. It has the passwords
that CHAP needs: mode 0600, as FreeRADIUS' own configuration.

`manage.py keep_standby` reads each `EVERY_S` what has changed. Rows tell the transaction that
changed them; read again is what belongs to transactions that had not ended at the last look, so
none is missed whatever their order. A row that is read twice changes nothing. Where the database
is another one (restored, another cluster, promoted) and each `WHOLE_EVERY_S` all is compared.
A file that was not told for `FRESH_S` answers nobody: who was blocked since is still in it. Nor
does it answer whom FreeRADIUS was told otherwise of since it was told (`policy/standby`).
"""

import json
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import Error, close_old_connections, connection, transaction

from network import crypto
from network.radius.configuration import FOLDER_MODE, STANDBY_FILE, STANDBY_FRESH_S

logger = logging.getLogger(__name__)

EVERY_S = 1.0
WHOLE_EVERY_S = 6 * 3600.0
TOLD_EVERY_S = 5.0  # that nothing has changed is written so often
BATCH = 5_000
FRESH_S = STANDBY_FRESH_S
SPOILT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

# A login that FreeRADIUS' policy takes for the MAC, where none is told.
_MAC_LIKE = re.compile(r"[0-9a-f]{2}(?:[^0-9a-f]?[0-9a-f]{2}){5}")

# Another number is another form of the file: one of a Geobill before is made anew.
FORM = 1
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS answer (
    login_hex TEXT PRIMARY KEY,
    mac TEXT NOT NULL,
    mode TEXT NOT NULL,
    equipped TEXT,
    is_mac INTEGER NOT NULL,
    told TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS nas (
    address TEXT PRIMARY KEY, kind TEXT NOT NULL, mode TEXT NOT NULL,
    secret TEXT NOT NULL, requires_ma TEXT NOT NULL, driver TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    origin TEXT NOT NULL, since TEXT NOT NULL, whole_at REAL NOT NULL, told_at REAL NOT NULL
);
PRAGMA user_version = {FORM};
"""
_PUT = """
INSERT INTO answer AS a (login_hex, mac, mode, equipped, is_mac, told) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (login_hex) DO UPDATE SET mac = excluded.mac, mode = excluded.mode,
    equipped = excluded.equipped, is_mac = excluded.is_mac, told = excluded.told
WHERE (a.mac, a.mode, a.equipped, a.is_mac, a.told)
    IS NOT (excluded.mac, excluded.mode, excluded.equipped, excluded.is_mac, excluded.told)
"""
_KEPT = """
INSERT OR REPLACE INTO kept (only, origin, since, whole_at, told_at) VALUES (1, ?, ?, ?, ?)
"""

# The same cluster, its history, the same database in it, and what that knows of rows that are gone.
_ORIGIN = """
SELECT concat_ws('/', c.system_identifier, k.timeline_id, d.oid,
                 'radius.usual_gone'::regclass::oid),
       pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text
FROM pg_control_system() c, pg_control_checkpoint() k, pg_database d
WHERE d.datname = current_database()
"""
_NAS = """
SELECT host(k.address), k.vendor, k.mode, n.secret_encrypted,
       CASE WHEN n.requires_message_authenticator THEN 'yes' ELSE 'no' END, n.vendor
FROM radius.nas k JOIN network_nas n ON n.address = k.address AND n.retired_at IS NULL
"""
_GONE = """
SELECT g.login_hex FROM radius.usual_gone g
WHERE g.changed >= %s::text::xid8
  AND NOT EXISTS (SELECT FROM radius.usual u WHERE u.login_hex = g.login_hex)
"""
_USUAL = "SELECT login_hex, mac, mode, equipped, told::text FROM radius.usual"
_CHANGED = f"{_USUAL} WHERE changed >= %s::text::xid8"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a file has. `told_at`: seconds since 1970 when it was last the same as the database."""

    answers: int
    brases: int
    told_at: float


@dataclass(frozen=True, slots=True)
class _Kept:
    origin: str
    since: int
    whole_at: float
    told_at: float


def standing(folder: Path) -> Standing | None:
    """What the file in this folder has; None: there is none, or none that can be read."""
    path = folder / STANDBY_FILE
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(path)) as file:
            (told_at,) = file.execute("SELECT told_at FROM kept").fetchone() or (0.0,)
            (answers,) = file.execute("SELECT count(*) FROM answer").fetchone()
            (brases,) = file.execute("SELECT count(*) FROM nas").fetchone()
    except sqlite3.DatabaseError:
        return None
    return Standing(answers, brases, told_at)


class Keeper:
    """Keeps the file of one FreeRADIUS. `now`: seconds since 1970."""

    def __init__(self, *, folder: Path, now: Callable[[], float]) -> None:
        self.path = folder / STANDBY_FILE
        self._now = now
        self._secrets: dict[bytes, str] = {}  # decrypted once
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        self._open()

    def step(self) -> int:
        """Make the file what the database is now; gives how many rows of it are others.

        A file that is spoilt is made anew. django.db.Error: the file stays as it is.
        """
        try:
            return self._follow()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in SPOILT:
                raise  # locked, or no room
            logger.warning("%s is spoilt, and is made anew: %s", self.path, error)
            self._begin_anew()
            return self._follow()

    def run(self, *, ends: threading.Event) -> None:
        """Until told to end; neither a database that is away nor a full disk ends it."""
        while not ends.is_set():
            try:
                self.step()
            except (Error, sqlite3.Error, OSError) as error:
                logger.warning("the answers for an outage could not be told: %s", error)
            close_old_connections()
            ends.wait(EVERY_S)

    def close(self) -> None:
        """Leave the file."""
        self._file.close()

    def _open(self) -> None:
        self.path.touch(mode=0o600)
        self._file = sqlite3.connect(self.path, isolation_level=None, timeout=10)
        try:
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute("PRAGMA secure_delete = FAST")
            self._file.execute(f"PRAGMA journal_size_limit = {1 << 20}")
            has = self._file.execute("SELECT 1 FROM sqlite_master").fetchone() is not None
            (form,) = self._file.execute("PRAGMA user_version").fetchone()
            if has and form != FORM:
                logger.warning("%s is of another Geobill, and is made anew", self.path)
                self._begin_anew()
                return
            self._file.executescript(_SCHEMA)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            logger.warning("%s is spoilt, and is made anew", self.path)
            self._begin_anew()

    def _begin_anew(self) -> None:
        self.close()
        for name in ("", "-wal", "-shm"):
            Path(f"{self.path}{name}").unlink(missing_ok=True)
        self._open()

    def _follow(self) -> int:
        kept, now = self._kept(), self._now()  # before the look: what follows may not be in it
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(_ORIGIN)
            origin, oldest, next_one = cursor.fetchone()
            is_whole = (
                kept is None
                or kept.origin != origin
                or kept.since > int(next_one)
                or not 0 <= now - kept.whole_at < WHOLE_EVERY_S
            )
            with self._writing():
                changed = self._put_brases(cursor)
                if kept is None or is_whole:
                    changed += self._put_all()
                else:
                    changed += self._put_changed(cursor, since=str(kept.since))
                if is_whole or changed or not _is_told(kept, now=now):
                    whole_at = now if kept is None or is_whole else kept.whole_at
                    self._file.execute(_KEPT, (origin, oldest, whole_at, now))
        return changed

    def _kept(self) -> _Kept | None:
        row = self._file.execute("SELECT origin, since, whole_at, told_at FROM kept").fetchone()
        return _Kept(row[0], int(row[1]), row[2], row[3]) if row else None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._file.execute("COMMIT")
        except BaseException:
            if self._file.in_transaction:
                self._file.execute("ROLLBACK")
            raise

    def _put_brases(self, cursor: Any) -> int:
        cursor.execute(_NAS)
        now = {
            (*row[:3], secret, *row[4:])
            for row in cursor.fetchall()
            if (secret := self._secret_of(bytes(row[3])))
        }
        had = set(self._file.execute("SELECT * FROM nas"))
        gone = [(row[0],) for row in had - now]
        self._file.executemany("DELETE FROM nas WHERE address = ?", gone)
        self._file.executemany("INSERT INTO nas VALUES (?, ?, ?, ?, ?, ?)", now - had)
        return len(now ^ had)

    def _secret_of(self, encrypted: bytes) -> str:
        """ "" where no key of this node opens it: the other BRASes are told all the same."""
        if encrypted not in self._secrets:
            try:
                self._secrets[encrypted] = crypto.decrypt(encrypted)
            except crypto.WrongKeyError as error:
                logger.warning("the secret of a BRAS cannot be read: %s", error)
                self._secrets[encrypted] = ""
        return self._secrets[encrypted]

    def _put_changed(self, cursor: Any, *, since: str) -> int:
        cursor.execute(_GONE, [since])
        sql = "DELETE FROM answer WHERE login_hex = ?"
        changed = self._file.executemany(sql, cursor.fetchall()).rowcount
        with connection.chunked_cursor() as many:
            many.execute(_CHANGED, [since])
            while rows := many.fetchmany(BATCH):
                changed += self._file.executemany(_PUT, map(_row, rows)).rowcount
        return changed

    def _put_all(self) -> int:
        self._file.execute("CREATE TEMP TABLE IF NOT EXISTS seen (login_hex TEXT PRIMARY KEY)")
        self._file.execute("DELETE FROM temp.seen")
        changed = 0
        with connection.chunked_cursor() as cursor:
            cursor.execute(_USUAL)
            while rows := cursor.fetchmany(BATCH):
                changed += self._file.executemany(_PUT, map(_row, rows)).rowcount
                self._file.executemany("INSERT INTO temp.seen VALUES (?)", ((r[0],) for r in rows))
        gone = "DELETE FROM answer WHERE login_hex NOT IN (SELECT login_hex FROM temp.seen)"
        changed += self._file.execute(gone).rowcount
        self._file.execute("DELETE FROM temp.seen")
        return changed


def _is_told(kept: _Kept | None, *, now: float) -> bool:
    """Whether the file says that it is fresh."""
    return kept is not None and 0 <= now - kept.told_at < TOLD_EVERY_S


def _row(row: Iterable[Any]) -> tuple[Any, ...]:
    """As the file has it: lines of each kind of BRAS as pairs of name and value."""
    login_hex, mac, mode, equipped, told = row
    lines = {
        kind: [line.split("\t", 1) for line in text.split("\n")]
        for kind, text in json.loads(told).items()
    }
    is_mac = _MAC_LIKE.fullmatch(bytes.fromhex(login_hex).decode()) is not None
    return login_hex, mac, mode, equipped, is_mac, json.dumps(lines, ensure_ascii=False)
