"""OpenStreetMap extracts: the real centre of Helsinki, small made ones, and hostile bytes."""

import csv
import gzip
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import osmium
import pytest
from django.core.management import CommandError, call_command

from coverage.addressfiles import importing, sandbox
from coverage.addressfiles.contents import AddressFileError, AddressFormatError
from coverage.addressfiles.importing import Asked
from coverage.addressfiles.osm import flats_of
from coverage.importers.found import read_house
from coverage.importers.report import Report
from coverage.models import AdminUnit, Building, BuildingAddress, Street, StreetAlias

GEO = Path(__file__).resolve().parents[3] / "fixtures" / "geo"
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HELSINKI = GEO / "helsinki.osm.pbf"

pytestmark = pytest.mark.django_db


def import_addresses(**options: Any) -> Report:
    return importing.import_addresses(**options, at=AT)


def settlement(name: str = "Helsinki") -> AdminUnit:
    return importing.settlement(name=name)


def asked(**options: Any) -> Asked:
    return Asked(locality=settlement(), untyped="вулиця", **options)


def state() -> list[Any]:
    buildings = Building.objects.order_by("id").values_list(
        "id", "external_ref", "street__name", "number", "point", "footprint", "levels", "flats"
    )
    further = BuildingAddress.objects.order_by("id").values_list("building", "street", "number")
    return [*buildings, *further, *Street.objects.order_by("id").values_list("id", "name", "geom")]


