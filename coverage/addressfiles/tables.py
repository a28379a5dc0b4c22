"""Tables of addresses, CSV and XLSX: encoding, delimiter and header found out, rows as text."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.addressfiles import sandbox
from coverage.addressfiles.contents import (
    MAX_CELL_CHARS,
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    MAX_TABLE_ROWS,
    AddressFileError,
    AddressFileTooLargeError,
    AddressFormatError,
)
from coverage.zonefiles.container import open_file
from coverage.zonefiles.contents import CONTROLS, ZoneFileError

DELIMITERS = {";": ";", ",": ",", "\t": "\t", "|": "|", "tab": "\t"}
ENCODINGS = ("utf-8", "cp1251", "cp866", "koi8_u", "utf-16")
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MAX_TEXT_BYTES = 200_000_000
MAX_XLSX_BYTES = 800_000_000
MAX_RATIO = 100  # tables of addresses pack 5 to 25 times; 1,000 is a bomb
RATIO_FREE_BYTES = 10_000_000
LOOKED_AT_ROWS = 60
MAX_BROKEN_SHARE = 0.02
HEADER_IN_FIRST = 12
# What spreadsheets take for a formula was guarded by an apostrophe when it was written.
GUARDED = re.compile(r"'+[=+\-@]")
# Where a cell of a spreadsheet is a date, a house number "18/1" was damaged; it reads as one.
MONTHS = ("січ", "лют", "бер", "кві", "тра", "чер", "лип", "сер", "вер", "жов", "лис", "гру")
FREQUENT = set("оаинітвеорлсукдмпОАИНІТВЕРЛСУКДМП")


class BadTableError(AddressFileError):
    """A choice of encoding, delimiter or sheet that does not fit the file."""

    code = "address_table_choice"
    http_status = 400


@dataclass(frozen=True, slots=True)
class TableOptions:
    """How a table is to be read; "" and None are "find out". `header_row` 0 is "no header".

    With `first_rows` no more than so many are read, for a look; `is_raw` leaves cells as they are,
    with their blanks, apostrophes and lines, for whoever reads them with `cell_text`.
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int | None = None
    first_rows: int | None = None
    is_raw: bool = False


@dataclass(slots=True)
class Table:
    """A table that was read. `rows` are (number in the file, cells); `header` names each column.

    `stated_rows`: how many the whole file seems to have, without having read them; 0 is unknown.
    """

    kind: str
    header: list[str]
    header_row: int
    rows: list[tuple[int, list[str]]]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stated_rows: int = 0


def read_table(*, path: Path, kind: str, options: TableOptions, is_header: Any) -> Table:
    """A CSV or XLSX file; `is_header(cells)` says how many cells name something known.

    Raises AddressFileError and its subclasses.
    """
    table = _read_xlsx(path, options) if kind == "XLSX" else _read_csv(path, options, is_header)
    _take_header(table, options, is_header)
    if not table.rows:
        raise AddressFileError(_("The table has no rows."))
    return table


def _read_xlsx(path: Path, options: TableOptions) -> Table:
    _refuse_bomb(path)
    with sandbox.xlsx_rows(path, sheet=options.sheet, first_rows=options.first_rows) as (
        head,
        rows,
    ):
        if options.sheet and options.sheet not in head["sheets"]:
            raise BadTableError(_("The file has no such sheet."), field="sheet")
        cell = _raw if options.is_raw else cell_text
        listed = [
            (number, [cell(value) for value in cells]) for number, cells in enumerate(rows, 1)
        ]
    table = Table("XLSX", [], 0, _not_empty(listed), sheet=head["sheet"], sheets=head["sheets"])
    table.stated_rows = head.get("stated_rows") or 0
    return table


