"""`manage.py export_plant FILE`: the plant as CSV or GeoJSON, to be imported again."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from coverage.plant.exporting import FORMATS, export_nodes


class Command(BaseCommand):
    """Writes one file."""

    help = "Export nodes (csv, geojson) or ports (ports) of the network."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--format", choices=FORMATS, default="csv")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say how large it is."""
        data = export_nodes(file_format=options["format"])
        options["file"].write_bytes(data)
        self.stdout.write(f"{options['file']}: {len(data)} B")