class Extract:
    """A small extract made for a test; every building is 20 m wide."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = osmium.SimpleWriter(str(path), overwrite=True)
        self.ids = iter(range(1, 10_000))
        self.ways: list[Any] = []

    def point(self, lon: float, lat: float, **tags: str) -> int:
        made = next(self.ids)
        node = osmium.osm.mutable.Node(id=made, location=(lon, lat), tags=renamed(tags))
        self.writer.add_node(node)
        return made

    def building(self, lon: float, lat: float, **tags: str) -> list[int]:
        size = 0.0001
        corners = [(0, 0), (size, 0), (size, size), (0, size)]
        nodes = [self.point(lon + east, lat + north) for east, north in corners]
        self.way([*nodes, nodes[0]], building="yes", **tags)
        return nodes

    def way(self, nodes: list[int], **tags: str) -> None:
        made = osmium.osm.mutable.Way(id=next(self.ids), nodes=nodes, tags=renamed(tags))
        self.ways.append(made)

    def close(self) -> Path:
        for way in self.ways:
            self.writer.add_way(way)
        self.writer.close()
        return self.path


def renamed(tags: dict[str, str]) -> dict[str, str]:
    return {name.replace("__", ":"): value for name, value in tags.items()}


@pytest.fixture
def extract(tmp_path: Path) -> Extract:
    return Extract(tmp_path / "small.osm.pbf")


def test_nearly_all_expected_addresses_of_helsinki_are_found() -> None:
    report = import_addresses(path=HELSINKI, name="helsinki.osm.pbf", asked=asked())
    have = set(Building.objects.filter(number__isnull=False).values_list(
        "street__name_norm", "number"
    )) | set(BuildingAddress.objects.values_list("street__name_norm", "number"))  # fmt: skip
    norms = dict(Street.objects.values_list("name", "name_norm"))
    with gzip.open(GEO / "helsinki_addresses.csv.gz", "rt", encoding="utf-8") as stream:
        expected = {(row["street"], row["housenumber"]) for row in csv.DictReader(stream)}
    assert len(expected) == 595
    readable, found = 0, 0
    for street, number in expected:
        house = read_house(1, number, {}, Report(""))
        if house is not None:
            readable += 1
            norm = norms.get(street, street.lower())
            found += (norm, house.canonical) in have
    # The rest are ranges ("15-17"), floors ("4, 5. krs.") and halls before the street's name.
    assert (readable, found) == (555, 547)
    assert report.counts["outlines"] == 445
    assert report.counts["outlines not whole"] == 54
    assert report.as_json()["remarks"]["NOT_WHOLE"] == 54
    assert report.counts["created"] == Building.objects.count() == 486
    assert Building.objects.filter(footprint__isnull=True).count() == 41
    assert {b.external_ref.partition("/")[0] for b in Building.objects.all() if b.external_ref} == {
        "osm:way", "osm:relation", "osm:node",
    }  # fmt: skip


def test_streets_of_the_extract_get_one_line_each() -> None:
    report = import_addresses(path=HELSINKI, name="h", asked=asked())
    drawn = report.parts[0]
    assert drawn.counts["features"] == 805
    assert drawn.counts["lines set"] == drawn.counts["streets"] == 100
    street = Street.objects.get(name="Aleksanterinkatu")
    assert street.geom is not None
    assert len(street.geom) > 1
    assert street.locality.name == "Helsinki"


def test_a_second_import_changes_nothing_and_a_dry_run_stores_nothing() -> None:
    dry = import_addresses(path=HELSINKI, name="h", asked=asked(dry_run=True))
    assert Building.objects.count() == Street.objects.count() == 0
    first = import_addresses(path=HELSINKI, name="h", asked=asked())
    assert dry.as_json() == first.as_json()
    before = state()
    again = import_addresses(path=HELSINKI, name="h", asked=asked())
    assert (again.counts["created"], again.counts["updated"]) == (0, 0)
    assert again.counts["unchanged"] == first.counts["created"]
    assert again.counts["further addresses"] == 0
    assert state() == before


def test_a_survey_is_never_moved_and_an_update_is_told(extract: Extract) -> None:
    extract.building(24.94, 60.17, addr__street="вулиця Бучми", addr__housenumber="1")
    extract.building(24.95, 60.17, addr__street="вулиця Бучми", addr__housenumber="2")
    extract.building(24.96, 60.17, addr__street="вулиця Бучми", addr__housenumber="3")
    path = extract.close()
    import_addresses(path=path, name="a", asked=asked())
    surveyed, moved, renamed_ = Building.objects.order_by("number")
    Building.objects.filter(id=surveyed.id).update(
        location_source="SURVEYED", number="77", point="POINT(24.9402 60.17)", flats=12
    )
    Building.objects.filter(id=moved.id).update(
        point="POINT(24.9510 60.17)", footprint=None, flats=36, wiring="WIRED"
    )
    Building.objects.filter(id=renamed_.id).update(number="9")
    report = import_addresses(path=path, name="a", asked=asked())
    told = {entry.code: entry for entry in report.entries}
    assert set(told) == {"OTHER_SOURCE", "MOVED", "ADDRESS_CHANGED"}
    assert told["MOVED"].detail == "53 m"
    assert told["ADDRESS_CHANGED"].detail == "вулиця Бучми, 9 → вулиця Бучми, 3"
    surveyed.refresh_from_db()
    moved.refresh_from_db()
    assert (surveyed.number, surveyed.flats, surveyed.point.x) == ("77", 12, 24.9402)
    assert (moved.flats, moved.wiring) == (36, "WIRED")
    assert moved.footprint is not None


def test_points_give_their_address_to_the_house_they_stand_in(extract: Extract) -> None:
    corner = extract.building(24.94, 60.17)
    extract.point(24.94005, 60.17005, addr__street="вулиця Бучми", addr__housenumber="1", shop="x")
    extract.point(24.94006, 60.17005, addr__street="вулиця Бучми", addr__housenumber="1", shop="y")
    extract.point(24.94007, 60.17, addr__street="Лісовий провулок", addr__housenumber="2а")
    extract.point(24.95, 60.18, addr__street="вулиця Бучми", addr__housenumber="5")
    extract.point(24.951, 60.18, addr__street="вулиця Бучми", addr__housenumber="5", shop="z")
    assert corner
    import_addresses(path=extract.close(), name="a", asked=asked())
    house, kiosk = Building.objects.order_by("number")
    assert (house.street.name if house.street else "", house.number) == ("Бучми", "1")
    further = house.other_addresses.get()
    assert (further.street.type, further.number) == ("провулок", "2А")
    assert (kiosk.number, kiosk.footprint, kiosk.location_accuracy_m) == ("5", None, 15)


def test_entrances_count_flats_and_a_plot_names_its_one_building(extract: Extract) -> None:
    tags = {"addr__street": "вулиця Бучми", "addr__housenumber": "1", "building__levels": "9"}
    west, _east, _far, _near = extract.building(24.94, 60.17, **tags)
    door = extract.point(24.94005, 60.17, entrance="yes", addr__flats="1-36")
    extract.point(24.94, 60.17, entrance="staircase", addr__flats="37-72;73")
    assert west
    assert door
    extract.building(24.95, 60.17)
    corners = [(24.9499, 60.1699), (24.952, 60.1699), (24.952, 60.172), (24.9499, 60.172)]
    nodes = [extract.point(*corner) for corner in corners]
    plot = {"addr__street": "вулиця Шкільна", "addr__housenumber": "7", "amenity": "school"}
    extract.way([*nodes, nodes[0]], **plot)
    report = import_addresses(path=extract.close(), name="a", asked=asked())
    house, school = Building.objects.order_by("number_int")
    assert (house.flats, house.levels) == (73, 9)
    assert (school.street.name if school.street else "", school.number) == ("Шкільна", "7")
    assert "FROM_AREA" in report.as_json()["remarks"]


@pytest.mark.parametrize(
    ("text", "flats"), [("1-36", 36), ("1;2; 5-6", 4), ("", 0), ("36-1", 0), ("усі", 0)]
)
def test_lists_of_flats(text: str, flats: int) -> None:
    assert flats_of(text) == flats


def test_an_old_street_name_is_taken_for_the_present_one(extract: Extract) -> None:
    street = Street.objects.create(
        locality=settlement(), type="вулиця", name="Нова", name_norm="нова", search_key="нова"
    )
    StreetAlias.objects.create(
        street=street, type="вулиця", name="Стара", name_norm="стара", search_key="стара"
    )
    extract.building(24.94, 60.17, addr__street="вулиця Стара", addr__housenumber="1")
    report = import_addresses(path=extract.close(), name="a", asked=asked())
    assert [entry.code for entry in report.entries] == ["OLD_STREET_NAME"]
    assert Building.objects.get().street == street
    assert Street.objects.count() == 1


def square(extract: Extract, west: float, south: float, size: float, **tags: str) -> None:
    corners = [(0, 0), (size, 0), (size, size), (0, size)]
    nodes = [extract.point(west + east, south + north) for east, north in corners]
    extract.way([*nodes, nodes[0]], boundary="administrative", **tags)


def test_boundaries_that_are_missing_are_taken_from_the_extract(extract: Extract) -> None:
    units = AdminUnit.objects
    hromada = units.create(
        category="HROMADA", name="Лугова", search_key="лугова", path="/1/", depth=1,
        katottg="UA00000000000000001",
    )  # fmt: skip
    village = units.create(
        category="VILLAGE", name="Луг", search_key="луг", parent=hromada,
        path="/1/2/", depth=2, katottg="UA00000000000000002",
    )  # fmt: skip
    units.filter(id=hromada.id).update(path=f"/{hromada.id}/")
    units.filter(id=village.id).update(path=f"/{hromada.id}/{village.id}/")
    # The village first: what contains it is drawn later in the file.
    square(extract, 24.94, 60.17, 0.01, admin_level="9", name__uk="Луг", name="Lug")
    square(
        extract, 24.9, 60.1, 0.1, admin_level="7", name="Лугова громада",
        katotth="UA00000000000000001",
    )  # fmt: skip
    square(extract, 24.0, 60.0, 0.2, admin_level="8", name="Deutschland")
    square(extract, 23.0, 60.0, 0.2, admin_level="2", name="Країна")
    extract.building(24.942, 60.172, addr__street="вулиця Бучми", addr__housenumber="1")
    path = extract.close()
    tried = import_addresses(path=path, name="a", asked=Asked(untyped="вулиця", dry_run=True))
    assert tried.counts["boundaries set"] == 2
    assert not units.filter(geom__isnull=False).exists()

    report = import_addresses(path=path, name="a", asked=Asked(untyped="вулиця"))

    assert report.counts["boundaries set"] == 2
    assert report.counts["boundaries of no known unit"] == 1
    assert report.entries == []
    assert Building.objects.get().locality == village  # looked up in what was just drawn
    drawn = units.get(id=village.id)
    assert drawn.geom is not None
    assert drawn.geom_source == "OSM"
    units.filter(id=village.id).update(geom=units.get(id=hromada.id).geom, geom_source="survey")
    again = import_addresses(path=path, name="a", asked=Asked(untyped="вулиця"))
    assert again.counts["boundaries set"] == 0  # what is known is not moved
    assert units.get(id=village.id).geom_source == "survey"


def test_a_house_drawn_anew_keeps_its_id(extract: Extract, tmp_path: Path) -> None:
    tags = {"addr__street": "вулиця Бучми", "addr__housenumber": "1"}
    extract.building(24.94, 60.17, **tags)
    import_addresses(path=extract.close(), name="a", asked=asked())
    before = Building.objects.get()
    other = Extract(tmp_path / "other.osm.pbf")
    other.point(0, 0)
    other.building(24.94002, 60.17, **tags)
    import_addresses(path=other.close(), name="a", asked=asked())
    after = Building.objects.get()
    assert after.id == before.id
    assert after.external_ref != before.external_ref


def test_what_a_person_took_off_the_map_stays_off(extract: Extract) -> None:
    extract.building(24.94, 60.17, addr__street="вулиця Бучми", addr__housenumber="1")
    path = extract.close()
    import_addresses(path=path, name="a", asked=asked())
    Building.objects.update(retired_at="2026-11-23T00:00Z")
    report = import_addresses(path=path, name="a", asked=asked())
    assert [(entry.code, entry.action) for entry in report.entries] == [("RETIRED", "SKIPPED")]
    assert Building.objects.count() == 1


def test_streets_without_a_type_are_left_out_unless_a_type_is_given(extract: Extract) -> None:
    extract.building(24.94, 60.17, addr__street="Бучми", addr__housenumber="1")
    path = extract.close()
    without = Asked(locality=settlement(), dry_run=True)
    told = import_addresses(path=path, name="a", asked=without)
    assert [entry.code for entry in told.entries] == ["NO_TYPE"]
    import_addresses(path=path, name="a", asked=asked())
    assert Building.objects.get().street is not None
    with pytest.raises(importing.BadChoiceError):
        import_addresses(path=path, name="a", asked=Asked(untyped="автобан"))


@pytest.mark.parametrize("size", [40, 200, 3_000, 100_000])
def test_a_truncated_extract_is_refused_with_a_word(tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(HELSINKI.read_bytes()[:size])
    with pytest.raises(AddressFileError, match="пошкоджен"):
        import_addresses(path=path, name="cut", asked=asked())
    assert Building.objects.count() == 0


def test_garbage_in_an_extract_is_refused_with_a_word(tmp_path: Path) -> None:
    data = bytearray(HELSINKI.read_bytes())
    data[2_000:60_000] = bytes(range(256)) * 226 + b"x" * 144
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(bytes(data))
    with pytest.raises(AddressFileError, match="пошкоджен"):
        import_addresses(path=path, name="a", asked=asked())


def test_what_is_no_extract_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(b"<osm version='0.6'></osm>")
    with pytest.raises(AddressFormatError):
        import_addresses(path=path, name="a", asked=asked())
    path.write_bytes(b"")
    with pytest.raises(AddressFileError, match="порожн"):
        import_addresses(path=path, name="a", asked=asked())


def test_a_child_that_does_not_end_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sleeper = tmp_path / "sleeper.py"
    sleeper.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(sandbox, "WALL_S", 1)
    monkeypatch.setattr(sandbox, "WORKER", sleeper)
    with pytest.raises(AddressFileError, match="довго"), sandbox.osm_rows(HELSINKI):
        pass


def test_the_command_reads_an_extract_and_writes_the_report(tmp_path: Path) -> None:
    out, where = StringIO(), tmp_path / "report.json"
    call_command(
        "import_buildings", str(HELSINKI), "--create-locality", "Гельсінкі", "--street-type",
        "вулиця", "--report", str(where), stdout=out,
    )  # fmt: skip
    [report] = json.loads(where.read_text(encoding="utf-8"))
    assert report["source"] == "helsinki.osm.pbf"
    assert report["counts"]["created"] == 486
    assert report["entries"][0]["reason"]
    assert "created 486" in out.getvalue()
    unit = AdminUnit.objects.get(name="Гельсінкі")
    assert (unit.katottg, unit.path) == (None, f"/{unit.id}/")
    with pytest.raises(CommandError):
        call_command("import_buildings", str(tmp_path / "none.osm.pbf"), stdout=StringIO())


def test_without_a_settlement_each_building_is_told_and_nothing_is_guessed() -> None:
    report = import_addresses(path=HELSINKI, name="h", asked=Asked(untyped="вулиця"))
    remarks = report.as_json()["remarks"]
    assert remarks["NO_LOCALITY"] == 486
    assert Building.objects.count() == 0
