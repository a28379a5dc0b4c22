"""Which settlement, street and stored building the rows of a table mean. Reads only, in batches."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import shapely

from coverage.addresses import StreetName
from coverage.addresses.text import place_key
from coverage.addressfiles.tablerows import TableRow
from coverage.importers.localities import SETTLEMENTS, LocalityFinder
from coverage.importers.outlines import distance_m
from coverage.importers.settle import SAME_PLACE_M
from coverage.importers.streets import StreetBook
from coverage.models import AdminUnit, AdminUnitAlias, Building, BuildingAddress, Street
from coverage.zonefiles.judging import Box, home

NEW, KNOWN, WAITS = "NEW", "KNOWN", "WAITS"


@dataclass(slots=True)
class Resolved:
    """What becomes of a row: NEW building, KNOWN one, or it WAITS, with the code of the reason."""

    row: TableRow
    outcome: str
    reason: str = ""
    detail: str = ""
    locality_id: int | None = None
    street: Street | None = None
    street_name: StreetName | None = None
    building: Building | None = None
    point: shapely.Point | None = None
    swapped: bool = False


class Resolver:
    """Answers for rows of one table; knows all their settlements, streets and ids at once."""

    def __init__(
        self, rows: list[TableRow], *, locality: AdminUnit | None, untyped: str, swap_axes: bool
    ) -> None:
        self.locality = locality
        self.untyped = untyped
        self.swap_axes = swap_axes
        self.home: Box = home(with_buildings=False)
        self.finder = LocalityFinder()
        self.books: dict[int, StreetBook] = {}
        self.numbers: dict[int, dict[str, Building]] = {}
        self.units = _Units(rows)
        refs = [reference(row) for row in rows if row.external_id]
        known = Building.objects.filter(external_ref__in=refs)
        self.by_ref = {str(building.external_ref): building for building in known}

    def resolve(self, row: TableRow) -> Resolved:
        """What becomes of one row."""
        found = Resolved(row, WAITS)
        self._settle_axes(found)
        found.point = self._usable_point(found)
        known = self.by_ref.get(reference(row)) if row.external_id else None
        code, detail = self._locality(found)
        if not code:
            code, detail = self._street(found)
        if not code:
            code, detail = self._building(found, known)
        found.reason, found.detail = code, detail
        return found

    def _settle_axes(self, found: Resolved) -> None:
        row = found.row
        if row.lon is None or row.lat is None:
            return
        if not _inside(self.home, row.lon, row.lat) and _inside(self.home, row.lat, row.lon):
            found.swapped = True
            if self.swap_axes:
                row.lon, row.lat = row.lat, row.lon
                return
        if abs(row.lat) > 90 and not found.swapped:
            row.problems.append(("BAD_COORDINATES", f"{row.lat} {row.lon}"))
            row.lon = row.lat = None

    def _usable_point(self, found: Resolved) -> shapely.Point | None:
        row = found.row
        if row.lon is None or row.lat is None or (found.swapped and not self.swap_axes):
            return None
        return shapely.Point(row.lon, row.lat)

    def _locality(self, found: Resolved) -> tuple[str, str]:
        row, point = found.row, found.point
        if row.katottg and row.katottg in self.units.by_code:
            found.locality_id = self.units.by_code[row.katottg]
            return "", ""
        at_place = self.finder.find(point) if point is not None else None
        for name in row.localities:
            candidates = self.units.named(name, row.above)
            if len(candidates) > 1:
                likely = [at_place.unit_id if at_place else 0, self.locality and self.locality.id]
                candidates = [unit for unit in likely if unit in candidates][:1] or candidates
            if len(candidates) == 1:
                found.locality_id = candidates[0]
                return "", ""
            if candidates:
                return "SEVERAL_UNITS", name[:80]
        if at_place is not None and not (at_place.by_hromada and self.locality):
            found.locality_id = at_place.unit_id
            if row.localities:
                row.problems.append(("OTHER_CITY", row.localities[0][:80]))
            return "", ""
        if self.locality is not None and not (row.localities and self._names_a_place(row)):
            found.locality_id = self.locality.id
            return "", ""
        return ("NO_UNIT", row.localities[0][:80]) if row.localities else ("NO_LOCALITY", "")

    def _names_a_place(self, row: TableRow) -> bool:
        """Whether the first name is another settlement's than the one given for all."""
        assert self.locality is not None
        return place_key(row.localities[0]) != self.locality.search_key

    def _street(self, found: Resolved) -> tuple[str, str]:
        row = found.row
        if row.street is None:
            return "NO_STREET", ""
        assert found.locality_id is not None
        streets = self._book(found.locality_id).find(row.street)
        if len(streets) > 1:
            kinds = ", ".join(f"{street.type} {street.name}" for street in streets[:4])
            return "SEVERAL_STREETS", kinds[:120]
        if streets:
            found.street = streets[0]
            found.street_name = _named(row.street, streets[0])
            return "", ""
        return self._new_street(found, row.street)

    def _new_street(self, found: Resolved, name: StreetName) -> tuple[str, str]:
        """A street that is not known here is made only where the row says the place as well."""
        if name.is_russian:
            return "STREET_RUSSIAN", name.name[:80]
        if not name.type and self.untyped:
            name = replace(name, type=self.untyped)
        if not name.type:
            return "NO_TYPE", name.name[:80]
        if found.point is None:
            return "NO_SUCH_STREET", name.label[:80]
        found.street_name = name
        return "", ""

    def _building(self, found: Resolved, known: Building | None) -> tuple[str, str]:
        row, point = found.row, found.point
        if row.house is None:
            told = [detail for code, detail in row.problems if code == "BAD_NUMBER"]
            return ("BAD_NUMBER", told[0]) if told else ("NO_NUMBER", "")
        holder = None
        if found.street is not None:
            holder = self._holder(found.street.id, row.house.canonical)
        stored = known or holder
        if stored is not None:
            found.building = stored
            if point is not None and known is None:
                away_m = distance_m((point.x, point.y), (stored.point.x, stored.point.y))
                if away_m > SAME_PLACE_M:
                    return "FAR_FROM_KNOWN", f"{away_m:.0f} m"
            found.outcome = KNOWN
            return "", ""
        if point is None:
            return ("AXES_SWAPPED" if found.swapped else "NEEDS_PIN"), ""
        found.outcome = NEW
        return "", ""

    def _book(self, locality_id: int) -> StreetBook:
        if locality_id not in self.books:
            self.books[locality_id] = StreetBook(locality_id)
        return self.books[locality_id]

    def _holder(self, street_id: int, number: str) -> Building | None:
        if street_id not in self.numbers:
            rows = Building.objects.filter(
                street_id=street_id, number__isnull=False, retired_at__isnull=True
            )
            self.numbers[street_id] = {str(building.number): building for building in rows}
            further = BuildingAddress.objects.filter(
                street_id=street_id, building__retired_at__isnull=True
            ).select_related("building")
            for address in further:
                self.numbers[street_id].setdefault(address.number, address.building)
        return self.numbers[street_id].get(number)


