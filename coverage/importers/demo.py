"""The places of the demonstration: real data of Kharkiv-Saltivka, Zhovkva and Kyiv."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from coverage.importers.boundaries import import_boundaries
from coverage.importers.buildings import import_buildings
from coverage.importers.codifier import import_codifier
from coverage.importers.renames import import_renames
from coverage.importers.report import Report
from coverage.importers.streets import import_streets
from coverage.models import AdminUnit
from project.core import clock

KYIV = "UA80000000000093317"
RENAMES_SOURCE = "Kyiv City Council, renamings 2014-2022"
CODIFIER = "codifier.csv.gz"
BOUNDARIES = (
    "oblasts.geojson.gz",
    "raions.geojson.gz",
    "hromadas.geojson.gz",
    "settlements.geojson.gz",
)


@transaction.atomic
def load_demo(*, fixtures_dir: Path, at: datetime) -> Report:
    """Load fixtures/geo; may be run again. Takes a few seconds. Raises ImportFileError."""
    report = Report(source=str(fixtures_dir.name))
    on_date = clock.today(at)
    report.parts.append(import_codifier(path=fixtures_dir / CODIFIER, on_date=on_date))
    for name in BOUNDARIES:
        report.parts.append(import_boundaries(path=fixtures_dir / name))
    report.parts.append(import_streets(path=fixtures_dir / "zhovkva_streets.geojson.gz"))
    report.parts.append(import_buildings(path=fixtures_dir / "saltivka_buildings.geojson.gz"))
    kyiv = AdminUnit.objects.get(katottg=KYIV)
    report.parts.append(
        import_renames(
            path=fixtures_dir / "kyiv_renames.csv.gz", locality=kyiv, source=RENAMES_SOURCE
        )
    )
    return report
