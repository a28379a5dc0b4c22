"""A town for measuring: streets with houses on a grid, zones of many corners, tariffs and prices.

Made by set-based SQL from whole numbers, so that every run has the same town.
"""

import math
from dataclasses import dataclass
from typing import Any

from billing.tariffs import operations as tariffs
from coverage.addresses.street import parse_street
from coverage.models import Street, Zone
from project.core import clock
from project.core.actor import Actor, ActorKind
from tests.bench._harness import execute

LON, LAT = 36.20, 49.95  # the south-west corner
STEP_LON, STEP_LAT = 0.00056, 0.00036  # about 40 m
HOUSES_A_STREET = 100
FIRST_NAMES = (
    "Тараса", "Лесі", "Богдана", "Марка", "Ольги", "Петра", "Якова", "Софії", "Григорія", "Олени",
    "Романа", "Ганни", "Левка", "Юрія", "Варвари", "Остапа", "Дарини", "Назара", "Катерини",
    "Захара", "Мотрі", "Ярослава", "Оксани", "Климента", "Уляни", "Федора", "Параски", "Гната",
    "Соломії", "Устима", "Меланії", "Данила",
)  # fmt: skip
LAST_NAMES = tuple(
    f"{root}{ending}"
    for root in (
        "Ковал", "Бонд", "Ткач", "Мельнич", "Кравч", "Шевч", "Гончар", "Стельм", "Бондар", "Котляр",
        "Кушнір", "Чума", "Лимар", "Пасіч", "Рибал", "Скляр", "Теслю",
    )
    for ending in ("енка", "ука", "иська")
)  # fmt: skip


@dataclass(frozen=True)
class Town:
    """What was made. `side` is the number of houses along one side of the square."""

    locality_id: int
    buildings: int
    side: int

    @property
    def width(self) -> float:
        """Degrees of longitude."""
        return self.side * STEP_LON

    @property
    def height(self) -> float:
        """Degrees of latitude."""
        return self.side * STEP_LAT


LOCALITY = """
    INSERT INTO coverage_adminunit
        (id, category, name, search_key, path, depth, geom_source, geom)
    VALUES (1, 'CITY', 'Харків', 'харків', '/1/', 0, '', ST_Multi(ST_MakeEnvelope(
        %(lon)s - 0.1, %(lat)s - 0.1, %(lon)s + 0.4, %(lat)s + 0.4, 4326))) RETURNING id
"""
BUILDINGS = """
    INSERT INTO coverage_building (locality_id, street_id, number, number_int, number_sort, letter,
        fraction, korpus, point, kind, wiring, location_source, location_accuracy_m, levels, flats,
        access_note)
    SELECT %(locality)s, street.id, house::text, house, lpad(house::text, 6, '0'), '', '', '',
        ST_SetSRID(ST_MakePoint(
            %(lon)s + %(step_lon)s * (0.5 + i %% %(side)s),
            %(lat)s + %(step_lat)s * (0.5 + i / %(side)s)), 4326),
        '', CASE i %% 10 WHEN 0 THEN 'NOT_WIRED' ELSE 'WIRED' END, 'OSM', 5, 5, 60, ''
    FROM generate_series(0, %(count)s - 1) i,
        LATERAL (SELECT 1 + i %% %(houses)s AS house) numbered
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM coverage_street) street
        ON true
    WHERE street.place = i / %(houses)s
"""
# A circle with a wavy edge: as many corners as wanted, valid, and never the same shape twice.
ZONES = """
    WITH made AS (
        INSERT INTO coverage_zone (code, name, network_type, priority, revision, created_at)
        SELECT 'bench-' || i, 'Зона ' || i, (ARRAY['GPON', 'FTTB', 'WIRELESS'])[1 + i %% 3],
            i %% 5, 2, now() - interval '30 days'
        FROM generate_series(0, %(zones)s - 1) i RETURNING id, code
    ), placed AS (
        SELECT id, substr(code, 7)::int AS i FROM made
    ), drawn AS (
        SELECT placed.id, placed.i, ST_Multi(ST_MakePolygon(ST_AddPoint(line, ST_StartPoint(line))))
            AS geometry
        FROM placed CROSS JOIN LATERAL (
            SELECT ST_MakeLine(ST_SetSRID(ST_MakePoint(
                %(lon)s + %(width)s * (0.5 + i %% %(columns)s) / %(columns)s
                    + %(radius)s * %(width)s * (1 + 0.08 * sin(9 * a + i)) * cos(a),
                %(lat)s + %(height)s * (0.5 + i / %(columns)s) / %(columns)s
                    + %(radius)s * %(height)s * (1 + 0.08 * sin(9 * a + i)) * sin(a)
                ), 4326) ORDER BY k) AS line
            FROM generate_series(0, %(corners)s - 1) k,
                LATERAL (SELECT 2 * pi() * k / %(corners)s AS a) angle
        ) ring
    )
    INSERT INTO coverage_zoneversion (zone_id, geometry, status, priority, valid, revision, area_m2,
        comment)
    SELECT id, geometry, (ARRAY['IN_SERVICE', 'IN_SERVICE', 'PLANNED'])[1 + i %% 3], i %% 5,
        tstzrange(now() - interval '30 days', NULL), 2, ST_Area(geometry::geography), ''
    FROM drawn
"""


