"""`manage.py import_buildings FILE…`: addresses from .osm.pbf, GeoJSON, CSV or XLSX."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from coverage.addresses.streettypes import TYPES
from coverage.addressfiles import importing
from coverage.addressfiles.columns import FIELDS
from coverage.addressfiles.tables import DELIMITERS, ENCODINGS, TableOptions
from coverage.importers.command import ImportCommand, locality_option
from coverage.importers.report import Report
from project.core import clock


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

        parser.add_argument(
            "--columns", default="", metavar="FIELD=COLUMN;…",
            help=f"columns of a table by field ({', '.join(FIELDS)}); else as before, or guessed",
        )  # fmt: skip
        parser.add_argument("--encoding", default="", choices=["", *ENCODINGS])
        parser.add_argument("--delimiter", default="", choices=["", *DELIMITERS])
        parser.add_argument("--sheet", default="", help="of an Excel table; else the first")
        parser.add_argument("--header-row", type=int, help="number of that row; 0 is none")
        parser.add_argument(
            "--swap-axes", action="store_true", help="where latitude and longitude seem swapped"
        )

    def import_file(self, path: Path, options: dict[str, Any]) -> Report:
        locality = locality_option(options["locality"])
        if options["create_locality"]:
            locality = importing.settlement(name=options["create_locality"])
        return importing.import_addresses(
            path=path,
            name=path.name,
            asked=importing.Asked(
                format=options["format"],
                locality=locality,
                untyped=options["street_type"],
                table=TableOptions(
                    encoding=options["encoding"],
                    delimiter=options["delimiter"],
                    sheet=options["sheet"],
                    header_row=options["header_row"],
                ),
                mapping=_columns(options["columns"]),
                swap_axes=options["swap_axes"],
            ),
            at=clock.now(),
        )


def _columns(given: str) -> dict[str, str] | None:
    if not given:
        return None
    pairs = [each.partition("=") for each in given.split(";") if each]
    if any(not sign for _field, sign, _column in pairs):
        raise CommandError("--columns is FIELD=COLUMN;FIELD=COLUMN")
    return {name.strip(): column.strip() for name, _sign, column in pairs}
