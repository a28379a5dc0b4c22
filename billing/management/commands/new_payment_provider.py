"""`manage.py new_payment_provider NAME`: the folder of one more payment system."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.payments import scaffold


class Command(BaseCommand):
    """Write a declaration, a README, an adapter for vectors and tests; add it to the registry."""

    help = "Writes the folder of a new payment system, with its contract tests."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("name", help="small Latin letters and digits; stands in its address")
        parser.add_argument("--title", default="", help="as people call it")
        families = "; ".join(
            f"{code}: {what}" for code, (what, *_more) in scaffold.FAMILIES.items()
        )
        parser.add_argument(
            "--family", default="f1", choices=list(scaffold.FAMILIES), help=families
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        try:
            root = Path(settings.BASE_DIR)
            made = scaffold.write(
                root=root,
                name=options["name"],
                title=options["title"],
                family=options["family"],
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        for path in made:
            self.stdout.write(path)
        self.stdout.write("It is in registry.py. Next: billing/payments/README.md.")
