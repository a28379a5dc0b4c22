"""`manage.py import_zones FILE…`: zones from files into draft change sets; none is published."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from coverage.importers.command import ImportCommand
from coverage.models import NetworkType
from coverage.zonefiles import importing
from coverage.zonefiles.contents import MAX_FILE_BYTES, FileTooLargeError, ZoneFileError
from coverage.zonefiles.mapping import FIELDS, STATUS_WORDS, Options
from coverage.zonefiles.report import ZoneReport
from project.core import clock
from project.core.actor import Actor, ActorKind
from project.core.models import User


class Command(ImportCommand):
    """Each file is one transaction and one change set."""

    help = "Import zones as drafts: GeoJSON, KML, KMZ, zipped Shapefile, GeoPackage, CSV with WKT."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--network-type", default="", choices=NetworkType.values)
        parser.add_argument("--status", default="", choices=list(STATUS_WORDS))
        parser.add_argument("--priority", type=int)
        parser.add_argument(
            "--column", action="append", default=[], metavar="FIELD=COLUMN",
            help=f"the column of a field ({', '.join(FIELDS)}); may be given several times",
        )  # fmt: skip
        parser.add_argument("--encoding", default="", help="of attribute tables and CSV")
        parser.add_argument("--crs", default="", help="EPSG code where the file names none")
        parser.add_argument("--rows", default="all", help='only these features: "3,5,8"')
        parser.add_argument("--accept-repaired", default="", help='"all", or features: "3,5"')
        parser.add_argument("--swap-axes", default="", help='"all", or features: "3,5"')
        parser.add_argument("--changeset", type=int, help="add to this draft change set")
        parser.add_argument("--author", default="", help="user name of the drafts' author")

    def import_file(self, path: Path, options: dict[str, Any]) -> ZoneReport:
        return importing.import_zones(
            data=_bytes_of(path),
            file_name=path.name,
            actor=_actor(options["author"]),
            at=clock.now(),
            asked=importing.Asked(
                options=Options(
                    columns=_columns(options["column"]),
                    network_type=options["network_type"],
                    status=options["status"],
                    priority=options["priority"],
                ),
                encoding=options["encoding"],
                crs=options["crs"].upper(),
                rows=importing.rows_of(options["rows"], name="rows"),
                accept_repaired=importing.rows_of(options["accept_repaired"], name="rows"),
                swap_axes=importing.rows_of(options["swap_axes"], name="rows"),
                changeset_id=options["changeset"],
                dry_run=options["dry_run"],
            ),
        )


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ZoneFileError(detail=str(error)) from error
    if len(data) > MAX_FILE_BYTES:
        raise FileTooLargeError
    return data


def _columns(given: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if any(not sign for _field, sign, _column in pairs):
        raise CommandError("--column is FIELD=COLUMN")
    return {name: column for name, _sign, column in pairs}


def _actor(user_name: str) -> Actor:
    if not user_name:
        return Actor(kind=ActorKind.SYSTEM, label="import_zones")
    user = User.objects.filter(username=user_name).first()
    if user is None:
        raise CommandError(f"there is no user {user_name}")
    return Actor(kind=ActorKind.STAFF, label=user.username, user_id=user.id)
