"""`manage.py import_buildings FILE…`: buildings with outlines and addresses from GeoJSON."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from coverage.importers.buildings import import_buildings
from coverage.importers.command import ImportCommand, locality_option
from coverage.importers.report import Report


class Command(ImportCommand):
    """Each file is one transaction."""

    help = "Import buildings from OpenStreetMap outlines (GeoJSON)."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--locality", help="KATOTTG code; else the place says it")

    def import_file(self, path: Path, options: dict[str, Any]) -> Report:
        return import_buildings(path=path, locality=locality_option(options["locality"]))
