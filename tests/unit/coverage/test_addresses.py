"""Ukrainian addresses as people, registers and maps write them."""

import csv
import gzip
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from coverage.addresses import HouseNumberError, houses_meant, parse_address, parse_house
from coverage.addresses.compare import Nearness, compare, measure_pairs
from coverage.addresses.latin import to_latin
from coverage.addresses.street import parse_street
from coverage.addresses.text import clean

GEO = Path(__file__).resolve().parents[3] / "fixtures" / "geo"


@pytest.mark.parametrize(
    "written, canonical",
    [
        ("12-А", "12А"),
        ("12а", "12А"),
        ("12 А", "12А"),
        ("12/А", "12А"),
        ("12, а", "12А"),
        ('12"А"', "12А"),
        ("12A", "12А"),
        ("№ 12", "12"),
        ("буд. 12", "12"),
        ("будинок 12-б", "12Б"),
        ("012", "12"),
        ("12/3", "12/3"),
        ("12 / 3", "12/3"),
        ("30Г/1", "30Г/1"),
        ("83/26д", "83/26Д"),
        ("102А/103а", "102А/103А"),
        ("158 корпус 1", "158 к1"),
        ("158 к.2", "158 к2"),
        ("158к2", "158 к2"),
        ("158, корпус №2", "158 к2"),
        ("7 корп. Б", "7 кБ"),
        ("7 літера А", "7А"),
        ("99999", "99999"),
    ],
)
def test_one_house_has_one_canonical_number(written: str, canonical: str) -> None:
    assert parse_house(clean(written)).canonical == canonical


@pytest.mark.parametrize(
    "written, problem",
    [
        ("16-22", "RANGE"),
        ("16 - 22", "RANGE"),
        ("18.янв", "DATE"),
        ("18.січ", "DATE"),
        ("", "EMPTY"),
        ("буд.", "EMPTY"),
        ("б/н", "UNREADABLE"),
        ("3, 3а, 3б", "UNREADABLE"),
        ("0", "UNREADABLE"),
        ("123456", "UNREADABLE"),
        ("-5", "UNREADABLE"),
        ("1" * 10_000, "UNREADABLE"),
        ("12АБ", "UNREADABLE"),
    ],
)
def test_what_is_not_one_house_is_refused_with_the_problem(written: str, problem: str) -> None:
    with pytest.raises(HouseNumberError) as error:
        parse_house(written)
    assert error.value.problem == problem


def test_houses_are_ordered_as_people_walk() -> None:
    walked = [
        "2",
        "2А",
        "2А/1",
        "2Б",
        "2/1",
        "2/2",
        "2 к1",
        "3",
        "10",
        "10Ґ",
        "10Д",
        "158 к1",
        "158 к2",
    ]
    keys = {number: parse_house(number).number_sort for number in walked}
    assert sorted(walked, key=keys.__getitem__)[:4] == ["2", "2А", "2А/1", "2Б"]
    assert sorted(walked, key=keys.__getitem__)[-6:] == walked[-6:]
    assert all(key.isdigit() and len(key) <= 40 for key in keys.values())


def test_every_house_number_of_saltivka_is_read() -> None:
    with gzip.open(GEO / "saltivka_buildings.geojson.gz", "rt", encoding="utf-8") as stream:
        features = json.load(stream)["features"]
    numbers = [
        f["properties"]["addr:housenumber"]
        for f in features
        if f["properties"].get("addr:housenumber")
    ]
    assert len(numbers) == 671
    assert all(parse_house(clean(number)).canonical for number in numbers)


@pytest.mark.parametrize(
    "left, right",
    [
        ("вул. Бучми", "Бучми вулиця"),
        ("вулиця Бучми", "БУЧМИ ВУЛ."),
        ("вул.Бучми", "вулиця  Бучми "),
        ("вул. Соборна", "вул. Cобoрнa"),
        ("вул. Черемшини Марка", "вулиця Марка Черемшини"),
        ("вул. Першого Травня", "вулиця 1-го Травня"),
        ("вул. 1 Травня", "вул. 1Травня"),
        ("вул. 8-го Березня", "вул. Восьмого Березня"),
        ("вул. І.Франка", "вулиця Івана Франка"),
        ("вул. Б. Хмельницького", "вул. Хмельницького Богдана"),
        ("вул. ім. Лесі Українки", "вулиця Лесі Українки"),
        ("вул. Солов’яненка", "вул. Соловʼяненка"),
        ("вул. В`ячеслава Чорновола", "вул. Вячеслава Чорновола"),
        ("пр-т Науки", "просп. Науки"),
        ("проспект Науки", "Науки проспект"),
        ("пров. Шкільний", "переулок Шкільний"),
        ("вул. Північне шосе", "шосе Північне"),
        ("вул. Нечуя–Левицького", "вул. Нечуя Левицького"),
        ("вул. Шевченко", "вулиця Шевченка"),
        ("вул. акад. Павлова", "вул. Академіка Павлова"),
        ("вул. 40-річчя Перемоги", "вул. Сорокаріччя Перемоги"),
        ("вул. Iвана Франка", "вул. Івана Франка"),
    ],
)
def test_two_spellings_of_one_street_are_one(left: str, right: str) -> None:
    first, second = parse_street(left), parse_street(right)
    assert (first.type, first.name_norm) == (second.type, second.name_norm)


