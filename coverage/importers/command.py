"""The shape that all import commands share: files in, one report each, dry run, JSON."""

import json
import time
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from coverage.models import AdminUnit
from project.core.errors import DomainError


class ImportReport(Protocol):
    """What every importer tells: remarks as lines for people, and the whole as JSON."""

    def lines(self, *, limit: int = 20) -> list[str]: ...

    def as_json(self) -> dict[str, Any]: ...


class ImportCommand(BaseCommand):
    """Base of the import commands; a subclass says what is done with one file."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--report", type=Path, help="write the whole report here as JSON")
        parser.add_argument("--dry-run", action="store_true", help="report, then undo everything")
        parser.add_argument("--all", action="store_true", help="print every remark")

    def import_file(self, path: Path, options: dict[str, Any]) -> ImportReport:
        """Import one file and say what was done."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        reports = []
        for path in options["files"]:
            started = time.monotonic()
            try:
                with transaction.atomic():
                    report = self.import_file(path, options)
                    transaction.set_rollback(options["dry_run"])
            except DomainError as error:
                raise CommandError(f"{path}: {error} {error.context or ''}".strip()) from error
            reports.append(report)
            for line in report.lines(limit=10**9 if options["all"] else 20):
                self.stdout.write(line)
            self.stdout.write(f"  {time.monotonic() - started:.1f} s")
        if options["report"]:
            listed = [report.as_json() for report in reports]
            text = json.dumps(listed, ensure_ascii=False, indent=1)
            options["report"].write_text(text + "\n", encoding="utf-8")


def locality_option(code: str | None) -> AdminUnit | None:
    """The unit with that KATOTTG code; CommandError when there is none."""
    if not code:
        return None
    try:
        return AdminUnit.objects.get(katottg=code)
    except AdminUnit.DoesNotExist as error:
        raise CommandError(f"no administrative unit {code}: import the codifier first") from error
