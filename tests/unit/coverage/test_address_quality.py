"""How well addresses are recognised on real lists: no two streets become one, few stay strangers.

The share of equal canonical forms is held by `test_addresses.py`.
"""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import osmium
import pytest

from coverage.addresses import StreetName, parse_street
from coverage.addresses.compare import Nearness, measure_pairs
from coverage.addresses.text import clean
from coverage.importers.found import read_street
from coverage.importers.report import Report

GEO = Path(__file__).resolve().parents[3] / "fixtures" / "geo"


def rows(name: str) -> list[dict[str, str]]:
    text = gzip.decompress((GEO / name).read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def features(name: str) -> list[dict[str, Any]]:
    found = json.loads(gzip.decompress((GEO / name).read_bytes()))
    return [feature["properties"] for feature in found["features"]]


def zhovkva() -> Iterator[str]:
    for tags in features("zhovkva_streets.geojson.gz"):
        yield tags.get("name:uk") or tags.get("name", "")


def saltivka() -> Iterator[str]:
    for tags in features("saltivka_buildings.geojson.gz"):
        yield tags.get("addr:street", "")


def kyiv() -> Iterator[str]:
    for row in rows("kyiv_renames.csv.gz"):
        yield row["new_name"]


def helsinki() -> Iterator[str]:
    for row in rows("helsinki_addresses.csv.gz"):
        yield row["street"]
    for way in osmium.FileProcessor(str(GEO / "helsinki.osm.pbf"), osmium.osm.WAY):
        if "highway" in way.tags and "name" in way.tags:
            yield way.tags["name"]


SETS = {"Жовква": zhovkva, "Харків": saltivka, "Київ": kyiv, "Helsinki": helsinki}
# Two spellings of one street in one of the sets, looked at by a person: these are no false merges.
SAME_STREET = {frozenset({"Yrjö Koskisen katu", "Yrjö-Koskisen katu"})}


def as_written(name: StreetName) -> frozenset[str]:
    """The name with all that tells two streets apart: words and figures, in any order."""
    return frozenset(clean(name.name).lower().replace("'", "").replace(".", " ").split())


@pytest.fixture(scope="module")
def measured() -> Any:
    pairs = rows("school_address_pairs.csv.gz")
    return measure_pairs((row["address_actual"], row["address_legal_2023"]) for row in pairs)


def test_nearly_all_streets_of_the_school_addresses_are_at_least_near(measured: Any) -> None:
    assert measured.street_share >= 0.95
    assert measured.counts[Nearness.DIFFERENT] / measured.pairs < 0.04


@pytest.mark.parametrize("locality", SETS)
def test_distinct_streets_of_a_settlement_never_share_a_key(locality: str) -> None:
    keys: dict[tuple[str, str], dict[frozenset[str], str]] = {}
    read = 0
    for written in SETS[locality]():
        name = read_street(1, written, {}, Report(""), untyped="вулиця")
        if name is None:
            continue
        read += 1
        keys.setdefault((name.type, name.name_norm), {}).setdefault(as_written(name), name.name)
    assert read > 80
    merged = {frozenset(names.values()) for names in keys.values() if len(names) > 1}
    assert merged - SAME_STREET == set()


def test_streets_that_differ_by_type_ordinal_or_gender_stay_apart() -> None:
    names = [
        "вулиця Нагорна", "провулок Нагорний", "1-й провулок Нагорний", "2-й провулок Нагорний",
        "вулиця Шевченківська", "вулиця Шевченка", "вулиця Тараса Шевченка", "вулиця Лісова",
        "вулиця Лисова", "вулиця Ярослава Мудрого", "вулиця Ярославська", "площа Нагорна",
    ]  # fmt: skip
    keys = {(parsed.type, parsed.name_norm) for parsed in map(parse_street, names)}
    assert len(keys) == len(names)
