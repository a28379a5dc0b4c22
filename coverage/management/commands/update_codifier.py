"""`manage.py update_codifier FILE`: a newer KATOTTG file held against what is there."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coverage.importers.codifier_update import update_codifier
from project.core import clock
from project.core.actor import SYSTEM
from project.core.errors import DomainError


class Command(BaseCommand):
    """Tells what differs and, without --dry-run, brings the units up to the file."""

    help = "Update administrative units from a newer file of the codifier (KATOTTG, .csv or .gz)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="only tell what differs")
        parser.add_argument(
            "--as-of",
            type=date.fromisoformat,
            metavar="DATE",
            help="the day on which old names and gone units ended (today)",
        )
        parser.add_argument("--report", type=Path, help="write the whole report here as JSON")
        parser.add_argument("--all", action="store_true", help="print every change")
        parser.add_argument(
            "--may-lack-many",
            action="store_true",
            help="accept a file that lacks more than a tenth of the known units",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        try:
            report = update_codifier(
                path=options["file"],
                as_of=options["as_of"] or clock.today(at),
                actor=SYSTEM,
                at=at,
                dry_run=options["dry_run"],
                may_lack_many=options["may_lack_many"],
            )
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        except DomainError as error:
            raise CommandError(
                f"{options['file']}: {error} {error.context or ''}".strip()
            ) from error
        for line in report.lines(limit=10**9 if options["all"] else 20):
            self.stdout.write(line)
        self.stdout.write("applied" if report.applied else "nothing was changed")
        if options["report"]:
            text = json.dumps(report.as_json(), ensure_ascii=False, indent=1)
            options["report"].write_text(text + "\n", encoding="utf-8")
