"""The file of an import: which columns say what, and its rows as wishes (CSV or XLSX)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from coverage.addressfiles.importing import TABLES, format_of
from coverage.addressfiles.tables import Table, TableOptions, read_table
from project.core.errors import DomainError

ROWS_MAX = 200_000
# What a column is, by words that its name has (ours, and those of other systems); first that fits.
FIELDS: tuple[tuple[str, str], ...] = (
    ("", r"^geobill_"),  # what a report of ours has added
    ("password", r"passw|\bpass\b|парол|\bpwd\b|secret"),
    (
        "service",
        r"^(service|subscription|послуга|услуга)([ _-]?(id|no|num|number|№|номер))?$"
        r"|^(id|номер|№) ?(послуги|услуги)$",
    ),
    ("circuit", r"circuit"),
    ("remote", r"remote[ _-]?id|agent[ _-]?remote"),
    ("delegated", r"deleg|\bpd\b|делегов"),
    ("prefix", r"ipv6|prefix|префікс|префикс"),
    ("mac", r"\bmac\b|\bмак\b|hwaddr|mac[ _-]?ad"),
    ("address", r"\bip\b|ipv4|framed|address|адрес|ip[ _-]?ад"),
    ("contract", r"contract|договір|договор|рахун|счет|account|л/с|о/р"),
    ("login", r"login|логін|логин|user"),
    # A number or a name of the subscriber: it may say whose row it is, but is nobody's login.
    ("person", r"\buid\b|абонент"),
)
WHO = frozenset({"login", "contract", "service"})
MASK = "•••"


class NoUsefulColumnsError(DomainError):
    """The file does not say whose rows it holds, or nothing about them."""

    code = "no_useful_columns"
    message = _(
        "The file needs a column that says whose row it is, and one more. Name them in the first "
        "row: login, contract, service, password, mac, circuit_id, remote_id, ip, ipv6, delegated."
    )


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


def field_of(name: str) -> str:
    """What a column of this name says; "" for nothing that we use."""
    lowered = name.strip().casefold()
    return next((one for one, words in FIELDS if re.search(words, lowered)), "")


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
        known = field_of(name)
        if known:
            places.setdefault(known, at)
    person = places.pop("person", None)
    if person is not None and not places.keys() & WHO:
        places["login"] = person
    who = places.keys() & WHO
    gives_login = "login" in who and len(who) > 1
    if not who or not (places.keys() - WHO or gives_login):
        raise NoUsefulColumnsError
    secret = {at for at, name in enumerate(table.header) if field_of(name) == "password"}
    return [_line(number, cells, places, secret) for number, cells in table.rows]


def _line(
    number: int, cells: Sequence[str], places: dict[str, int], secret: Collection[int]
) -> Line:
    said = {name: cells[at].strip() for name, at in places.items() if at < len(cells)}
    shown = (MASK if at in secret and cell else cell for at, cell in enumerate(cells))
    return Line(number=number, cells=tuple(shown), **said)
