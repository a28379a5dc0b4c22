"""`manage.py import_ip_assignments FILE`: who has which address and access, each row reported."""

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from network.addressing import importfile, importreport
from network.addressing.importing import Import, portions
from network.addressing.importoutcome import FINE
from project.core import audit, clock
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError


class Command(BaseCommand):
    """A dry run unless --write is given; the report has every row of the file."""

    help = "Import who has which login, password, MAC, port and address from CSV or XLSX."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, where the report goes, and whether it is in earnest."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--write", action="store_true", help="in earnest, not a dry run")
        parser.add_argument("--report", type=Path, help="default: FILE with -report.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge or write portion by portion; say how many rows of each kind."""
        path: Path = options["file"]
        report_path = options["report"] or path.with_name(f"{path.stem}-report.csv")
        at = clock.now()
        actor = Actor(kind=ActorKind.SYSTEM, label="import_ip_assignments")
        try:
            file = importfile.read(path)
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["write"]:
            audit.record(
                at=at,
                actor=actor,
                action="network.ip_import.started",
                obj=("file", path.name),
                summary=path.name,
            )
        work = Import(writes=options["write"], source=path.name, at=at, actor=actor)
        counts: Counter[str] = Counter()
        report = importreport.Report(report_path, file.columns, length=0, is_dry=not work.writes)
        try:
            for portion in portions(file.lines):
                outcomes = work.take(portion)
                report.write(outcomes)
                counts.update(one.code.value for one in outcomes)
        finally:
            report.close()
        for one in file.columns:
            self.stdout.write(f"{one.name} → {one.read_as}")
        for code, count in counts.most_common():
            self.stdout.write(f"{count:>8}  {code}")
        fine = sum(count for code, count in counts.items() if code in FINE)
        told = "written" if options["write"] else "dry run: nothing written"
        self.stdout.write(f"{fine} of {len(file.lines)} rows fine; {told}; report: {report_path}")
