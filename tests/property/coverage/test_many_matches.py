"""Many addresses matched at once are matched as each alone, however they are written."""

import gzip
from pathlib import Path

from django.contrib.gis.geos import Point
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coverage.addresses import parse_house
from coverage.addresses.street import parse_street
from coverage.addresses.text import place_key
from coverage.lookup import match_address, match_addresses
from coverage.models import (
    AdminUnit,
    AdminUnitAlias,
    Building,
    BuildingAddress,
    Street,
    StreetAlias,
)

TOWNS = ("Харків", "Зелене", "Зелене", "Нова Боровая")
STREETS = (
    ("вулиця", "Бучми"), ("вулиця", "Академіка Павлова"), ("провулок", "Шкільний"),
    ("вулиця", "Шкільна"), ("провулок", "Червоноармійський 1-й"),
    ("проспект", "Тракторобудівників"),
    ("вулиця", "Свято-Георгіївська"), ("провулок", "Червоноармійський"),
)  # fmt: skip
OTHER = {0: ("вулиця", "Амвросія Бучми"), 3: ("вулиця", "Леніна"), 6: ("вулиця", "Маршала Гречка")}
NUMBERS = ("1", "2", "2А", "12/3", "42Б", "158 к1")

written = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "м. Харків, ", "Харків ", "с. Зелене, ", "Зелене, ", "м. Львів, "]),
        st.sampled_from(
            [
                "вул. Бучми", "Бучми", "бучми вулиця", "вул. Бучмі", "вул. Леніна",
                "пров. Шкільний",
                "Шкільна", "шкільной", "пров. Червоноармійський", "просп. Тракторобудівників",
                "prospekt Traktorobudivnykiv", "улица Академика Павлова", "Гречка", "вул.", "",
                "Святогеоргіївська", "vul. Shkilna", "Невідома Зовсім",
            ]
        ),
        st.sampled_from([", ", " ", " буд. ", ", №"]),
        st.sampled_from(["1", "2а", "12/3", "42-Б", "158 корп. 1", "999", "16-22", "", "2, кв. 7"]),
    ),
)  # fmt: skip


class TestManyMatches(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        """Four settlements, two of one name; streets with houses in three of them."""
        for at, name in enumerate(TOWNS):
            town = AdminUnit.objects.create(
                category=AdminUnit.Category.CITY, name=name, search_key=place_key(name),
                path=f"/m{at}/", depth=0,
            )  # fmt: skip
            if at == 3:
                AdminUnitAlias.objects.create(unit=town, name="Зелене", search_key="зелене")
            for place, (street_type, written_name) in enumerate(STREETS[at : at + 7]):
                _street(town, street_type, written_name, OTHER.get(place), has_houses=at != 2)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(written, st.text("аб 1,.вул-'", max_size=12)), max_size=25))
    def test_all_at_once_are_as_one_by_one(self, texts: list[str]) -> None:
        assert match_addresses(texts=texts) == [match_address(text=text) for text in texts]

    def test_the_spellings_of_real_registers_are_matched_alike(self) -> None:
        path = Path(__file__).parents[3] / "fixtures" / "geo" / "school_address_pairs.csv.gz"
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            texts = [line.strip()[:200] for line in list(lines)[1:200]]
        assert match_addresses(texts=texts) == [match_address(text=text) for text in texts]

    def test_many_take_as_many_statements_as_a_few(self) -> None:
        streets = ["Бучми", "Шкільна", "Шкільной", "Леніна", "Академіка Павлова"]
        counted = []
        for houses in (30, 300):
            texts = [f"м. Харків, вул. {s}, {n}" for s in streets for n in range(1, houses)]
            with CaptureQueriesContext(connection) as queries:
                match_addresses(texts=texts)
            counted.append(len(queries))
        assert counted[0] == counted[1] <= 8


def _street(
    town: AdminUnit, kind: str, name: str, other: tuple[str, str] | None, *, has_houses: bool
) -> None:
    parsed = parse_street(f"{kind} {name}")
    street = Street.objects.create(
        locality=town, type=parsed.type, name=parsed.name, name_norm=parsed.name_norm,
        search_key=parsed.search_key,
    )  # fmt: skip
    if other is not None:
        old = parse_street(" ".join(other))
        StreetAlias.objects.create(
            street=street, type=old.type, name=old.name, name_norm=old.name_norm,
            search_key=old.search_key,
        )  # fmt: skip
    for at, number in enumerate(NUMBERS if has_houses else ()):
        read = parse_house(number)
        house = Building.objects.create(
            locality=town, street=street, number=number, number_int=read.number_int,
            number_sort=read.number_sort, point=Point(36.2 + at / 1e4, 50, srid=4326),
            location_source="OSM",
        )  # fmt: skip
        if at == 0:
            BuildingAddress.objects.create(building=house, street=street, number="999")
