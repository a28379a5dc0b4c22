"""Renamed streets: the new name is the street, the old one a dated alias that leads to it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from django.db import transaction

from coverage.addresses import StreetName, parse_street
from coverage.importers import files
from coverage.importers.files import ImportFileError
from coverage.importers.report import Report
from coverage.importers.streets import StreetBook
from coverage.models import AdminUnit, StreetAlias

COLUMNS = ("old_name", "new_name")


@dataclass(frozen=True, slots=True)
class _Rename:
    row: int
    old: StreetName
    new: StreetName
    era: str


@transaction.atomic
def import_renames(*, path: Path, locality: AdminUnit, source: str) -> Report:
    """Read a CSV with `old_name`, `new_name` and perhaps `era` ("2014-2022").

    The era dates the alias: the old name was official until some day of it, so `until_date` is
    the first day after it. One old name may lead to several streets: then people are asked.
    """
    report = Report(source=path.name)
    book = StreetBook(locality.id)
    renames = _read(path, report)
    known = {
        (alias.street_id, alias.type, alias.name_norm)
        for alias in StreetAlias.objects.filter(street__locality=locality)
    }
    aliases = []
    for rename in renames:
        street = book.get_or_create(rename.new, source=source)
        key = (street.id, rename.old.type, rename.old.name_norm)
        if key in known:
            report.count("known already")
            continue
        known.add(key)
        aliases.append(
            StreetAlias(
                street=street,
                type=rename.old.type,
                name=rename.old.name,
                name_norm=rename.old.name_norm,
                search_key=rename.old.search_key,
                kind=StreetAlias.Kind.OLD,
                until_date=_day_after(rename.era),
                source=source,
            )
        )
    StreetAlias.objects.bulk_create(aliases)
    report.count("streets created", book.created)
    report.count("old names", len(aliases))
    _report_shared_names(renames, book, report)
    return report


def _read(path: Path, report: Report) -> list[_Rename]:
    rows = files.csv_rows(path)
    header = [cell.strip() for cell in next(rows, [])]
    if not set(COLUMNS) <= set(header):
        raise ImportFileError(detail=f"columns: {', '.join(header)[:200]}")
    renames: dict[tuple[str, str, str, str], _Rename] = {}
    for number, cells in enumerate(rows, start=1):
        report.count("rows")
        values = dict(zip(header, cells, strict=False))
        old_text, new_text = values.get("old_name", ""), values.get("new_name", "")
        old, new = parse_street(old_text), parse_street(new_text)
        name = f"{old_text} > {new_text}"[:200]
        if not old.name or not new.name or len(old.name) > 160 or len(new.name) > 160:
            report.note(number, "NO_NAME", "SKIPPED", name=name)
        elif not old.type or not new.type:
            report.note(number, "NO_TYPE", "SKIPPED", name=name)
        elif (old.type, old.name_norm) == (new.type, new.name_norm):
            report.note(number, "SAME_NAME", "SKIPPED", name=name)
        else:
            key = (old.type, old.name_norm, new.type, new.name_norm)
            if key in renames:
                report.note(number, "DUPLICATE_ROW", "MERGED", name=name)
            renames.setdefault(key, _Rename(number, old, new, values.get("era", "")))
    return list(renames.values())


def _report_shared_names(renames: list[_Rename], book: StreetBook, report: Report) -> None:
    owners = Counter((rename.old.type, rename.old.name_norm) for rename in renames)
    for rename in renames:
        key = (rename.old.type, rename.old.name_norm)
        detail = rename.new.label
        if owners[key] > 1:
            report.note(
                rename.row, "OLD_NAME_OF_SEVERAL", "KEPT", name=rename.old.label, detail=detail
            )
        if key in book.known:
            report.note(rename.row, "OLD_NAME_IN_USE", "KEPT", name=rename.old.label, detail=detail)


def _day_after(era: str) -> date | None:
    year = era.strip()[-4:]
    return date(int(year) + 1, 1, 1) if year.isdecimal() and 1900 < int(year) < 2100 else None
