"""All plans on public sale, with the lowest of their prices by place."""

from dataclasses import dataclass
from datetime import date

from billing.models import PriceRule, Tariff
from billing.tariffs import queries as tariff_queries

ADDON_TYPES = {Tariff.ServiceType.ADDITIONAL, Tariff.ServiceType.RENT}


@dataclass(frozen=True, slots=True)
class ListedPlan:
    """A plan of the list: its price, or the lowest of its prices by place."""

    name: str
    description: str
    speed_down_bit_s: int | None
    price_kopecks: int
    is_range: bool
    is_monthly: bool
    is_addon: bool


def listed_plans(*, on_date: date, language: str) -> list[ListedPlan]:
    """Everything on public sale somewhere on that date, in the provider's order; three queries."""
    tariffs = {
        tariff.id: tariff
        for tariff in Tariff.objects.filter(is_public=True, archived_at__isnull=True)
    }
    prices: dict[int, set[int]] = {}
    rules = PriceRule.objects.filter(
        tariff_id__in=tariffs, valid__contains=on_date, segment=""
    ).values_list("tariff_id", "price_kopecks")
    for tariff_id, price in rules:
        prices.setdefault(tariff_id, set()).add(price)
    versions = tariff_queries.versions_on(tariff_ids=prices, on_date=on_date)
    english = language.startswith("en")
    rows = [
        (tariffs[tariff_id], version, prices[tariff_id]) for tariff_id, version in versions.items()
    ]
    rows.sort(key=lambda row: (row[0].sort, min(row[2]), row[0].code))
    return [
        ListedPlan(
            name=tariff.name_en if english else tariff.name_uk,
            description=tariff.description_en if english else tariff.description_uk,
            speed_down_bit_s=version.speed_down_bit_s,
            price_kopecks=min(amounts),
            is_range=len(amounts) > 1,
            is_monthly=version.charge_type != "ONE_OFF",
            is_addon=tariff.service_type in ADDON_TYPES,
        )
        for tariff, version, amounts in rows
    ]
