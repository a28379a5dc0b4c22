"""Seals: what was posted, hashed once a day and kept outside the database as well.

A seal covers every journal after the previous seal up to a cut, so each journal is in exactly one
seal. Roots are chained: whoever changes something old must change every later seal, and the
exported files with them.
"""

import json
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from billing.ledger.errors import LedgerError, ledger_errors
from billing.ledger.models import LedgerSeal

FORMAT = "geobill-ledger-seal-1"
NO_ROOT = bytes(32)


class SealFileConflictError(LedgerError):
    """A file of that day is there and says something else; it is never overwritten."""

    code = "ledger_seal_file_conflict"
    message = _("The exported seal of this day says something else.")


@dataclass(frozen=True, slots=True)
class SealResult:
    """The seal of a day; `is_new` is False when the day was sealed before."""

    day: date
    is_new: bool
    postings: int
    path: Path


def default_dir() -> Path:
    """`<GEOBILL_VAR>/seals`. Copy its files to where the database's administrators can't write."""
    return Path(settings.VAR_DIR) / "seals"


def seal_day(*, day: date, at: datetime, directory: Path | None = None) -> SealResult:
    """Seal everything posted since the last seal under that day's name, and export it as a file.

    Best run when the day's charges are posted. A day is sealed once; run again it only exports what
    was not exported. Posting goes on meanwhile: the cut holds it up for a moment.

    Raises LedgerBusyError, SealFileConflictError.
    """
    cut = _cut()
    with ledger_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_seal_write(%s, %s)", [day, cut])
        (is_new,) = cursor.fetchone() or (False,)
    paths = export(at=at, directory=directory)
    seal = LedgerSeal.objects.filter(day__gte=day).order_by("day").first()
    assert seal is not None, "a day that could not be sealed lies before a sealed one"
    path = paths.get(seal.day) or _path(directory or default_dir(), seal.day)
    return SealResult(day=seal.day, is_new=bool(is_new), postings=seal.postings, path=path)


def export(*, at: datetime, directory: Path | None = None) -> dict[date, Path]:
    """Write the files of all seals that are not published yet; those written now, by day."""
    folder = directory or default_dir()
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[date, Path] = {}
    for seal in LedgerSeal.objects.filter(published_at__isnull=True).order_by("day"):
        path = _path(folder, seal.day)
        _write_once(path, _document(seal))
        with ledger_errors(), connection.cursor() as cursor:
            cursor.execute("SELECT ledger_seal_published(%s, %s)", [seal.day, at])
        written[seal.day] = path
    return written


def check(*, seals_dir: Path | None = None) -> list[str]:
    """What is wrong with the seals: recomputed from the postings, and against exported files.

    Without `seals_dir` files are not looked at.
    """
    problems: list[str] = []
    previous_root, previous_cut = NO_ROOT, 0
    known: dict[date, dict[str, Any]] = {}
    for seal in LedgerSeal.objects.order_by("day"):
        postings, debit, credit, root = _recompute(
            previous_root=previous_root, after=previous_cut, until=seal.last_journal_id
        )
        if bytes(seal.previous_root) != previous_root:
            problems.append(f"the seal of {seal.day} does not follow the one before it")
        elif (postings, debit, credit) != (
            seal.postings,
            seal.sum_debit_kopecks,
            seal.sum_credit_kopecks,
        ):
            problems.append(
                f"the seal of {seal.day} says {seal.postings} postings, {seal.sum_debit_kopecks}"
                f" and {seal.sum_credit_kopecks}; there are {postings}, {debit} and {credit}"
            )
        elif root != bytes(seal.chain_root):
            problems.append(
                f"the seal of {seal.day} does not recompute: something in journals"
                f" {previous_cut + 1} to {seal.last_journal_id} has changed"
            )
        previous_root, previous_cut = bytes(seal.chain_root), seal.last_journal_id
        known[seal.day] = _document(seal) | {"published": seal.published_at is not None}
    if seals_dir is not None:
        problems.extend(_check_files(seals_dir, known))
    return problems


def _check_files(folder: Path, known: dict[date, dict[str, Any]]) -> list[str]:
    problems: list[str] = []
    files = {path.stem: path for path in folder.glob("????-??-??.json")}
    for day, document in known.items():
        published = document.pop("published")
        path = files.pop(day.isoformat(), None)
        if path is None:
            if published:
                problems.append(f"the exported seal of {day} is missing in {folder}")
        elif _read(path) != document:
            problems.append(f"the seal of {day} is not what was exported to {path}")
    problems.extend(
        f"{path} is the seal of a day that the database has no seal of"
        for path in sorted(files.values())
    )
    return problems


def _cut() -> int:
    with ledger_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT ledger_seal_cut()")
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _recompute(*, previous_root: bytes, after: int, until: int) -> tuple[int, int, int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM ledger_seal_root(%s::bytea, %s, %s)", [previous_root, after, until]
        )
        row = cursor.fetchone()
    assert row is not None
    return row[0], row[1], row[2], bytes(row[3])


def _document(seal: LedgerSeal) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "day": seal.day.isoformat(),
        "last_journal_id": seal.last_journal_id,
        "postings": seal.postings,
        "sum_debit_kopecks": seal.sum_debit_kopecks,
        "sum_credit_kopecks": seal.sum_credit_kopecks,
        "previous_root": bytes(seal.previous_root).hex(),
        "chain_root": bytes(seal.chain_root).hex(),
    }


def _path(folder: Path, day: date) -> Path:
    return folder / f"{day.isoformat()}.json"


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write_once(path: Path, document: dict[str, Any]) -> None:
    """The file appears whole, is read-only, and is never written again."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    draft.chmod(0o444)
    try:
        os.link(draft, path)
    except FileExistsError:
        if _read(path) != document:
            raise SealFileConflictError(path=str(path)) from None
    finally:
        draft.unlink()
