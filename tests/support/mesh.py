"""Real requests and sectors of a community network (NYC Mesh), as tests use them."""

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely
from shapely import Polygon

GEO = Path(__file__).resolve().parents[2] / "fixtures" / "geo"


def requests() -> list[tuple[float, float, datetime | None]]:
    """Longitude, latitude and moment of each of the 4,165 requests."""
    with gzip.open(GEO / "mesh_requests.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        return [
            (float(row["lon"]), float(row["lat"]), _moment(row["request_ms"]))
            for row in csv.DictReader(stream)
        ]


def sectors() -> list[Polygon]:
    """The 62 areas that its antennas reach."""
    with gzip.open(GEO / "mesh_sectors.geojson.gz", "rt", encoding="utf-8") as stream:
        found: dict[str, Any] = json.load(stream)
    return [shapely.geometry.shape(feature["geometry"]) for feature in found["features"]]


def _moment(milliseconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC) if milliseconds else None
