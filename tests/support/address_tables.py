"""Tables of addresses for tests: the real buildings of Saltivka as CSV or XLSX."""

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import shapely

GEO = Path(__file__).resolve().parents[2] / "fixtures" / "geo"


def saltivka(count: int | None = None) -> list[dict[str, str]]:
    """Addresses of Saltivka with a street, a number and a place, once each."""
    found = json.loads(gzip.decompress((GEO / "saltivka_buildings.geojson.gz").read_bytes()))
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for feature in found["features"]:
        tags = feature["properties"]
        street, number = tags.get("addr:street"), tags.get("addr:housenumber")
        if not street or not number or "вулиця" not in street:
            continue
        point = shapely.from_geojson(json.dumps(feature["geometry"])).representative_point()
        rows.setdefault(
            (street, number.lower()),
            {
                "street": street,
                "house": number,
                "lat": f"{point.y:.6f}",
                "lon": f"{point.x:.6f}",
                "levels": tags.get("building:levels", ""),
            },
        )
    return list(rows.values())[:count]


def csv_file(
    path: Path, rows: Iterable[Sequence[Any]], *, delimiter: str = ";", encoding: str = "utf-8"
) -> Path:
    """A CSV of these rows."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def xlsx_file(path: Path, rows: Iterable[Sequence[Any]], *, sheet: str = "Адреси") -> Path:
    """An Excel table of these rows."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(list(row))
    book.save(path)
    return path
