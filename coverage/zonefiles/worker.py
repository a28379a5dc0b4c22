"""The child process that opens Shapefiles and GeoPackages with GDAL. Knows no Django, no database.

It is run by `coverage.zonefiles.sandbox` as a script of its own with an empty environment, limits
of memory, time and file size, and only the two drivers that are meant. A job comes on stdin as one
JSON object; rows go to a file as JSON lines, the first of them a head. Whatever a hostile file does
to GDAL ends here, and the parent reads nothing but JSON.
"""

import base64
import json
import math
import os
import sys
from collections.abc import Callable
from typing import Any

DRIVERS = {"ESRI Shapefile", "GPKG"}
MEMORY_BYTES = 2_000_000_000
CPU_S = 40
OUTPUT_BYTES = 200_000_000
MAX_LAYERS = 20
MAX_CRS_CHARS = 20_000


def limit() -> None:
    """Bounds of this process, which it can't widen again."""
    import resource

    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def only_our_drivers() -> str:
    """Run again without the other drivers if there are any; the list that GDAL was told to skip.

    GDAL takes the list while it starts, and what it has is known only after it started.
    """
    import pyogrio

    others = sorted(set(pyogrio.list_drivers()) - DRIVERS)
    if others:
        assert "GDAL_SKIP" not in os.environ, others
        os.environ["GDAL_SKIP"] = ",".join(others)
        os.execv(sys.executable, [sys.executable, "-I", __file__])  # noqa: S606
    return os.environ.get("GDAL_SKIP", "")


def to_wgs84(crs: str) -> Callable[[Any], Any] | None:
    """What turns pairs of that system into longitude and latitude; None for WGS 84 itself.

    `crs` is an EPSG code ("EPSG:32636") or WKT. Raises ValueError.
    """
    import numpy as np
    import pyproj

    if len(crs) > MAX_CRS_CHARS:
        raise ValueError("the coordinate system is described at too great a length")
    try:
        known = pyproj.CRS.from_user_input(crs)
        if known.equals(pyproj.CRS.from_epsg(4326), ignore_axis_order=True):
            return None
        transformer = pyproj.Transformer.from_crs(known, 4326, always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise ValueError("the coordinate system is unknown") from error

    def transform(pairs: Any) -> Any:
        return np.column_stack(transformer.transform(pairs[:, 0], pairs[:, 1]))

    return transform


def plain(value: Any) -> Any:
    """A value of a field as JSON has it."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, str | int | float | bool) else None


def described(wkb: Any, transform: Any, most_points: int) -> dict[str, Any]:
    """One geometry: WKB in WGS 84 without heights, or why not."""
    import numpy as np
    import shapely

    if wkb is None:
        return {}
    with np.errstate(invalid="ignore"):
        try:
            shape = shapely.from_wkb(wkb)
        except (NotImplementedError, shapely.errors.GEOSException, TypeError, ValueError) as error:
            return {"error": "CURVES" if "Unknown WKB type" in str(error) else "UNREADABLE"}
        notes = ["HEIGHT_DROPPED"] if shape.has_z or getattr(shape, "has_m", False) else []
        flat = shapely.force_2d(shape)
        count = int(shapely.get_num_coordinates(flat))
        if count > most_points:
            first = shapely.get_coordinates(flat)[:1]
            place = (transform(first) if transform else first)[0].tolist()
            return {"points": count, "place": place, "notes": notes}
        if transform is not None and count:
            flat = shapely.transform(flat, transform)
        found = base64.b64encode(shapely.to_wkb(flat)).decode()
    return {"wkb": found, "notes": notes}


def layer_rows(path: str, layer: str, job: dict[str, Any], room: int) -> tuple[dict, list[dict]]:
    """Head and rows of one layer; where GDAL stumbles over one feature, the others are read."""
    from pyogrio import raw

    options: dict[str, Any] = {"layer": layer, "encoding": job.get("encoding")}
    options |= {"datetime_as_string": True, "read_geometry": True}
    try:
        chunks = [raw.read(path, max_features=room + 1, **options)]
    except Exception:
        chunks = []
        for at in range(room + 1):
            try:
                chunk = raw.read(path, skip_features=at, max_features=1, **options)
            except Exception:
                chunks.append(None)
                continue
            if not len(chunk[2]):
                break
            chunks.append(chunk)
        while chunks and chunks[-1] is None:
            chunks.pop()
    first = next((chunk for chunk in chunks if chunk is not None), None)
    if first is None:
        return {"name": layer, "error": True}, []
    crs = job.get("crs") or first[0].get("crs") or ""
    head: dict[str, Any] = {"name": layer, "crs": crs[:200]}
    transform = None
    if crs and "ndefined" not in crs[:60]:
        transform = to_wgs84(crs)
        head["moved"] = transform is not None
    else:
        head["crs"] = ""
    rows = []
    for chunk in chunks:
        if chunk is None:
            rows.append({"error": "UNREADABLE"})
            continue
        meta, _fids, shapes, columns = chunk
        names = [str(name) for name in meta["fields"]]
        for at, wkb in enumerate(shapes if shapes is not None else []):
            values = {n: plain(column[at]) for n, column in zip(names, columns, strict=True)}
            row = described(wkb, transform, job["max_points"])
            rows.append(row | {"properties": {n: v for n, v in values.items() if v is not None}})
    return head, rows


def read(job: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """All layers of the file that have outlines."""
    import pyogrio

    layers = [str(name) for name, kind in pyogrio.list_layers(job["path"]) if kind is not None]
    heads: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for layer in layers[:MAX_LAYERS]:
        head, rows = layer_rows(job["path"], layer, job, job["max_features"] - len(found))
        heads.append(head)
        found += [row | {"layer": layer} for row in rows]
    return {"layers": heads, "more_layers": max(len(layers) - MAX_LAYERS, 0)}, found


def write(job: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Write rows {wkb, values} as one layer; all fields are text but those in `numbers`."""
    import numpy as np
    from pyogrio import raw

    rows = job["rows"]
    columns = []
    for at, name in enumerate(job["fields"]):
        values = [row["values"][at] for row in rows]
        if name in job["numbers"]:
            columns.append(np.array(values, dtype="int32"))
        else:
            columns.append(np.array(values, dtype=object))
    shapes = np.array([base64.b64decode(row["wkb"]) for row in rows], dtype=object)
    raw.write(
        job["path"],
        shapes,
        columns,
        job["fields"],
        layer=job["layer"],
        driver=job["driver"],
        geometry_type="MultiPolygon" if job["driver"] == "GPKG" else "Polygon",
        crs="EPSG:4326",
        encoding="UTF-8",
    )
    return {}, []


def main() -> None:
    """Do one job."""
    limit()
    skipped = only_our_drivers()
    job = json.loads(sys.stdin.buffer.read())
    head, rows = {"read": read, "write": write}[job["task"]](job)
    with open(job["output"], "w", encoding="utf-8") as stream:
        for row in ({"skipped": skipped, **head}, *rows):
            stream.write(json.dumps(row, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
