"""The table that comes in: which columns make the address, and the text of each row."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.addresses import parse_address
from coverage.addressfiles import columns
from coverage.addressfiles.contents import AddressFormatError
from coverage.addressfiles.importing import TABLES, format_of
from coverage.addressfiles.resolving import places_named
from coverage.addressfiles.tables import Table, TableOptions, read_table
from project.core.errors import DomainError

MAX_ROWS = 100_000
LOOKED_AT_ROWS = 300
SHOWN_ROWS = 6
# What a column of a list may be; the names are those of `coverage.addressfiles.columns`.
FIELDS = ("address", "locality", "street_type", "street", "house", "korpus")
_MARKED = re.compile(r"^\s*(?:м|с|смт|сел|с-ще|місто|село|селище|смт)\b[.\s]", re.I)
_SPREADSHEET_NUMBER = re.compile(r"(\d+)\.0+")


class ListTooLongError(DomainError):
    """A list has more rows than are qualified at once."""

    code = "list_too_long"
    http_status = 413
    message = _("The list has more than %(most)s rows: cut it into parts.")

    @classmethod
    def told(cls) -> "ListTooLongError":
        """With the number."""
        most = f"{MAX_ROWS:,}".replace(",", "\u202f")
        return cls(cls.message % {"most": most})


class NoAddressColumnError(DomainError):
    """Nobody said which column is the address, or the street."""

    code = "no_address_column"
    message = _("Choose the column with the address, or those with the street and the house.")


class UnknownColumnError(DomainError):
    """A choice names a column that the list does not have."""

    code = "unknown_column"
    message = _("There is no such column: %(name)s.")


@dataclass(frozen=True, slots=True)
class Choice:
    """How a list is read: `mapping` is {field: column}, `locality` where no column names one.

    Empty: find out.
    """

    mapping: Mapping[str, str]
    locality: str = ""
    options: TableOptions = field(default_factory=TableOptions)

    def as_json(self) -> dict[str, Any]:
        """For `Job.params`."""
        return {
            "mapping": dict(self.mapping),
            "locality": self.locality,
            "encoding": self.options.encoding,
            "delimiter": self.options.delimiter,
            "sheet": self.options.sheet,
            "header_row": self.options.header_row,
        }


def choice_of(params: Mapping[str, Any]) -> Choice:
    """The choice as it was kept in `Job.params`."""
    options = TableOptions(
        encoding=params.get("encoding", ""),
        delimiter=params.get("delimiter", ""),
        sheet=params.get("sheet", ""),
        header_row=params.get("header_row"),
    )
    return Choice(params.get("mapping") or {}, params.get("locality") or "", options)


@dataclass(frozen=True, slots=True)
class Look:
    """The beginning of a list with what was found out about it, for a person to confirm.

    `is_too_long`: it has more rows than are qualified at once.
    """

    table: Table
    choice: Choice
    rows: list[list[str]]
    texts: list[str]
    is_too_long: bool = False


def look_at(*, path: Path, choice: Choice) -> Look:
    """How the list would be read; the columns are guessed where none is chosen.

    Raises AddressFileError and its subclasses.
    """
    table = _read(path, replace(choice.options, first_rows=LOOKED_AT_ROWS))
    mapping = dict(choice.mapping)
    if not mapping:
        sample = [cells for _number, cells in table.rows]
        guessed = columns.guess(table.header, sample, places=places_named)
        mapping = {part: guessed[part] for part in FIELDS if part in guessed}
        if "address" in mapping:
            mapping = _beside_whole_address(mapping, table)
    known = {part: name for part, name in mapping.items() if name in table.header}
    chosen = replace(choice, mapping=known)
    shown = [cells + [""] * (len(table.header) - len(cells)) for _n, cells in table.rows]
    texts = texts_of(table, chosen)[:SHOWN_ROWS] if is_enough(known) else []
    return Look(
        table=table,
        choice=chosen,
        rows=shown[:SHOWN_ROWS],
        texts=texts,
        is_too_long=_is_too_long(path, choice, stated_rows=table.stated_rows),
    )


def _beside_whole_address(mapping: dict[str, str], table: Table) -> dict[str, str]:
    """Where the whole address stands in one column, what else is named house is something else."""
    at = table.header.index(mapping["address"])
    lines = [cells[at] for _number, cells in table.rows if at < len(cells) and cells[at]]
    with_house = sum(bool(parse_address(line).house_text) for line in lines)
    parts = {"address", "locality"} | (
        set() if with_house * 2 > len(lines) else {"house", "korpus"}
    )
    return {part: name for part, name in mapping.items() if part in parts}


def is_enough(mapping: Mapping[str, str]) -> bool:
    """Whether these columns make an address."""
    return "address" in mapping or "street" in mapping


def checked(choice: Choice, header: list[str]) -> Choice:
    """The choice when it fits the header; raises NoAddressColumnError, UnknownColumnError."""
    for part, name in choice.mapping.items():
        if part not in FIELDS or name not in header:
            raise UnknownColumnError(UnknownColumnError.message % {"name": name[:80]})
    if not is_enough(choice.mapping):
        raise NoAddressColumnError(field="mapping")
    return choice


def read_list(*, path: Path, choice: Choice) -> Table:
    """The whole list; raises AddressFileError, ListTooLongError and those of `checked`."""
    table = _read_whole(path, choice)
    if len(table.rows) > MAX_ROWS:
        raise ListTooLongError.told()
    checked(choice, table.header)
    return table


def _read_whole(path: Path, choice: Choice) -> Table:
    # Read to its end: blank lines don't count, so no number of lines is known to be enough.
    return _read(path, replace(choice.options, first_rows=None))


def _is_too_long(path: Path, choice: Choice, *, stated_rows: int) -> bool:
    """Only a file that seems to be too long is read to the end for it."""
    return stated_rows > MAX_ROWS and len(_read_whole(path, choice).rows) > MAX_ROWS


def texts_of(table: Table, choice: Choice) -> list[str]:
    """The address of each row as one line of text."""
    places = {name: table.header.index(column) for name, column in choice.mapping.items()}
    return [
        text_of({n: cells[at] for n, at in places.items() if at < len(cells)}, choice.locality)
        for _number, cells in table.rows
    ]


def text_of(cells: Mapping[str, str], locality: str = "") -> str:
    """One line from the cells of a row: «м. Харків, вулиця Бучми, буд. 42Б корпус 1»."""
    parts = []
    place = cells.get("locality", "").strip() or locality.strip()
    if place:
        parts.append(place if _MARKED.match(place) else f"м. {place}")
    if cells.get("address", "").strip():
        parts.append(cells["address"].strip())
    else:
        words = (cells.get("street_type", "").strip(), cells.get("street", "").strip())
        parts.append(" ".join(word for word in words if word))
    house, korpus = _plain(cells.get("house", "")), _plain(cells.get("korpus", ""))
    if house:
        parts.append(f"буд. {house}" + (f" корпус {korpus}" if korpus else ""))
    return ", ".join(part for part in parts if part)


def _plain(text: str) -> str:
    """«12.0» is what a spreadsheet makes of 12."""
    whole = _SPREADSHEET_NUMBER.fullmatch(text.strip())
    return whole[1] if whole else text.strip()


def _read(path: Path, options: TableOptions) -> Table:
    kind = format_of(path)
    if kind not in TABLES:
        raise AddressFormatError(_("The list must be CSV or an Excel table (.xlsx)."))
    return read_table(path=path, kind=kind, options=options, is_header=columns.names_known)