@pytest.mark.parametrize(
    "left, right",
    [
        ("Нагорна вулиця", "Нагорний провулок"),
        ("вул. Кричевського", "пров. Кричевського"),
        ("вул. Лісова", "вул. Лисова"),
        ("1-й провулок Слободи", "2-й провулок Слободи"),
        ("вул. 1 Травня", "вул. 11 Травня"),
        ("вул. Франка", "вул. Івана Франка"),
        ("вул. Павлова", "вул. Академіка Павлова"),
        ("вул. М. Коцюбинського", "вул. Юрія Коцюбинського"),
        ("вул. Петра Дорошенка", "вул. Дмитра Дорошенка"),
        ("вул. Нова", "вул. Новий Шлях"),
        ("провулок Будьонного 1", "провулок Будьонного 2"),
        ("вул. Київська", "вул. Київський Шлях"),
    ],
)
def test_two_streets_are_never_made_one(left: str, right: str) -> None:
    first, second = parse_street(left), parse_street(right)
    assert (first.type, first.name_norm) != (second.type, second.name_norm)


@pytest.mark.parametrize(
    "left, right",
    [("12/3", "123"), ("12А", "12"), ("12 к1", "12/1"), ("2А/1", "2/1А"), ("158 к1", "158 к2")],
)
def test_two_houses_are_never_made_one(left: str, right: str) -> None:
    assert parse_house(left).canonical != parse_house(right).canonical


@pytest.mark.parametrize(
    "line, street_type, name, house, localities, unit",
    [
        ("м. Харків, вул. Бучми, буд. 42-Б, кв. 7", "вулиця", "Бучми", "42Б", ("Харків",), "7"),
        (
            "61123, Україна, Харківська область, м. Харків, вул. Бучми, 42Б",
            "вулиця",
            "Бучми",
            "42Б",
            ("Харків",),
            "",
        ),
        ("Бучми 42б", "", "Бучми", "42Б", (), ""),
        ("8-го Березня 12", "", "8-го Березня", "12", (), ""),
        ("вул. Бучми, 12, корпус 2", "вулиця", "Бучми", "12 к2", (), ""),
        ("Київське шосе 5", "шосе", "Київське", "5", (), ""),
        ("Набережна, 5", "", "Набережна", "5", (), ""),
        ("вул. Грушевського, 4, 79000, Львів", "вулиця", "Грушевського", "4", ("Львів",), ""),
    ],
)
def test_an_address_line_is_taken_apart(
    line: str, street_type: str, name: str, house: str, localities: tuple[str, ...], unit: str
) -> None:
    parsed = parse_address(line)
    assert (parsed.street.type, parsed.street.name) == (street_type, name)
    assert parsed.house is not None
    assert parsed.house.canonical == house
    assert parsed.localities == localities
    assert parsed.unit == unit


@pytest.mark.parametrize(
    "line, problem",
    [("Бучми 16-22", "RANGE"), ("Бучми, 18.янв", "DATE"), ("бучми 18.янв", "DATE"), ("Бучми", "")],
)
def test_a_house_that_cannot_be_read_is_named_not_guessed(line: str, problem: str) -> None:
    parsed = parse_address(line)
    assert parsed.house is None
    assert parsed.house_problem == problem
    assert parsed.street.name.lower() == "бучми"


def test_latin_letters_follow_the_cabinet_of_ministers() -> None:
    assert to_latin("згурський") == "zghurskyi"
    assert to_latin("єнакієве") == "yenakiieve"
    assert to_latin("героїв праці") == "heroiv pratsi"
    assert [house.canonical for house in houses_meant(parse_address("vul. Buchmy 42b"))] == [
        "42Б",
        "42В",
    ]


def test_an_initial_is_near_but_never_equal_for_a_person_who_is_not_known() -> None:
    left, right = parse_address("вул. О. Пасика, 85"), parse_address("вул. Олександра Пасика, 85")
    assert compare(left, right) is Nearness.NEAR
    assert compare(left, parse_address("вул. О.Пасика, буд. 85")) is Nearness.EQUAL


def test_two_registers_agree_in_more_than_88_of_100_addresses() -> None:
    with gzip.open(GEO / "school_address_pairs.csv.gz", "rt", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    measure = measure_pairs((row["address_actual"], row["address_legal_2023"]) for row in rows)
    assert measure.pairs == len(rows) == 1188
    assert measure.equal_share >= 0.88


def test_the_command_prints_the_share() -> None:
    out = StringIO()
    call_command("measure_addresses", str(GEO / "school_address_pairs.csv.gz"), stdout=out)
    assert "equal canonical forms" in out.getvalue()


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        " ",
        ",,,,",
        "()",
        "((((",
        "\u200b\u202e",
        "x" * 10_000,
        "9" * 10_000,
        "-" * 5000,
        "вул. " * 3000,
        "к" * 500,
        ", 1" * 3000,
        "\x00\x01",
        "\ud800",
        "1/" * 4000,
        "І. " * 200,
        "буд.",
        "№",
        "'",
        "кв. 5",
    ],
)
def test_nothing_typed_breaks_the_reader(hostile: str) -> None:
    parsed = parse_address(hostile)
    assert parsed.canonical
