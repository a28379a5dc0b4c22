"""The tables that come out: CSV as the work goes on, Excel at its end, a list of the unmatched.

A writer goes on from where a checkpoint was: what was written after it is cut off.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from django.utils.translation import get_language
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from billing.qualification.answers import Qualified
from billing.qualification.words import COLUMNS, result_of
from billing.tariffs.queries import SHOWN_ANSWERS
from project.core.spreadsheets import FORMULA, guarded

CSV_NAME, XLSX_NAME, UNMATCHED_NAME = "result.csv", "result.xlsx", "unmatched.jsonl"
OFFERS_MOST = 8
CANDIDATES_MOST = 5
NUMERIC = ("confidence", "building_id", "distance_m", "best_price_uah", "connection_fee_uah")
EXCEL_CELL_MOST = 32_000
BOM = "\ufeff"


def added_columns(header: Sequence[str]) -> list[str]:
    """Names of the added columns; one that the list has already gets a prefix."""
    taken = set(header)
    return [name if name not in taken else f"geobill_{name}" for name in COLUMNS]


def cells_of(found: Qualified) -> list[str]:
    """The added cells of a row, in the order of COLUMNS."""
    language = get_language() or "uk"
    network, best = found.best_network, found.best_offer
    away_m = network.distance_m if network else None
    sold = [
        network.network_type
        for network in found.networks
        if network.answer is found.answer and network.answer in SHOWN_ANSWERS
    ]
    offers = [
        f"{offer.name(language=language)} ({offer.network_type}): {offer.price_text}"
        for offer in found.offers[:OFFERS_MOST]
    ]
    candidates = [candidate.label for candidate in found.match.candidates[:CANDIDATES_MOST]]
    return [
        found.match.kind.value,
        f"{found.match.confidence:.2f}",
        found.address,
        str(found.match.building_id or ""),
        found.answer.value,
        found.reason.value,
        result_of(found),
        ", ".join(sold),
        network.zone_name if network else "",
        "" if away_m is None else f"{away_m:.1f}",
        _day(network.planned_for_date if network else None),
        best.name(language=language) if best else "",
        _hryvnias(best.price_kopecks) if best else "",
        _hryvnias(best.connection_fee_kopecks) if best else "",
        "; ".join(offers),
        "; ".join(candidates),
    ]


def _day(day: Any) -> str:
    return day.isoformat() if day else ""


def _hryvnias(kopecks: int) -> str:
    return f"{kopecks // 100}.{kopecks % 100:02d}"


class Writer:
    """Writes the CSV and the list of unmatched rows of a folder, a chunk at a time."""

    def __init__(self, *, folder: Path, header: Sequence[str], state: dict[str, int]) -> None:
        self.header = list(header)
        self._csv = _opened(folder / CSV_NAME, state["csv"])
        self._unmatched = _opened(folder / UNMATCHED_NAME, state["unmatched"])
        if state["csv"] == 0:
            self._write_rows([[*self.header, *added_columns(self.header)]], mark=BOM)

    def write(self, rows: Iterable[tuple[int, list[str], str, Qualified]]) -> dict[str, int]:
        """Rows (number in the file, cells, the address asked, the answer); where the files end."""
        lines, unmatched = [], []
        for number, cells, asked, found in rows:
            filled = cells + [""] * (len(self.header) - len(cells))
            lines.append([*filled, *cells_of(found)])
            if not found.is_matched:
                unmatched.append(json.dumps(_unmatched(number, asked, found), ensure_ascii=False))
        self._write_rows(lines)
        self._unmatched.write("".join(f"{line}\n" for line in unmatched).encode())
        return {"csv": _kept(self._csv), "unmatched": _kept(self._unmatched)}

    def close(self) -> None:
        """Close the files."""
        self._csv.close()
        self._unmatched.close()

    def _write_rows(self, rows: Iterable[Sequence[str]], mark: str = "") -> None:
        text = io.StringIO(newline="")
        text.write(mark)
        lines = csv.writer(text, delimiter=";", lineterminator="\r\n")
        lines.writerows([guarded(cell) for cell in row] for row in rows)
        self._csv.write(text.getvalue().encode())


def _opened(path: Path, length: int) -> IO[bytes]:
    path.touch(mode=0o600)
    stream = path.open("r+b")
    stream.truncate(length)
    stream.seek(0, os.SEEK_END)
    return stream


def _kept(stream: IO[bytes]) -> int:
    """Put what was written on the disk, so that a checkpoint never names what is not there."""
    stream.flush()
    os.fsync(stream.fileno())
    return stream.tell()


def _unmatched(number: int, asked: str, found: Qualified) -> dict[str, Any]:
    return {
        "row": number,
        "asked": asked[:300],
        "kind": found.match.kind.value,
        "candidates": [
            {"label": candidate.label, "building_id": candidate.building_id}
            for candidate in found.match.candidates[:CANDIDATES_MOST]
        ],
    }


def unmatched_rows(*, folder: Path, after: int, limit: int) -> list[dict[str, Any]]:
    """Rows that were tied to no building, from the row of the file after that number on."""
    path = folder / UNMATCHED_NAME
    found: list[dict[str, Any]] = []
    if path.exists():
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["row"] > after:
                    found.append(row)
                    if len(found) == limit:
                        break
    return found


def excel_rows(*, folder: Path, width: int) -> Iterator[None]:
    """Make the Excel table from the CSV, giving back control after each row.

    `width` is how many columns the list had. The file appears under its name when it is whole.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Geobill")
    sheet.freeze_panes = "A2"
    names = list(COLUMNS)
    for at in range(width + len(names)):
        wide = at >= width and names[at - width] in {"address", "offers", "candidates", "result"}
        sheet.column_dimensions[get_column_letter(at + 1)].width = 42 if wide else 18
    numeric = {width + names.index(name) for name in NUMERIC}
    with (folder / CSV_NAME).open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader((ILLEGAL_CHARACTERS_RE.sub("", line) for line in stream), delimiter=";")
        head = next(rows)
        titles = [*head[:width], *(str(title) for title in COLUMNS.values())]
        sheet.append([_title(sheet, title) for title in titles])
        last = 1
        for row in rows:
            sheet.append([_excel_cell(sheet, cell, at in numeric) for at, cell in enumerate(row)])
            last += 1
            yield
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(titles))}{last}"
    draft = folder / f"{XLSX_NAME}.part"
    book.save(draft)
    draft.replace(folder / XLSX_NAME)


def _title(sheet: Any, text: str) -> WriteOnlyCell:
    cell = _text_cell(sheet, text)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E3F1EE")
    return cell


def _excel_cell(sheet: Any, text: str, is_number: bool) -> Any:
    if not text:
        return None
    if is_number:
        return float(text) if "." in text else int(text)
    return _text_cell(sheet, text) if FORMULA.match(text) else text[:EXCEL_CELL_MOST]


def _text_cell(sheet: Any, text: str) -> WriteOnlyCell:
    """Text whatever it begins with: openpyxl would make a formula of what begins with "="."""
    cell = WriteOnlyCell(sheet, value=text[:EXCEL_CELL_MOST])
    cell.data_type = "s"
    return cell
