"""Files of zones for tests, made with the same libraries that people's programs use."""

import io
import json
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyogrio import raw

DATA = Path(__file__).resolve().parents[2] / "fixtures"
DEMO = DATA / "demo" / "zones.geojson"
BROKEN = DATA / "geo" / "broken_polygons.geojson.gz"


def feature(shape: Any, **properties: Any) -> dict[str, Any]:
    """A GeoJSON feature of a shapely shape, or of a ready geometry object."""
    made = shape if isinstance(shape, dict) else shapely.geometry.mapping(shape)
    return {"type": "Feature", "properties": properties, "geometry": made}


def collection(*features: Any, **more: Any) -> bytes:
    """A FeatureCollection; NaN and Infinity are written as Python does."""
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP with these entries."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def by_gdal(
    folder: Path,
    shapes: list[Any],
    columns: dict[str, list[Any]],
    *,
    driver: str = "ESRI Shapefile",
    crs: str | None = "EPSG:4326",
    encoding: str = "UTF-8",
    kind: str = "Polygon",
) -> dict[str, bytes]:
    """What GDAL writes, by file name."""
    ending = {"ESRI Shapefile": "shp", "GPKG": "gpkg"}[driver]
    folder.mkdir(exist_ok=True, parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # names are cut to ten letters
        _write(folder / f"layer.{ending}", shapes, columns, driver, crs, encoding, kind)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _write(
    path: Path, shapes: list[Any], columns: dict[str, list[Any]], driver: str,
    crs: str | None, encoding: str, kind: str,
) -> None:  # fmt: skip
    raw.write(
        str(path),
        np.array([shapely.to_wkb(shape) for shape in shapes], dtype=object),
        [np.array(values, dtype=object) for values in columns.values()],
        list(columns),
        geometry_type=kind,
        crs=crs,
        driver=driver,
        encoding=encoding,
        layer="layer",
    )


def shapefile_zip(
    folder: Path, shapes: list[Any], columns: dict[str, list[Any]], **options: Any
) -> bytes:
    """A zipped Shapefile; `without` names endings to leave out."""
    without = options.pop("without", ())
    files = by_gdal(folder, shapes, columns, **options)
    return zipped({n: d for n, d in files.items() if n.rpartition(".")[2] not in without})


def kml(body: str, head: str = "") -> bytes:
    """A KML document."""
    text = f'<?xml version="1.0" encoding="UTF-8"?>{head}'
    text += f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
    return text.encode()


def kml_polygon(shape: Any, altitude: str = "") -> str:
    """A KML Polygon without holes."""
    places = " ".join(f"{x},{y}{altitude}" for x, y in shape.exterior.coords)
    ring = f"<LinearRing><coordinates>{places}</coordinates></LinearRing>"
    return f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"


def lying_zip(name: str, size: int) -> bytes:
    """A ZIP whose entry unpacks to `size` bytes while its index states 100."""
    data = bytearray(zipped({name: b"\0" * size}))
    for magic, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(magic) + offset
        data[at : at + 4] = struct.pack("<I", 100)
    return bytes(data)


def as_every_format(folder: Path, shape: Any, properties: dict[str, str]) -> dict[str, bytes]:
    """One zone as other people's programs would write it."""
    columns = {name: [value] for name, value in properties.items()}
    data = "".join(
        f'<Data name="{n}"><value>{v}</value></Data>' for n, v in properties.items() if n != "name"
    )
    placemark = (
        f"<Placemark><name>{properties['name']}</name><ExtendedData>{data}</ExtendedData>"
        f"{kml_polygon(shape)}</Placemark>"
    )
    header = ";".join([*properties, "wkt"])
    row = ";".join([*properties.values(), shape.wkt])
    return {
        "GEOJSON": collection(feature(shape, **properties)),
        "KML": kml(placemark),
        "KMZ": zipped({"doc.kml": kml(placemark), "files/icon.png": b"x"}),
        "SHAPEFILE": shapefile_zip(folder / "shp", [shape], columns),
        "GPKG": by_gdal(folder / "gpkg", [shape], columns, driver="GPKG")["layer.gpkg"],
        "CSV": f"{header}\n{row}\n".encode("cp1251"),
    }