def _refuse_bomb(path: Path) -> None:
    """The archive of a spreadsheet is looked at before anything unpacks it.

    Python unpacks no more of an entry than the archive's index states, so the index can be asked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise AddressFileError(_("The file can't be opened: it is damaged.")) from error
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise AddressFormatError
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise AddressFileError(_("The table is protected by a password."))
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > MAX_XLSX_BYTES or unpacked > max(packed * MAX_RATIO, RATIO_FREE_BYTES):
        text = _("The archive unpacks to far more than it seems (a ZIP bomb).")
        raise AddressFileError(text)


def _read_csv(path: Path, options: TableOptions, is_header: Any) -> Table:
    data = _bytes_of(path)
    text, encoding, is_guess = decoded(data, options.encoding)
    if options.delimiter and options.delimiter not in DELIMITERS:
        raise BadTableError(_("There is no such delimiter."), field="delimiter")
    delimiter = DELIMITERS.get(options.delimiter) or delimiter_of(text, is_header)
    table = Table("CSV", [], 0, [], encoding=encoding, delimiter=delimiter)
    table.stated_rows = text.count("\n") + 1
    if is_guess:
        table.notes.append("ENCODING_GUESSED")
    try:
        rows = (_raw_rows if options.is_raw else _csv_rows)(text, delimiter, table)
        table.rows = _not_empty(islice(rows, options.first_rows))
    except csv.Error as error:
        text_ = _("The file is no table: a cell is too long or a line can't be read.")
        raise AddressFileError(text_, detail=str(error)) from error
    return table


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(MAX_TEXT_BYTES + 1)
    if data.startswith(b"\x1f\x8b"):
        try:
            data = open_file(data).data
        except ZoneFileError as error:
            raise AddressFileError(error.message) from error
    if len(data) > min(MAX_TEXT_BYTES, MAX_FILE_BYTES):
        raise AddressFileTooLargeError
    return data


def decoded(data: bytes, encoding: str) -> tuple[str, str, bool]:
    """(text, encoding, whether it was guessed): a mark at the beginning, UTF-8, else Cyrillic.

    Of the old Cyrillic encodings the one in which frequent letters are frequent.
    """
    if encoding and encoding not in ENCODINGS:
        raise BadTableError(_("There is no such encoding."), field="encoding")
    if not encoding:
        encoding = next((name for mark, name in MARKS if data.startswith(mark)), "")
    try:
        name = encoding or "utf-8"
        return data.decode("utf-8-sig" if name == "utf-8" else name), name, False
    except UnicodeDecodeError as error:
        if encoding:
            text = _("The file is not text in the encoding %(name)s.")
            raise BadTableError(text % {"name": encoding}, field="encoding") from error
    sample = data[:200_000]
    as_utf8 = sample.decode("utf-8", "replace")
    if as_utf8.count("\ufffd") <= len(as_utf8) * MAX_BROKEN_SHARE:
        # UTF-8 in which a few characters are broken, as a cut or a bad export leaves them.
        return data.decode("utf-8-sig", "replace"), "utf-8", True
    name = max(("cp1251", "cp866", "koi8_u"), key=lambda each: _fluency(sample, each))
    return data.decode(name, "replace"), name, True


def _fluency(sample: bytes, encoding: str) -> float:
    text = sample.decode(encoding, "replace")
    letters = [char for char in text if ord(char) > 127]
    good = sum(char in FREQUENT for char in letters)
    # Capitals inside words are what the wrong table makes of small letters.
    odd = len(re.findall(r"[а-яґєії][А-ЯҐЄІЇ]", text)) + sum(not char.isalpha() for char in letters)
    return (good - odd) / (len(letters) or 1)


def delimiter_of(text: str, is_header: Any) -> str:
    """The sign that cuts the first lines into the same number of cells, more than one.

    A first line that is a column's name as a whole is the header of a table of one column.
    """
    sample = text[:100_000].lstrip()
    if is_header([sample.partition("\n")[0].strip()]):
        return ";" if ";" not in sample else "\t"
    best, best_score = ",", (-1.0, 0)
    for delimiter in ";,\t|":
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
        try:
            widths = [len(row) for row in islice(rows, LOOKED_AT_ROWS) if any(row)]
        except csv.Error:
            continue
        cut = [width for width in widths if width > 1]
        if not cut:
            continue
        usual = max(sorted(set(cut)), key=cut.count)
        score = (widths.count(usual) / len(widths), usual)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _csv_rows(text: str, delimiter: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    """Rows with their line numbers. A quote that nobody closed swallows no rows.

    Where the usual reading makes one cell of many lines, quotes are read as plain signs.
    """
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 0
    for cells in rows:
        number, line = line + 1, rows.line_num
        if any(cell.count("\n") > 3 and cell.count(delimiter) > 6 for cell in cells):
            table.notes.append("BROKEN_QUOTES")
            swallowed = io.StringIO(text, newline="")
            for at, each in enumerate(swallowed, start=1):
                if at >= number:
                    plain = each.rstrip("\r\n").split(delimiter)
                    yield at, [cell_text(cell.strip().strip('"')) for cell in _checked(plain, at)]
            return
        yield number, [cell_text(cell) for cell in _checked(cells, number)]


def _raw_rows(text: str, delimiter: str, table: Table) -> Iterator[tuple[int, list[str]]]:
    """Rows with their line numbers as the quotes say, be it one of many lines."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 0
    for cells in rows:
        number, line = line + 1, rows.line_num
        yield number, [_raw(cell) for cell in _checked(cells, number)]


