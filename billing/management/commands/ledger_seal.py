"""`manage.py ledger_seal`: seal what was posted and export the seal as a file."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.ledger import seals
from project.core import clock


class Command(BaseCommand):
    """Seal everything posted since the last seal under a day's name (today's, if none is given)."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The day and the folder."""
        parser.add_argument("--day", type=date.fromisoformat, default=None)
        parser.add_argument("--dir", type=Path, default=None, help="default VAR/seals")

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal and say what was sealed."""
        at = clock.now()
        result = seals.seal_day(
            day=options["day"] or clock.today(at), at=at, directory=options["dir"]
        )
        word = "sealed" if result.is_new else "was sealed before"
        self.stdout.write(f"{result.day} {word}: {result.postings} postings, {result.path}")
