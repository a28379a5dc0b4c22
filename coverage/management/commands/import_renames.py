"""`manage.py import_renames FILE… --locality CODE`: old street names that lead to the new ones."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from coverage.importers.command import ImportCommand, locality_option
from coverage.importers.renames import import_renames
from coverage.importers.report import Report


class Command(ImportCommand):
    """Each file is one transaction."""

    help = "Import renamed streets (CSV with old_name, new_name and perhaps era)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--locality", required=True, help="KATOTTG code of the settlement")
        parser.add_argument("--source", default="", help="where the list comes from")

    def import_file(self, path: Path, options: dict[str, Any]) -> Report:
        locality = locality_option(options["locality"])
        if locality is None:
            raise CommandError("--locality must not be empty")
        source = (options["source"] or path.name)[:40]
        return import_renames(path=path, locality=locality, source=source)
