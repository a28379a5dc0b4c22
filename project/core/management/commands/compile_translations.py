"""`manage.py compile_translations`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from project.core import translations


class Command(BaseCommand):
    """Compile .po to .mo; with --check, list what has no Ukrainian translation and fail."""

    help = "Compiles translations; --check lists messages without a Ukrainian one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        root = Path(settings.BASE_DIR)
        written = translations.compile_all(root)
        self.stdout.write(f"{written} catalogues compiled")
        if not options["check"]:
            return
        absent = translations.missing(root)
        for message in absent:
            where = f"{message.file.relative_to(root)}:{message.line}"
            self.stdout.write(f"{where}: {message.text!r}")
        for text in translations.broken(root):
            self.stdout.write(f"placeholders differ: {text!r}")
        if absent or translations.broken(root):
            raise CommandError(f"{len(absent)} messages have no Ukrainian translation")
