"""`manage.py import_plant FILE…`: nodes of the network and their ports from CSV or GeoJSON."""

from pathlib import Path
from typing import Any

from coverage.importers.command import ImportCommand
from coverage.importers.plant import import_plant
from coverage.importers.report import Report
from project.core import clock
from project.core.actor import Actor, ActorKind


class Command(ImportCommand):
    """Each file is one transaction."""

    help = "Import nodes (name, kind, …) or ports (node, port, …) of the network."

    def import_file(self, path: Path, options: dict[str, Any]) -> Report:
        actor = Actor(kind=ActorKind.SYSTEM, label="import_plant")
        return import_plant(path=path, actor=actor, at=clock.now())
