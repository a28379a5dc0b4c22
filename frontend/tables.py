"""Tables that people take away: CSV and Excel of the same cells.

CSV: UTF-8 with a mark, semicolons, decimal commas, as a Ukrainian Excel opens it with two clicks.
Excel: amounts are numbers and dates are dates.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from billing.calendar import KYIV
from project.core.spreadsheets import guarded

BOM = "\ufeff"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXCEL_CELL_MOST = 32_000
MONEY_FORMAT = "#,##0.00"


@dataclass(frozen=True, slots=True)
class Kopecks:
    """An amount in a cell."""

    amount: int


Cell = str | int | date | datetime | Kopecks | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with what stands above it (`facts`: pairs) and the columns with their widths."""

    name: str
    columns: Sequence[tuple[Any, int]]
    rows: Sequence[Sequence[Cell]]
    facts: Sequence[tuple[Any, Cell]] = field(default_factory=tuple)


def as_csv(table: Table, *, decimal: str = ",", with_facts: bool = True) -> bytes:
    """The table as CSV; `decimal` parts hryvnias and kopecks."""
    text = io.StringIO(newline="")
    text.write(BOM)
    lines = csv.writer(text, delimiter=";", lineterminator="\r\n")
    if with_facts:
        lines.writerows(
            [_text(title, decimal), _text(cell, decimal)] for title, cell in table.facts
        )
    lines.writerow([guarded(str(title)) for title, _width in table.columns])
    lines.writerows([_text(cell, decimal) for cell in row] for row in table.rows)
    return text.getvalue().encode()


def _text(cell: Any, decimal: str) -> str:
    if isinstance(cell, Kopecks):
        sign = "-" if cell.amount < 0 else ""
        hryvnias, rest = divmod(abs(cell.amount), 100)
        return f"{sign}{hryvnias}{decimal}{rest:02d}"
    if isinstance(cell, datetime):
        return cell.astimezone(KYIV).strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell) if isinstance(cell, int) else guarded(str(cell))


def as_xlsx(table: Table) -> bytes:
    """The table as an Excel workbook of one sheet."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name[:31])
    for at, (_name, width) in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = f"A{len(table.facts) + 2}"
    for title, cell in table.facts:
        sheet.append([_cell(sheet, str(title)), _cell(sheet, cell)])
    sheet.append([_title(sheet, str(title)) for title, _width in table.columns])
    for row in table.rows:
        sheet.append([_cell(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, cell: Any) -> Any:
    if cell is None or cell == "":
        return None
    if isinstance(cell, Kopecks):
        made = WriteOnlyCell(sheet, value=Decimal(cell.amount) / 100)
        made.number_format = MONEY_FORMAT
        return made
    if isinstance(cell, datetime):
        return cell.astimezone(KYIV).replace(tzinfo=None, second=0, microsecond=0)
    if isinstance(cell, date | int):
        return cell
    # A soft line break pasted from a text processor is no letter that a workbook could hold.
    text = ILLEGAL_CHARACTERS_RE.sub(" ", str(cell))
    made = WriteOnlyCell(sheet, value=text[:EXCEL_CELL_MOST])
    made.data_type = "s"  # openpyxl would make a formula of what begins with "="
    return made


def _title(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E3F1EE")
    return cell


def answer(content: bytes, *, name: str, kind: str) -> HttpResponse:
    """The file as a download; `kind`: "csv", "xlsx" or "pdf"."""
    types = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX, "pdf": "application/pdf"}
    response = HttpResponse(content, content_type=types[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["Cache-Control"] = "no-store"
    return response