def build_town(*, buildings: int) -> Town:
    """A square town of so many buildings."""
    side = math.ceil(math.sqrt(buildings))
    locality_id = int(execute(LOCALITY, {"lon": LON, "lat": LAT}))
    build_streets(locality_id, count=math.ceil(buildings / HOUSES_A_STREET))
    execute(
        BUILDINGS,
        {
            "locality": locality_id,
            "count": buildings,
            "side": side,
            "houses": HOUSES_A_STREET,
            "lon": LON,
            "lat": LAT,
            "step_lon": STEP_LON,
            "step_lat": STEP_LAT,
        },
    )
    return Town(locality_id, buildings, side)


def build_streets(locality_id: int, *, count: int) -> None:
    """Streets with names like real ones, no two alike: «вулиця Тараса Коваленка»."""
    names = [f"{first} {last}" for last in LAST_NAMES for first in FIRST_NAMES]
    assert count <= len(names), "the town has more streets than names"
    Street.objects.bulk_create(
        Street(
            locality_id=locality_id,
            type=parsed.type,
            name=parsed.name,
            name_norm=parsed.name_norm,
            search_key=parsed.search_key,
        )
        for parsed in (parse_street(f"вулиця {name}") for name in names[:count])
    )


def build_zones(town: Town, *, zones: int, corners: int, reach: float = 0.7) -> None:
    """Published zones over the town; `reach` 0.5 touches the neighbour's, more overlaps them."""
    columns = math.ceil(math.sqrt(zones))
    execute(
        ZONES,
        {
            "zones": zones,
            "corners": corners,
            "columns": columns,
            "radius": reach / columns,
            "lon": LON,
            "lat": LAT,
            "width": town.width,
            "height": town.height,
        },
    )


def settle() -> None:
    """Statistics as a running system has them."""
    for table in (
        "street",
        "building",
        "zone",
        "zoneversion",
        "buildingcoverage",
        "buildinganswer",
    ):
        execute(f"VACUUM ANALYZE coverage_{table}")


TARIFFS = 6


def build_prices(town: Town) -> None:
    """Six tariffs, each with a price everywhere, in the town and in every fifth zone."""
    now = clock.now()
    today = clock.today(now)
    who = Actor(kind=ActorKind.SYSTEM, label="bench")
    zone_ids = list(Zone.objects.order_by("id").values_list("id", flat=True))[::5]
    for number in range(TARIFFS):
        tariff_id = tariffs.define_tariff(
            at=now,
            actor=who,
            code=f"bench-{number}",
            service_type="INTERNET" if number < 4 else "ADDITIONAL",
            name_uk=f"Тариф {number}",
            name_en=f"Tariff {number}",
        )
        terms = tariffs.Terms(
            charge_type="DAILY",
            revenue_account_code=f"revenue.bench-{number}",
            speed_down_bit_s=100_000_000,
        )
        tariffs.publish_version(
            at=now, actor=who, tariff_id=tariff_id, applies_from=today, terms=terms
        )
        rule: dict[str, Any] = {
            "at": now,
            "actor": who,
            "tariff_id": tariff_id,
            "valid_from": today,
        }
        tariffs.set_price(price_kopecks=25_000 + number * 5_000, **rule)
        tariffs.set_price(
            price_kopecks=24_000 + number * 5_000, admin_unit_id=town.locality_id, **rule
        )
        for zone_id in zone_ids:
            tariffs.set_price(price_kopecks=20_000 + number * 5_000, zone_id=zone_id, **rule)
