"""`manage.py import_buildings FILE…`: addresses from .osm.pbf, GeoJSON, CSV or XLSX."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from coverage.addresses.streettypes import TYPES
from coverage.addressfiles import importing
from coverage.importers.command import ImportCommand, locality_option
from coverage.importers.report import Report


class Command(ImportCommand):
    """Each file is one transaction."""

    help = "Import buildings and addresses: OpenStreetMap extract (.osm.pbf), GeoJSON, CSV, XLSX."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--format", default="", choices=importing.FORMATS, type=str.upper)
        where = parser.add_mutually_exclusive_group()
        where.add_argument(
            "--locality", help="KATOTTG code, for places in no known boundary of a settlement"
        )
        where.add_argument(
            "--create-locality", default="", metavar="NAME",
            help="the same with a settlement outside the codifier, made if need be",
        )  # fmt: skip
        parser.add_argument(
            "--street-type", default="", choices=["", *TYPES], metavar="TYPE",
            help="what streets are whose type is not written, e.g. вулиця; else they are left out",
        )  # fmt: skip

    def import_file(self, path: Path, options: dict[str, Any]) -> Report:
        locality = locality_option(options["locality"])
        if options["create_locality"]:
            locality = importing.settlement(name=options["create_locality"])
        return importing.import_addresses(
            path=path,
            name=path.name,
            asked=importing.Asked(
                format=options["format"], locality=locality, untyped=options["street_type"]
            ),
        )
