"""`manage.py qualify_addresses FILE --out FILE`: what can be sold at each address of a list."""

import shutil
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.qualification.lists import FIELDS, Choice, look_at, read_list, texts_of
from billing.qualification.output import CSV_NAME, XLSX_NAME, excel_rows
from billing.qualification.work import START, Step, qualify_rows
from coverage.addressfiles.tables import TableOptions
from project.core import clock
from project.core.errors import DomainError


class Command(BaseCommand):
    """A CSV or Excel table in, the same rows with match, availability and tariffs out."""

    help = "Qualify a list of addresses: one row out for each row in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments."""
        parser.add_argument("file", type=Path, help="CSV or .xlsx")
        parser.add_argument("--out", type=Path, required=True, help="result, .csv or .xlsx")
        for field in FIELDS:
            flag = f"--{field.replace('_', '-')}-column"
            parser.add_argument(flag, default="", help=f"column: {field} (else guessed)")
        parser.add_argument("--locality", default="", help="settlement, where no column names one")
        parser.add_argument("--encoding", default="")
        parser.add_argument("--delimiter", default="")
        parser.add_argument("--sheet", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, qualify, write, and say what came of it."""
        if options["out"].suffix.lower() not in {".csv", ".xlsx"}:
            raise CommandError("--out must end in .csv or .xlsx")
        if not options["file"].is_file():
            raise CommandError(f"there is no file {options['file']}")
        try:
            self._work(options["file"], options["out"], _choice(options))
        except DomainError as error:
            raise CommandError(str(error)) from error

    def _work(self, path: Path, out: Path, choice: Choice) -> None:
        if not choice.mapping:
            choice = look_at(path=path, choice=choice).choice
        table = read_list(path=path, choice=choice)
        at, began_s = clock.now(), time.monotonic()
        counts: dict[str, int] = {}
        done = 0

        def keep(step: Step) -> None:
            nonlocal done
            done += step.rows
            for name, count in step.counts.items():
                counts[name] = counts.get(name, 0) + count
            rate = done / (time.monotonic() - began_s)
            self.stderr.write(f"{done} of {len(table.rows)} rows, {rate:.0f} a second")

        with tempfile.TemporaryDirectory(prefix="geobill-qualify-") as folder_name:
            folder = Path(folder_name)
            qualify_rows(
                table=table,
                texts=texts_of(table, choice),
                folder=folder,
                at=at,
                on_date=clock.today(at),
                state=START,
                keep=keep,
            )
            made = CSV_NAME
            if out.suffix.lower() == ".xlsx":
                made = XLSX_NAME
                for _row in excel_rows(folder=folder, width=len(table.header)):
                    pass
            shutil.copyfile(folder / made, out)
        for name, count in sorted(counts.items()):
            self.stdout.write(f"{name:<24}{count:>8}")
        self.stdout.write(f"{'rows':<24}{done:>8}  {out}")


def _choice(options: dict[str, Any]) -> Choice:
    mapping = {field: options[f"{field}_column"] for field in FIELDS if options[f"{field}_column"]}
    table = TableOptions(
        encoding=options["encoding"], delimiter=options["delimiter"], sheet=options["sheet"]
    )
    return Choice(mapping, options["locality"], table)
