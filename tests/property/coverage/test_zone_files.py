"""import(export(x)) ≡ x: whatever zones go out in a file come back the same, in every format."""

import random
from datetime import date

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon

from coverage.models import NetworkType
from coverage.zonefiles import mapping, writers
from coverage.zonefiles.reading import read_file
from coverage.zoning import geometry

TEXT_FORMATS = ("geojson", "kml", "kmz", "csv")
GDAL_FORMATS = ("shp", "gpkg")
NEAR_DEG = 1e-7

# Every letter but control characters and halves of pairs, which no zone's text has.
letters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="￾￿")
names = st.text(letters, min_size=1, max_size=120).map(str.strip).filter(bool)
comments = st.text(st.one_of(letters, st.just("\n")), max_size=300).map(str.strip)
spreadsheet_traps = st.sampled_from(
    ["=1+1", "'=x", "-5", "+38", "@a", "''-", '"a";b,c', "<b>&amp;"]
)
codes = st.from_regex(r"[a-z0-9]([a-z0-9]|-[a-z0-9]){0,19}", fullmatch=True)


@st.composite
def outlines(draw):
    """A valid MultiPolygon: up to three apart, star-shaped, some with a hole."""
    seed = draw(st.integers(0, 2**32 - 1))
    chance = random.Random(seed)
    parts: list[Polygon] = []
    for number in range(draw(st.integers(1, 3))):
        lon = draw(st.floats(-170, 170)) if number == 0 else parts[0].centroid.x + number * 0.05
        lat = draw(st.floats(-80, 80)) if number == 0 else parts[0].centroid.y
        parts.append(_star(chance, lon, lat, 0.02, draw(st.booleans())))
    checked = geometry.check(MultiPolygon(parts))
    assert checked.geometry is not None, checked.problems
    return checked.geometry


def _star(chance, lon, lat, radius, has_hole):
    import math

    count = chance.randint(3, 40)
    turns = [2 * math.pi * (i + chance.random() * 0.7) / count for i in range(count)]
    shell = [
        (lon + radius * r * math.cos(t), lat + radius * r * math.sin(t))
        for t in turns
        for r in [0.5 + chance.random() / 2]
    ]
    hole = [(lon + radius * 0.1 * math.cos(t), lat + radius * 0.1 * math.sin(t)) for t in turns]
    enough = has_hole and shapely.Polygon(shell).contains(shapely.Polygon(hole).buffer(1e-4))
    return Polygon(shell, [hole] if enough else [])


@st.composite
def zones(draw):
    """A row as it is exported."""
    return writers.ZoneRow(
        values={
            "name": draw(st.one_of(names, spreadsheet_traps)),
            "code": draw(codes),
            "network_type": draw(st.sampled_from(NetworkType.values)),
            "status": draw(st.sampled_from(list(mapping.STATUS_WORDS))),
            "priority": str(draw(st.integers(-100, 100))),
            "planned_for_date": draw(
                st.one_of(st.just(""), st.dates(date(1990, 1, 1), date(2199, 12, 31)).map(str))
            ),
            "comment": draw(st.one_of(comments, spreadsheet_traps)),
        },
        shape=draw(outlines()),
    )


def same(rows, format_name):
    data = writers.FORMATS[format_name].write(rows)
    contents = read_file(data=data)
    columns = mapping.default_columns(list(contents.columns()))
    assert len(contents.records) == len(rows)
    for row, record in zip(rows, contents.records, strict=True):
        said = mapping.attributes(record.properties, columns)
        assert not said.notes, said.notes
        assert record.problem is None
        back = {
            "name": said.name or "",
            "code": said.code,
            "network_type": said.network_type,
            "status": said.status,
            "priority": str(said.priority),
            "planned_for_date": str(said.planned_for_date or ""),
            "comment": said.comment or "",
        }
        assert back == row.values
        checked = geometry.check(record.geometry)
        assert checked.geometry is not None, checked.problems
        assert checked.geometry.hausdorff_distance(row.shape) <= NEAR_DEG
        assert checked.geometry.normalize().equals_exact(row.shape.normalize(), NEAR_DEG)


@pytest.mark.parametrize("format_name", TEXT_FORMATS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(zones(), min_size=1, max_size=4))
def test_a_text_format_gives_back_what_went_in(format_name, rows):
    same(rows, format_name)


@pytest.mark.parametrize("format_name", GDAL_FORMATS)
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(zones(), min_size=15, max_size=20))
def test_a_format_of_gdal_gives_back_what_went_in(format_name, rows):
    same(rows, format_name)


@pytest.mark.parametrize("format_name", [*TEXT_FORMATS, *GDAL_FORMATS])
def test_the_longest_texts_survive_names_of_ten_letters_and_fields_of_254_bytes(format_name):
    shape = geometry.check(shapely.box(36, 50, 36.1, 50.1)).geometry
    words = ("Ї" * 119 + "!", "щ" * 100 + " " * 3 + "🏠" * 80 + "a" * 117)
    for text in words:
        values = {
            "name": text[:120],
            "code": "a" * 40,
            "network_type": "WIRELESS",
            "status": "IN_SERVICE",
            "priority": "-100",
            "planned_for_date": "2199-12-31",
            "comment": text,
        }
        same([writers.ZoneRow(values=values, shape=shape)], format_name)
