"""The file of an import: which columns say what, and its rows as wishes (CSV or XLSX)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from coverage.addressfiles.importing import TABLES, format_of
from coverage.addressfiles.tables import Table, TableOptions, read_table
from project.core.errors import DomainError

ROWS_MAX = 200_000
# What a column is, by words that its name has (ours, and those of other systems); first that fits.
FIELDS: tuple[tuple[str, str], ...] = (
    ("delegated", r"deleg|\bpd\b|делегов"),
    ("prefix", r"ipv6|prefix|префікс|префикс"),
    ("mac", r"\bmac\b|\bмак\b|hwaddr|mac[ _-]?ad"),
    ("address", r"\bip\b|ipv4|framed|address|адрес|ip[ _-]?ад"),
    ("contract", r"contract|договір|договор|рахун|счет|account|л/с|о/р"),
    ("login", r"login|логін|логин|user|\buid\b|абонент"),
)


class NoUsefulColumnsError(DomainError):
    """The file does not say whose addresses it holds, or has no addresses."""

    code = "no_useful_columns"
    message = _(
        "The file needs a column with the login or the contract, and one with the IP or MAC "
        "address. Name them in the first row: login, contract, mac, ip, ipv6, delegated."
    )


class TooManyRowsError(DomainError):
    """More rows than one import takes."""

    code = "too_many_rows"
    http_status = 413
    message = _("The file has more than 200,000 rows: cut it into parts.")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number in the file, its cells as they are, and what the known columns say."""

    number: int
    cells: tuple[str, ...]
    login: str = ""
    contract: str = ""
    mac: str = ""
    address: str = ""
    prefix: str = ""
    delegated: str = ""


def field_of(name: str) -> str:
    """What a column of this name says; "" for nothing that we use."""
    lowered = name.strip().casefold()
    return next((field for field, words in FIELDS if re.search(words, lowered)), "")


def read(path: Path) -> tuple[list[str], list[Line]]:
    """The header and the rows. Raises AddressFileError, NoUsefulColumnsError, TooManyRowsError."""
    kind = format_of(path)
    if kind not in TABLES:
        raise NoUsefulColumnsError
    table = read_table(
        path=path,
        kind=kind,
        options=TableOptions(),
        # One column alone could not say both who and what.
        is_header=lambda cells: len(cells) > 1 and sum(bool(field_of(cell)) for cell in cells),
    )
    if len(table.rows) > ROWS_MAX:
        raise TooManyRowsError
    return table.header, lines_of(table)


def lines_of(table: Table) -> list[Line]:
    """The rows of a table with what its columns say."""
    places: dict[str, int] = {}
    for at, name in enumerate(table.header):
        field = field_of(name)
        if field:
            places.setdefault(field, at)
    if not places.keys() & {"login", "contract"} or not places.keys() - {"login", "contract"}:
        raise NoUsefulColumnsError
    return [_line(number, cells, places) for number, cells in table.rows]


def _line(number: int, cells: Sequence[str], places: dict[str, int]) -> Line:
    said = {name: cells[at].strip() for name, at in places.items() if at < len(cells)}
    return Line(number=number, cells=tuple(cells), **said)
