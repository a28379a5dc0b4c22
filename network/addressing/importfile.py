"""The file of an import: which columns say what, and its rows as wishes (CSV or XLSX)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.addressfiles.importing import TABLES, format_of
from coverage.addressfiles.tables import Table, TableOptions, cell_text, read_table
from network.addressing.importcolumns import (
    Column,
    NoUsefulColumnsError,
    columns_of,
    field_of,
    gives_login,
)
from project.core.errors import DomainError

ROWS_MAX = 200_000
MASK = "•••"
# Of a report: what came of a row; and the row that says how each column was read.
CODE_COLUMN, COLUMNS_ROW = "geobill_code", "COLUMNS"


class TooManyRowsError(DomainError):
    """More rows than one import takes."""

    code = "too_many_rows"
    http_status = 413
    message = _("The file has more than 200,000 rows: cut it into parts.")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the file, its cells as they are but for the password, and what the
    known columns say. `login` says whose row it is, or with a contract or a service which login it
    shall have."""

    number: int
    cells: tuple[str, ...]
    login: str = ""
    contract: str = ""
    service: str = ""
    password: str = field(default="", repr=False)
    circuit: str = ""
    remote: str = ""
    mac: str = ""
    address: str = ""
    prefix: str = ""
    delegated: str = ""
    until: int = 0

    @property
    def is_torn(self) -> bool:
        """A cell goes over several lines, up to `until`: a quotation mark that nobody meant."""
        return self.until > self.number


@dataclass(frozen=True, slots=True)
class File:
    """The columns of a file and its rows."""

    columns: list[Column]
    lines: list[Line]

    @property
    def header(self) -> list[str]:
        """The names of the columns."""
        return [one.name for one in self.columns]

    @property
    def gives_credentials(self) -> bool:
        """Whether a row has a login to be set, or a password."""
        names = gives_login(self.columns)
        return any(line.password or (names and line.login) for line in self.lines)


def read(path: Path) -> File:
    """The columns and the rows. Raises AddressFileError, HashedPasswordError, DoubleColumnError,
    NoUsefulColumnsError, TooManyRowsError."""
    kind = format_of(path)
    if kind not in TABLES:
        raise NoUsefulColumnsError
    table = read_table(
        path=path,
        kind=kind,
        options=TableOptions(is_raw=True),
        # One column alone could not say both who and what.
        is_header=lambda cells: len(cells) > 1 and sum(bool(field_of(cell)) for cell in cells),
    )
    if len(table.rows) > ROWS_MAX:
        raise TooManyRowsError
    columns = columns_of(table.header)
    return File(columns, lines_of(table, columns))


def lines_of(table: Table, columns: Sequence[Column]) -> list[Line]:
    """The rows of a table with what its columns say; those of a report of ours that tell of its
    columns are left out."""
    places = {one.kind: at for at, one in enumerate(columns) if one.kind}
    if "person" in places:
        places["login"] = places.pop("person")
    secret = {at for at, one in enumerate(columns) if one.is_secret}
    told = next((at for at, one in enumerate(columns) if one.name == CODE_COLUMN), None)
    return [
        _line(number, cells, places, secret, may_be_torn=table.kind == "CSV")
        for number, cells in table.rows
        if told is None or told >= len(cells) or cells[told] != COLUMNS_ROW
    ]


def _line(
    number: int,
    raw: Sequence[str],
    places: dict[str, int],
    secret: Collection[int],
    *,
    may_be_torn: bool,
) -> Line:
    torn = next((at for at, cell in enumerate(raw) if may_be_torn and "\n" in cell), None)
    if torn is not None:
        # What the quotation mark has swallowed may be anything, passwords too.
        shown = (*(_shown(cell, at in secret) for at, cell in enumerate(raw[:torn])), MASK)
        return Line(number, shown, until=number + sum(cell.count("\n") for cell in raw))
    said: dict[str, Any] = {
        name: cell_text(raw[at]) for name, at in places.items() if at < len(raw)
    }
    if "password" in said:
        # As it is: a router sends each sign of it, an outer blank is refused as by hand.
        said["password"] = raw[places["password"]] if said["password"] else ""
    return Line(number, tuple(_shown(cell, at in secret) for at, cell in enumerate(raw)), **said)


def _shown(cell: str, is_secret: bool) -> str:
    text = cell_text(cell)
    return MASK if is_secret and text else text
