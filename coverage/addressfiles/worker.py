"""The child process that opens OpenStreetMap extracts and spreadsheets. Knows no Django.

It is run by `coverage.addressfiles.sandbox` as a script of its own with an empty environment and
limits of memory, time and file size. A job comes on stdin as one JSON object; rows go to a file as
JSON lines, the first of them a head.
"""

import datetime
import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

MEMORY_BYTES = 3_000_000_000
CPU_S = 900
OUTPUT_BYTES = 2_000_000_000
MAX_TAG_CHARS = 255  # what the OpenStreetMap server allows
TAGS = {"building", "highway", "name", "name:uk", "entrance", "ref", "place", "katotth"}
TAGS |= {"addr:street", "addr:street:uk", "addr:place", "addr:housenumber", "addr:city"}
TAGS |= {"addr:flats", "addr:unit", "building:levels", "building:flats", "admin_level"}
NOT_BUILDINGS = {"no", "entrance", "proposed", "demolished", "razed"}
# Named ways that are no streets: platforms, corridors, race tracks, what is not built.
NOT_STREETS = {"platform", "corridor", "elevator", "raceway", "proposed", "construction"}
NOT_STREETS |= {"bus_stop", "rest_area", "services", "abandoned", "razed", "steps"}


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


def tags_of(found: Any) -> dict[str, str]:
    """The tags that mean something to us, cut to what they may be."""
    return {tag.k: tag.v[:MAX_TAG_CHARS] for tag in found.tags if tag.k in TAGS}


def lines_of(way: Any) -> list[list[list[float]]]:
    """The parts of a way whose nodes are in the extract."""
    parts: list[list[list[float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            parts[-1].append([node.lon, node.lat])
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if len(part) > 1]


def feature(what: str, ref: str, tags: dict[str, str], geometry: Any) -> dict[str, Any]:
    """A row of the answer: a GeoJSON feature with a word on what it is."""
    properties = {**tags, "osm_type": ref.partition("/")[0], "osm_id": ref.partition("/")[2]}
    return {"what": what, "properties": properties, "geometry": geometry}


class Extract:
    """One pass through an extract; `counts` says what was met."""

    def __init__(self, path: str) -> None:
        import osmium

        keys = ("building", "addr:housenumber", "boundary")
        reader = osmium.FileProcessor(path).with_areas(osmium.filter.KeyFilter(*keys))
        self.objects = reader.with_filter(
            osmium.filter.KeyFilter(*keys, "highway", "entrance", "place")
        )
        self.shapes = osmium.geom.GeoJSONFactory()
        self.counts: Counter[str] = Counter()
        self.waiting: dict[str, dict[str, str]] = {}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Features in the order of the file, then those whose outline is not whole."""
        for found in self.objects:
            tags = tags_of(found)
            kind = found.type_str()
            if kind == "n":
                row = self._node(found, tags)
            elif kind == "w":
                row = self._way(found, tags)
            elif kind == "a":
                row = self._area(found, tags)
            else:
                row = None
                self._relation(found, tags)
            if row is not None:
                yield row
        for ref, tags in self.waiting.items():
            yield feature("incomplete", ref, tags, None)

    def _node(self, node: Any, tags: dict[str, str]) -> dict[str, Any] | None:
        self.counts["nodes"] += 1
        if not node.location.valid():
            return None
        if "addr:housenumber" not in tags and not tags.get("entrance"):
            return None
        place = {"type": "Point", "coordinates": [node.lon, node.lat]}
        return feature("point", f"node/{node.id}", tags, place)

    def _way(self, way: Any, tags: dict[str, str]) -> dict[str, Any] | None:
        self.counts["ways"] += 1
        ref = f"way/{way.id}"
        if is_place(tags):
            self.waiting[ref] = tags
        street = tags.get("highway", "")
        if not street or street in NOT_STREETS or not (tags.get("name:uk") or tags.get("name")):
            return None
        parts = lines_of(way)
        if not parts:
            return None
        return feature("street", ref, tags, {"type": "MultiLineString", "coordinates": parts})

    def _relation(self, relation: Any, tags: dict[str, str]) -> None:
        self.counts["relations"] += 1
        if is_place(tags) and relation.tags.get("type") == "multipolygon":
            self.waiting[f"relation/{relation.id}"] = tags

    def _area(self, area: Any, tags: dict[str, str]) -> dict[str, Any] | None:
        ref = f"{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
        if not is_place(tags):
            if area.tags.get("boundary") != "administrative" or "admin_level" not in tags:
                return None
            what = "boundary"
        elif tags.get("building", "no") in NOT_BUILDINGS:
            what = "area"
        else:
            what = "building"
        self.waiting.pop(ref, None)
        return feature(what, ref, tags, json.loads(self.shapes.create_multipolygon(area)))


def is_place(tags: dict[str, str]) -> bool:
    """Whether the tags are of a building, or of something with an address."""
    return tags.get("building", "no") not in NOT_BUILDINGS or "addr:housenumber" in tags


def osm(job: dict[str, Any], write: Any) -> dict[str, Any]:
    """Buildings, addresses, streets and boundaries of an extract."""
    extract = Extract(job["path"])
    for number, row in enumerate(extract.rows(), start=1):
        if number > job["max_rows"]:
            return {"too_many": True}
        write(row)
    return {"counts": dict(extract.counts)}


def cell_text(value: Any) -> Any:
    """A cell as text; a date is told apart: in a column of house numbers it is damage."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime.datetime | datetime.date):
        return {"date": value.isoformat()[:10]}
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else repr(value)
    return str(value)


def xlsx(job: dict[str, Any], write: Any) -> dict[str, Any]:
    """Rows of the first visible sheet that has any; formulas count as what was last computed."""
    import openpyxl

    book = openpyxl.load_workbook(job["path"], read_only=True, data_only=True, keep_links=False)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    names = [sheet.title for sheet in sheets]
    chosen = [sheet for sheet in sheets if sheet.title == job["sheet"]] if job["sheet"] else sheets
    for sheet in chosen:
        rows = 0
        # The size that a sheet states of itself is passed on, and not believed here.
        stated = sheet.max_row
        sheet.reset_dimensions()
        for values in sheet.iter_rows(values_only=True, max_col=job["max_columns"] + 1):
            if len(values) > job["max_columns"] and any(
                value is not None for value in values[job["max_columns"] :]
            ):
                return {"too_wide": True}
            if rows == job["first_rows"]:
                break
            rows += 1
            if rows > job["max_rows"]:
                return {"too_many": True}
            write([cell_text(value) for value in values[: job["max_columns"]]])
        if rows:
            return {"sheets": names[:50], "sheet": sheet.title, "stated_rows": stated}
    return {"sheets": names[:50], "sheet": ""}


def main() -> None:
    """Do one job; the head, which knows how it ended, is the last line."""
    limit()
    job = json.loads(sys.stdin.buffer.read())
    with open(job["output"], "w", encoding="utf-8") as stream:

        def write(row: Any) -> None:
            stream.write(json.dumps(row, ensure_ascii=True) + "\n")

        head = {"osm": osm, "xlsx": xlsx}[job["task"]](job, write)
        write(head)


if __name__ == "__main__":
    main()
