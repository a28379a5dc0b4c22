"""`manage.py ledger_partitions`: make monthly partitions of postings ahead of time."""

from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.ledger import operations
from project.core import clock


class Command(BaseCommand):
    """Make the partitions that are missing, from this month to a number of months ahead."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """The span of value dates."""
        parser.add_argument("--from", dest="from_date", type=date.fromisoformat, default=None)
        parser.add_argument("--until", dest="until_date", type=date.fromisoformat, default=None)
        parser.add_argument("--months", type=int, default=6, help="ahead of today (default 6)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make them and name those made now."""
        today = clock.today()
        made = operations.ensure_partitions(
            from_date=options["from_date"] or today,
            until_date=options["until_date"] or today + timedelta(days=31 * options["months"]),
        )
        self.stdout.write("\n".join(made) if made else "nothing to make")
