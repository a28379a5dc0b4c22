"""What would be sold where nothing is sold yet: prices if a network were built at a place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing.tariffs.models import Tariff
from billing.tariffs.prices import Product, prices_near
from billing.tariffs.queries import ADDON_TYPES, LadderStep
from billing.tariffs.resolution import PricePlace, RuleFacts, climb
from coverage import queries as coverage_queries

NOT_MONTHLY = frozenset({*ADDON_TYPES, Tariff.ServiceType.ONE_OFF})


@dataclass(frozen=True, slots=True)
class Forecast:
    """A main tariff that would be sold, its price in kopecks a month, and the ladder of its rules.

    `level` is that of the rule which would decide: ZONE, LOCALITY, DEFAULT.
    """

    tariff_id: int
    tariff_code: str
    name_uk: str
    name_en: str
    price_kopecks: int
    connection_fee_kopecks: int
    level: str
    ladder: tuple[LadderStep, ...]

    def name(self, *, language: str) -> str:
        """The tariff's name in that language ("uk", "en")."""
        return self.name_en if language.startswith("en") else self.name_uk


def offers_if_built(
    *,
    network_types: Sequence[str],
    locality_ids: Sequence[int | None],
    on_date: date,
    zone_id: int | None = None,
) -> dict[tuple[int | None, str], list[Forecast]]:
    """(locality, network) → what would be sold there, cheapest first; empty: no price is set.

    A new zone has no prices of its own, so those of the locality or the default apply; with
    `zone_id` the prices of that zone come first. Add-ons and one-off tariffs are no monthly income
    and are left out. Two queries, and one more for each locality.
    """
    chains = {
        locality: ()
        if locality is None
        else tuple(coverage_queries.admin_chain(admin_unit_id=locality))
        for locality in set(locality_ids)
    }
    near = prices_near(
        zone_ids=[] if zone_id is None else [zone_id],
        chain=sorted({unit for chain in chains.values() for unit in chain}),
        on_date=on_date,
    )
    monthly = [
        (product, rules)
        for product, rules in near.values()
        if product.service_type not in NOT_MONTHLY
    ]
    found: dict[tuple[int | None, str], list[Forecast]] = {}
    for locality, chain in chains.items():
        for network in network_types:
            place = PricePlace(
                network_type=network,
                zone_ids_by_network={} if zone_id is None else {network: zone_id},
                admin_chain=chain,
            )
            sold = [
                offer
                for product, rules in monthly
                if (offer := _forecast(product, rules, place, on_date)) is not None
            ]
            sold.sort(key=lambda each: (each.price_kopecks, each.tariff_code))
            found[locality, network] = sold
    return found


def _forecast(
    product: Product, rules: Sequence[RuleFacts], place: PricePlace, on_date: date
) -> Forecast | None:
    winner, rungs = climb(rules=rules, place=place, on_date=on_date)
    if winner is None:
        return None
    return Forecast(
        tariff_id=product.tariff_id,
        tariff_code=product.code,
        name_uk=product.name_uk,
        name_en=product.name_en,
        price_kopecks=winner.price_kopecks,
        connection_fee_kopecks=winner.connection_fee_kopecks,
        level=winner.level,
        ladder=tuple(LadderStep(rung.rule, rung.verdict) for rung in rungs),
    )
