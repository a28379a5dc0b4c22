"""The codifier of administrative units of Ukraine (KATOTTG): 31,748 rows in a few seconds.

Set-based: the rows are copied into a temporary table and merged with one INSERT and one UPDATE.
Ids are taken from the sequence first, so that the materialised paths are known before writing.
"""

import re
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction

from coverage.addresses.text import place_key
from coverage.importers import files
from coverage.importers.report import Report
from coverage.models import AdminUnit, AdminUnitAlias

_Category = AdminUnit.Category
CATEGORIES: dict[str, str] = {
    "O": _Category.OBLAST,
    "K": _Category.SPECIAL_CITY,
    "P": _Category.RAION,
    "H": _Category.HROMADA,
    "M": _Category.CITY,
    "T": _Category.TOWN,
    "C": _Category.VILLAGE,
    "X": _Category.SETTLEMENT,
    "B": _Category.CITY_DISTRICT,
}
CODE = re.compile(r"^UA\d{17}$")
LEVELS = 5
COLUMNS = "id, katottg, category, name, search_key, parent_id, path, depth"


class Row(NamedTuple):
    """One unit of the file: its line, code, the code above it, category, name."""

    number: int
    code: str
    parent_code: str
    category: str
    name: str


@transaction.atomic
def import_codifier(*, path: Path, on_date: date) -> Report:
    """Merge the codifier into AdminUnit; a changed name leaves the old one as an alias.

    Units that are in the database and not in the file stay and are reported. Raises
    ImportFileError when the file can't be read.
    """
    report = Report(source=path.name)
    rows = read_rows(path, report)
    existing = {
        unit.katottg: unit
        for unit in AdminUnit.objects.filter(katottg__isnull=False).only("id", "katottg", "name")
    }
    _report_absent(rows, existing, report)
    ids = {code: unit.id for code, unit in existing.items() if code}
    new_codes = [row.code for row in rows if row.code not in ids]
    ids.update(zip(new_codes, new_ids(len(new_codes)), strict=True))
    paths: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE codifier_row (id bigint, katottg text, category text,"
            " name text, search_key text, parent_id bigint, path text, depth int) ON COMMIT DROP"
        )
        with cursor.copy(f"COPY codifier_row ({COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                above = paths.get(row.parent_code, "/")
                paths[row.code] = f"{above}{ids[row.code]}/"
                parent_id = ids[row.parent_code] if row.parent_code else None
                copy.write_row(
                    (
                        ids[row.code],
                        row.code,
                        row.category,
                        row.name,
                        place_key(row.name),
                        parent_id,
                        paths[row.code],
                        above.count("/") - 1,
                    )
                )
        _merge(cursor, report)
        cursor.execute("DROP TABLE codifier_row")
    _keep_old_names(rows, existing, on_date, report)
    return report


def read_rows(path: Path, report: Report) -> list[Row]:
    """Rows whose parents come before them; what can't be used is reported."""
    found: dict[str, Row] = {}
    for number, cells in enumerate(files.csv_rows(path)):
        if number == 0:
            continue
        row = _row(number, [cell.strip() for cell in cells], report)
        if row is None:
            continue
        if row.code in found:
            report.note(number, "DUPLICATE_CODE", "SKIPPED", name=row.name, detail=row.code)
            continue
        found[row.code] = row
    rows = sorted(found.values(), key=lambda row: _depth(row, found))
    kept: dict[str, Row] = {}
    for row in rows:
        if row.parent_code and row.parent_code not in kept:
            report.note(row.number, "NO_PARENT", "SKIPPED", name=row.name, detail=row.parent_code)
            continue
        kept[row.code] = row
    report.count("rows", len(kept))
    return list(kept.values())


def _row(number: int, cells: list[str], report: Report) -> Row | None:
    if len(cells) != LEVELS + 2:
        report.note(number, "BAD_ROW", "SKIPPED", detail=",".join(cells)[:80])
        return None
    codes = [code for code in cells[:LEVELS] if code]
    name, letter = cells[-1], cells[-2]
    if not codes or not all(CODE.match(code) for code in codes):
        report.note(number, "BAD_CODE", "SKIPPED", name=name[:120], detail=" ".join(codes)[:80])
        return None
    if letter not in CATEGORIES:
        report.note(number, "BAD_CATEGORY", "SKIPPED", name=name[:120], detail=letter[:20])
        return None
    if not name or len(name) > 120:
        report.note(number, "NO_NAME", "SKIPPED", detail=codes[-1])
        return None
    parent = codes[-2] if len(codes) > 1 else ""
    return Row(number, codes[-1], parent, CATEGORIES[letter], name)


def _depth(row: Row, rows: dict[str, Row]) -> int:
    depth = 0
    above = rows.get(row.parent_code)
    while above is not None and depth < LEVELS:
        depth += 1
        above = rows.get(above.parent_code)
    return depth


def new_ids(number: int) -> list[int]:
    """So many ids from the table's sequence."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('coverage_adminunit', 'id'))"
            " FROM generate_series(1, %s)",
            [number],
        )
        return [row[0] for row in cursor.fetchall()]


def _merge(cursor: Any, report: Report) -> None:
    cursor.execute(
        "UPDATE coverage_adminunit unit SET category = r.category, name = r.name,"
        " search_key = r.search_key, parent_id = r.parent_id, path = r.path, depth = r.depth"
        " FROM codifier_row r WHERE r.id = unit.id AND"
        " (unit.category, unit.name, unit.search_key, unit.path, unit.depth)"
        " IS DISTINCT FROM (r.category, r.name, r.search_key, r.path, r.depth)"
    )
    report.count("updated", cursor.rowcount)
    cursor.execute(
        f"INSERT INTO coverage_adminunit ({COLUMNS}, geom_source) SELECT {COLUMNS}, ''"  # noqa: S608
        " FROM codifier_row r WHERE NOT EXISTS"
        " (SELECT 1 FROM coverage_adminunit unit WHERE unit.id = r.id)"
    )
    report.count("created", cursor.rowcount)


def _report_absent(rows: list[Row], existing: dict[Any, AdminUnit], report: Report) -> None:
    in_file = {row.code for row in rows}
    for code, unit in existing.items():
        if code not in in_file:
            report.note(0, "NOT_IN_FILE", "KEPT", name=unit.name, detail=code)


def _keep_old_names(
    rows: list[Row], existing: dict[Any, AdminUnit], on_date: date, report: Report
) -> None:
    aliases = []
    for row in rows:
        unit = existing.get(row.code)
        if unit is not None and place_key(unit.name) != place_key(row.name):
            report.note(row.number, "RENAMED", "ALIAS_KEPT", name=row.name, detail=unit.name)
            aliases.append(
                AdminUnitAlias(
                    unit_id=unit.id,
                    name=unit.name,
                    until_date=on_date,
                    search_key=place_key(unit.name),
                )
            )
    AdminUnitAlias.objects.bulk_create(aliases, ignore_conflicts=True)
