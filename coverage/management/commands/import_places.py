"""`manage.py import_places FILE…`: the KATOTTG codifier (CSV) and boundaries (GeoJSON)."""

from typing import Any

from coverage.importers.boundaries import import_boundaries
from coverage.importers.codifier import import_codifier
from coverage.importers.command import ImportCommand
from coverage.importers.report import Report
from project.core import clock


class Command(ImportCommand):
    """Each file is one transaction; give the codifier first, then boundaries from above."""

    help = "Import the codifier of administrative units (.csv) and their boundaries (.geojson)."

    def import_file(self, path: Any, options: dict[str, Any]) -> Report:
        if path.name.removesuffix(".gz").endswith(".csv"):
            return import_codifier(path=path, on_date=clock.today())
        return import_boundaries(path=path)