def _checked(cells: list[str], number: int) -> list[str]:
    if len(cells) > MAX_COLUMNS:
        raise AddressFileTooLargeError(_("The table has too many columns."))
    if number > MAX_TABLE_ROWS:
        raise AddressFileTooLargeError(_("The file has too many rows: cut it into parts."))
    return cells


def _raw(value: Any) -> str:
    return cell_text(value) if isinstance(value, dict) else str(value)


def cell_text(value: Any) -> str:
    """A cell in one line, without outer blanks, control characters and the guard of a formula."""
    if isinstance(value, dict):  # a date
        _year, month, day = value["date"].split("-")
        return f"{int(day)}.{MONTHS[int(month) - 1]}"
    text = CONTROLS.sub("", str(value)[:MAX_CELL_CHARS])
    text = " ".join(text.split())
    return text[1:] if GUARDED.match(text) else text


def _not_empty(rows: Iterable[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    return [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]


def _take_header(table: Table, options: TableOptions, is_header: Any) -> None:
    """The row that names the columns: chosen, or that of the first ones that names most."""
    width = max((len(cells) for _number, cells in table.rows), default=0)
    wanted = options.header_row
    if wanted is None:
        first = table.rows[:HEADER_IN_FIRST]
        known = [(is_header(cells), -at) for at, (_number, cells) in enumerate(first)]
        best, at = max(known, default=(0, 0))
        wanted = first[-at][0] if best >= 1 and _is_worded(first[-at][1]) else 0
    names: list[str] = []
    if wanted:
        before = [row for row in table.rows if row[0] <= wanted]
        if not before or before[-1][0] != wanted:
            raise BadTableError(_("There is no such row."), field="header_row")
        names = [cell_text(name)[:80] for name in before[-1][1]]
        table.rows = table.rows[len(before) :]
    table.header_row = wanted
    taken: dict[str, int] = {}
    for at in range(width):
        name = names[at] if at < len(names) and names[at] else letter_of(at)
        taken[name] = taken.get(name, 0) + 1
        table.header.append(name if taken[name] == 1 else f"{name} ({taken[name]})")


def _is_worded(cells: list[str]) -> bool:
    return not any(cell.replace(".", "").replace(",", "").isdigit() for cell in cells if cell)


def letter_of(at: int) -> str:
    """The name of a column without one, as spreadsheets have it: A … Z, AA …"""
    text = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(65 + rest) + text
    return text
