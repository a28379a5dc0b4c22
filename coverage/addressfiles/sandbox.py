"""Opens OpenStreetMap extracts and spreadsheets in a child process with limits."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage import confined
from coverage.addressfiles.contents import (
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TABLE_ROWS,
    AddressFileError,
    AddressFileTooLargeError,
)

WORKER = Path(__file__).with_name("worker.py")
WALL_S = 1200


@contextmanager
def osm_rows(path: Path) -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]]]]:
    """Head and features of an extract; raises AddressFileError."""
    # The name tells osmium the format, so it is ours: never that of the file.
    with _read({"task": "osm", "max_rows": MAX_ROWS}, path, "extract.osm.pbf") as found:
        yield found


@contextmanager
def xlsx_rows(
    path: Path, *, sheet: str = "", first_rows: int | None = None
) -> Iterator[tuple[dict[str, Any], Iterator[list[Any]]]]:
    """Head ({sheets, sheet}) and rows of a spreadsheet; raises AddressFileError."""
    job: dict[str, Any] = {"task": "xlsx", "sheet": sheet, "first_rows": first_rows}
    job |= {"max_rows": MAX_TABLE_ROWS, "max_columns": MAX_COLUMNS}
    with _read(job, path, "table.xlsx") as found:
        yield found


@contextmanager
def _read(job: dict[str, Any], path: Path, name: str) -> Iterator[tuple[dict[str, Any], Any]]:
    with tempfile.TemporaryDirectory(prefix="geobill-addresses-") as holder:
        folder = Path(holder)
        (folder / name).symlink_to(path.resolve())
        try:
            output = confined.run(
                worker=WORKER,
                job={**job, "path": str(folder / name)},
                folder=folder,
                environment={},
                wall_s=WALL_S,
            )
        except confined.ConfinedError as error:
            if error.is_late:
                raise AddressFileError(_("Reading this file takes too long.")) from error
            text = _("The file can't be opened: it is damaged.")
            raise AddressFileError(text, detail=error.detail) from error
        head = _last(output)
        if head.get("too_many"):
            raise AddressFileTooLargeError(_("The file has too many rows: cut it into parts."))
        if head.get("too_wide"):
            raise AddressFileTooLargeError(_("The table has too many columns."))
        with output.open(encoding="utf-8") as stream:
            yield head, _but_last(stream)


def _last(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(size - 100_000, 0))
        found: dict[str, Any] = json.loads(stream.read().rstrip(b"\n").rpartition(b"\n")[2])
    return found


def _but_last(stream: Any) -> Iterator[Any]:
    before = None
    for line in stream:
        if before is not None:
            yield json.loads(before)
        before = line
