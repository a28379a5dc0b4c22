"""`manage.py import_streets FILE…`: streets with their lines from GeoJSON."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from coverage.importers.command import ImportCommand, locality_option
from coverage.importers.report import Report
from coverage.importers.streets import import_streets


class Command(ImportCommand):
    """Each file is one transaction."""

    help = "Import streets and their lines (GeoJSON)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--locality", help="KATOTTG code; else the place of the line says it")

    def import_file(self, path: Path, options: dict[str, Any]) -> Report:
        return import_streets(path=path, locality=locality_option(options["locality"]))
