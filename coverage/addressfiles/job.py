"""Imports of addresses as background jobs: a draft is looked at, checked, then imported.

`params` of the job are a person's choices, see `asked_of`. The import itself is one transaction;
how far it is goes out beside it, or nobody would see it before the end.
"""

import csv
import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from coverage.addressfiles import importing
from coverage.addressfiles.importing import Asked, BadChoiceError
from coverage.addressfiles.tables import TableOptions
from coverage.importers.report import Entry, Report
from coverage.models import AdminUnit
from project.core.jobs import Progress
from project.core.spreadsheets import guarded

KIND = "coverage.import_addresses"
SUMMARY, WHOLE, TABLE = "summary.json", "report.json", "report.csv"
SHOWN_ENTRIES = 200  # of each kind of remark, on the page; the files have all
STAGES = {"reading": (0, 30), "rows": (30, 55), "places": (55, 70), "storing": (70, 95)}
OUTCOMES = ("created", "updated", "unchanged", "waiting for a pin")


def asked_of(params: Mapping[str, Any]) -> Asked:
    """A job's params as choices; raises BadChoiceError."""
    locality = None
    if params.get("locality_id"):
        locality = AdminUnit.objects.filter(id=params["locality_id"]).first()
        if locality is None:
            raise BadChoiceError(field="locality_id")
    header_row = params.get("header_row")
    return Asked(
        format=str(params.get("format", "")),
        locality=locality,
        untyped=str(params.get("street_type", "")),
        dry_run=bool(params.get("dry_run")),
        table=TableOptions(
            encoding=str(params.get("encoding", "")),
            delimiter=str(params.get("delimiter", "")),
            sheet=str(params.get("sheet", "")),
            header_row=header_row if isinstance(header_row, int) else None,
        ),
        mapping=params.get("mapping"),
        swap_axes=bool(params.get("swap_axes")),
    )


def run(progress: Progress) -> None:
    """Check or import the file of a job; the report becomes its files."""
    [(name, path)] = progress.inputs()
    asked = asked_of(progress.params)
    progress.set_total(100)
    already = progress.done
    if already:  # a worker died: the transaction left nothing, so it begins anew
        progress.advance(-already)
    with ThreadPoolExecutor(max_workers=1) as beside:

        def tell(stage: str, done: int, total: int) -> None:
            first, last = STAGES[stage]
            percent = first + (last - first) * done // max(total, 1)
            beside.submit(_tell, progress, percent).result()

        try:
            report = importing.import_addresses(
                path=path, name=name, asked=asked, at=progress.now(), progress=tell
            )
        finally:
            beside.submit(_leave).result()
    write_report(report, progress.folder, dry_run=asked.dry_run)
    counts = {each.replace(" ", "_"): report.counts[each] for each in OUTCOMES}
    progress.add_result(stored_name=WHOLE, name=f"{Path(name).name}.report.json")
    progress.add_result(stored_name=TABLE, name=f"{Path(name).name}.report.csv")
    progress.advance(100 - progress.done, **counts)


def _leave() -> None:
    """The thread's own connection, which no other thread may close."""
    connection.close()


def _tell(progress: Progress, percent: int) -> None:
    if percent > progress.done:
        progress.advance(percent - progress.done)


def write_report(report: Report, folder: Path, *, dry_run: bool) -> None:
    """The report as JSON, as a table, and what of it a page shows."""
    report.write_json(folder / WHOLE)
    entries = list(all_entries(report))
    with (folder / TABLE).open("w", encoding="utf-8-sig", newline="") as stream:
        table = csv.writer(stream, delimiter=";")
        table.writerow(
            [_("Row"), _("Code"), _("Reason"), _("What was done"), _("Address"), _("Detail"),
             _("Longitude"), _("Latitude")]
        )  # fmt: skip
        for entry in entries:
            cells = (entry.row, entry.code, entry.reason, entry.action, entry.name, entry.detail)
            place = ("" if each is None else each for each in (entry.lon, entry.lat))
            table.writerow([*(guarded(str(cell)) for cell in cells), *place])
    summary = {
        "source": report.source,
        "dry_run": dry_run,
        "counts": dict(report.counts),
        "streets": dict(report.parts[0].counts) if report.parts else {},
        "remarks": dict(Counter(entry.code for entry in entries)),
        "entries": _first_of_each(entries),
    }
    text = json.dumps(summary, ensure_ascii=False)
    (folder / SUMMARY).write_text(text, encoding="utf-8")


def all_entries(report: Report) -> list[Entry]:
    """The remarks of a report and its parts."""
    return [*report.entries, *(entry for part in report.parts for entry in all_entries(part))]


def _first_of_each(entries: list[Entry]) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    shown = []
    for entry in entries:
        seen[entry.code] += 1
        if seen[entry.code] <= SHOWN_ENTRIES:
            names = ("row", "code", "action", "name", "detail", "lon", "lat")
            shown.append({name: getattr(entry, name) for name in names})
    return shown