class _Units:
    """Settlements that the rows may name, by code and by name."""

    def __init__(self, rows: Iterable[TableRow]) -> None:
        rows = list(rows)
        keys = {place_key(name) for row in rows for name in row.localities}
        codes = {row.katottg for row in rows if row.katottg}
        above = {place_key(name) for row in rows for name in row.above}
        self.by_code = dict(
            AdminUnit.objects.filter(katottg__in=codes).values_list("katottg", "id")
        )
        self.by_name: dict[str, list[tuple[int, str]]] = {}
        units = AdminUnit.objects.filter(search_key__in=keys, category__in=SETTLEMENTS)
        for key, unit_id, path in units.values_list("search_key", "id", "path"):
            self.by_name.setdefault(key, []).append((unit_id, path))
        aliases = AdminUnitAlias.objects.filter(
            search_key__in=keys, unit__category__in=SETTLEMENTS
        ).values_list("search_key", "unit_id", "unit__path")
        for key, unit_id, path in aliases:
            if all(unit_id != known for known, _path in self.by_name.get(key, [])):
                self.by_name.setdefault(key, []).append((unit_id, path))
        self.above: dict[str, list[str]] = {}
        for key, path in AdminUnit.objects.filter(search_key__in=above).values_list(
            "search_key", "path"
        ):
            self.above.setdefault(key, []).append(path)

    def named(self, name: str, above: tuple[str, ...]) -> list[int]:
        """Ids of the settlements of that name, inside the named units where that decides."""
        found = self.by_name.get(place_key(name), [])
        for outer in above:
            paths = tuple(self.above.get(place_key(outer), []))
            inside = [unit for unit in found if paths and unit[1].startswith(paths)]
            found = inside or found
        return [unit_id for unit_id, _path in found]


def reference(row: TableRow) -> str:
    """The stored form of a row's own id."""
    return f"ext:{row.external_id}"[:60]


def places_named(texts: set[str]) -> set[str]:
    """Which of the texts are names of settlements."""
    keys: dict[str, list[str]] = {}
    for text in texts:
        for form in {text, text.partition(" ")[2], text.partition(".")[2].strip()} - {""}:
            keys.setdefault(place_key(form), []).append(text)
    known = AdminUnit.objects.filter(search_key__in=keys, category__in=SETTLEMENTS)
    return {text for key in known.values_list("search_key", flat=True) for text in keys[key]}


def _named(written: StreetName, street: Street) -> StreetName:
    return replace(
        written,
        type=street.type,
        name=street.name,
        name_norm=street.name_norm,
        search_key=street.search_key,
    )


def _inside(box: Box, lon: float, lat: float) -> bool:
    west, south, east, north = box
    return west <= lon <= east and south <= lat <= north
