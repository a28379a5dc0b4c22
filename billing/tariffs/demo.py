"""Tariffs of the demonstration, made by the operations that staff use; idempotent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing.calendar import kyiv_date
from billing.tariffs.models import Tariff
from billing.tariffs.operations import define_tariff, publish_version, set_price
from billing.tariffs.terms import Terms
from project.core.actor import SYSTEM

MBIT = 1_000_000
VAT_20_PERCENT_BP = 2_000


@dataclass(frozen=True, slots=True)
class Price:
    """A price in hryvnias a month; for a zone or locality of that code, or everywhere."""

    hryvnias: int
    zone: str = ""
    locality: str = ""
    network_type: str = ""
    connection_hryvnias: int = 0


@dataclass(frozen=True, slots=True)
class DemoTariff:
    """A tariff of the demonstration."""

    code: str
    service_type: str
    name_uk: str
    name_en: str
    description_uk: str
    description_en: str
    charge_type: str
    prices: tuple[Price, ...]
    down_mbit: int = 0
    up_mbit: int = 0
    funds_policy: str = "BLOCK"
    pausable: bool = True


FTTB, GPON, PLAN = "saltivka-fttb", "saltivka-gpon", "saltivka-plan"

TARIFFS = (
    DemoTariff(
        "start-100", "INTERNET", "Старт 100", "Start 100",
        "Для листування, новин і відео на одному екрані",
        "For mail, news and video on one screen",
        "DAILY", (Price(160, zone=FTTB), Price(180, locality="kharkiv", network_type="FTTB")),
        down_mbit=100, up_mbit=100,
    ),
    DemoTariff(
        "dim-300", "INTERNET", "Дім 300", "Home 300",
        "Для родини: навчання, кіно та ігри одночасно",
        "For a family: school, films and games at the same time",
        "DAILY",
        (Price(220, zone=FTTB), Price(240, zone=GPON), Price(230, zone=PLAN),
         Price(250, locality="kharkiv"), Price(280)),
        down_mbit=300, up_mbit=300,
    ),
    DemoTariff(
        "giga-1000", "INTERNET", "Гіга 1000", "Giga 1000",
        "Гігабіт для великих файлів і кількох телевізорів",
        "A gigabit for large files and several television sets",
        "MONTHLY_PREPAID",
        (Price(320, zone=FTTB), Price(300, zone=GPON), Price(300, zone=PLAN), Price(380)),
        down_mbit=1000, up_mbit=1000,
    ),
    DemoTariff(
        "pryvatnyi-gpon-200", "INTERNET", "Приватний GPON 200", "Private house GPON 200",
        "Оптика до приватного будинку",
        "Fibre to a private house",
        "MONTHLY_PREPAID",
        (Price(290, zone=GPON, connection_hryvnias=1500),
         Price(310, zone=PLAN, connection_hryvnias=1500)),
        down_mbit=200, up_mbit=200,
    ),
    DemoTariff(
        "static-ip", "ADDITIONAL", "Статична IP-адреса", "Static IP address",
        "Постійна адреса для відеонагляду чи власного сервера",
        "A permanent address for cameras or a server of your own",
        "DAILY", (Price(50),), pausable=False,
    ),
    DemoTariff(
        "router-rent", "RENT", "Оренда роутера", "Router rent",
        "Wi-Fi роутер на час користування послугою",
        "A Wi-Fi router for as long as the service lasts",
        "MONTHLY_PREPAID", (Price(40),), pausable=False,
    ),
)  # fmt: skip


@transaction.atomic
def load(
    *, at: datetime, zones: Mapping[str, int], admin_units: Mapping[str, int]
) -> dict[str, int]:
    """Make the tariffs that do not exist yet; tariff code → id.

    `zones` maps the codes saltivka-fttb, saltivka-gpon, saltivka-plan to zone ids, `admin_units`
    kharkiv to the city's id; prices of places that are not given are left out.
    """
    made = dict(Tariff.objects.values_list("code", "id"))
    for number, demo in enumerate(TARIFFS, start=1):
        if demo.code not in made:
            made[demo.code] = _make(
                demo, sort=number * 10, at=at, zones=zones, admin_units=admin_units
            )
    return {demo.code: made[demo.code] for demo in TARIFFS}


def _make(
    demo: DemoTariff,
    *,
    sort: int,
    at: datetime,
    zones: Mapping[str, int],
    admin_units: Mapping[str, int],
) -> int:
    on_date = kyiv_date(at)
    tariff_id = define_tariff(
        at=at,
        actor=SYSTEM,
        code=demo.code,
        service_type=demo.service_type,
        name_uk=demo.name_uk,
        name_en=demo.name_en,
        description_uk=demo.description_uk,
        description_en=demo.description_en,
        sort=sort,
    )
    publish_version(
        at=at,
        actor=SYSTEM,
        tariff_id=tariff_id,
        applies_from=on_date,
        terms=Terms(
            charge_type=demo.charge_type,
            revenue_account_code=f"revenue.{demo.code}"[:40],
            funds_policy=demo.funds_policy,
            pausable=demo.pausable,
            speed_down_bit_s=demo.down_mbit * MBIT or None,
            speed_up_bit_s=demo.up_mbit * MBIT or None,
            vat_rate_bp=VAT_20_PERCENT_BP,
        ),
    )
    for price in demo.prices:
        if (price.zone and price.zone not in zones) or (
            price.locality and price.locality not in admin_units
        ):
            continue
        set_price(
            at=at,
            actor=SYSTEM,
            tariff_id=tariff_id,
            price_kopecks=price.hryvnias * 100,
            connection_fee_kopecks=price.connection_hryvnias * 100,
            valid_from=on_date,
            zone_id=zones.get(price.zone),
            admin_unit_id=admin_units.get(price.locality),
            network_type=price.network_type,
        )
    return tariff_id
