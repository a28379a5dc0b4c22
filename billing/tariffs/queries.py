"""What a tariff costs somewhere, and what can be offered at a place. Reads only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import money
from billing.tariffs import texts
from billing.tariffs.models import PriceRule, Tariff, TariffVersion
from billing.tariffs.prices import Product, Products, prices_near, prices_of_check
from billing.tariffs.resolution import PricePlace, RuleFacts, Rung, Verdict, climb
from coverage import queries as coverage_queries
from coverage.answers import Answer, CheckResult, NetworkAnswer, Reason
from project.core.errors import NotFoundError

OUTSIDE = frozenset({Reason.OUTSIDE_ZONE, Reason.NEAR_EDGE})
SHOWN_ANSWERS = frozenset({Answer.AVAILABLE, Answer.PLANNED})
ADDON_TYPES = (Tariff.ServiceType.ADDITIONAL, Tariff.ServiceType.RENT)
LONGEST_MONTH_DAYS = 31


class TariffNotFoundError(NotFoundError):
    """There is no such tariff."""

    code = "tariff_not_found"
    message = gettext_lazy("There is no such tariff.")


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One candidate rule and why it won or lost; `text` is in the language of the moment."""

    rule: RuleFacts
    verdict: Verdict

    @property
    def text(self) -> str:
        """Why, for people."""
        return str(texts.VERDICT_TEXTS[self.verdict])


@dataclass(frozen=True, slots=True)
class Resolution:
    """The price of a tariff at a place on a date; `rule` None: not sold there.

    `version` None: the tariff has no published version on that date, so it is not sold either.
    """

    rule: RuleFacts | None
    version: TariffVersion | None
    price_kopecks: int | None
    connection_fee_kopecks: int | None
    ladder: tuple[LadderStep, ...]

    @property
    def is_sold(self) -> bool:
        """Whether the tariff can be sold there on that date."""
        return self.rule is not None and self.version is not None


@dataclass(frozen=True, slots=True)
class Offer:
    """A tariff with its price at one place for one network type.

    `is_planned`: the network is not in service there yet; the price is what is meant to be.
    `speed_*_bit_s` None: not a matter of speed. Prices in kopecks, VAT included.
    """

    tariff_id: int
    tariff_code: str
    service_type: str
    name_uk: str
    name_en: str
    description_uk: str
    description_en: str
    network_type: str
    zone_id: int | None
    zone_name: str
    speed_down_bit_s: int | None
    speed_up_bit_s: int | None
    charge_type: str
    price_kopecks: int
    connection_fee_kopecks: int
    price_rule_id: int
    version_id: int
    is_addon: bool
    is_planned: bool
    planned_for_date: date | None
    sort: int

    def name(self, *, language: str) -> str:
        """The tariff's name in that language ("uk", "en")."""
        return self.name_en if language.startswith("en") else self.name_uk

    def description(self, *, language: str) -> str:
        """The tariff's description in that language."""
        return self.description_en if language.startswith("en") else self.description_uk

    @property
    def price_text(self) -> str:
        """«250,00 ₴ a month»."""
        amount = money.format_uah(self.price_kopecks)
        if self.charge_type == TariffVersion.ChargeType.ONE_OFF:
            return amount
        return _("%(amount)s a month") % {"amount": amount}

    @property
    def day_text(self) -> str:
        """«from 8,06 ₴ a day» for tariffs charged by day, else empty."""
        if self.charge_type != TariffVersion.ChargeType.DAILY:
            return ""
        amount = money.format_uah(self.price_kopecks // LONGEST_MONTH_DAYS)
        return _("from %(amount)s a day") % {"amount": amount}


def facts_of(rule: PriceRule) -> RuleFacts:
    """A stored rule as the pure resolution sees it."""
    return RuleFacts(
        id=rule.id,
        tariff_id=rule.tariff_id,
        level=rule.level,
        zone_id=rule.zone_id,
        admin_unit_id=rule.admin_unit_id,
        network_type=rule.network_type,
        segment=rule.segment,
        price_kopecks=rule.price_kopecks,
        connection_fee_kopecks=rule.connection_fee_kopecks,
        valid_from=rule.valid.lower,
        valid_until=rule.valid.upper,
    )


def version_on(*, tariff_id: int, on_date: date) -> TariffVersion | None:
    """The terms that a new subscription gets on that date."""
    return versions_on(tariff_ids=[tariff_id], on_date=on_date).get(tariff_id)


def versions_on(*, tariff_ids: Iterable[int], on_date: date) -> dict[int, TariffVersion]:
    """The terms of each tariff for new subscriptions on that date; one query."""
    rows = (
        TariffVersion.objects.filter(
            tariff_id__in=list(tariff_ids), published_at__isnull=False, applies_from__lte=on_date
        )
        .order_by("tariff_id", "-applies_from")
        .distinct("tariff_id")
    )
    return {row.tariff_id: row for row in rows}


def resolve_price(*, tariff_id: int, place: PricePlace, on_date: date) -> Resolution:
    """The price of a tariff at a place on any date, past ones too, with the whole ladder.

    Raises TariffNotFoundError. Without a rule the tariff is not sold there: there is no price 0.
    """
    if not Tariff.objects.filter(id=tariff_id).exists():
        raise TariffNotFoundError()
    rules = [facts_of(rule) for rule in PriceRule.objects.filter(tariff_id=tariff_id)]
    winner, rungs = climb(rules=rules, place=place, on_date=on_date)
    return Resolution(
        rule=winner,
        version=version_on(tariff_id=tariff_id, on_date=on_date),
        price_kopecks=winner.price_kopecks if winner else None,
        connection_fee_kopecks=winner.connection_fee_kopecks if winner else None,
        ladder=_steps(rungs),
    )


def _steps(rungs: Iterable[Rung]) -> tuple[LadderStep, ...]:
    return tuple(LadderStep(rule=rung.rule, verdict=rung.verdict) for rung in rungs)


@dataclass(frozen=True, slots=True)
class Shelf:
    """All that can be offered at a place: main tariffs, and add-ons beside them."""

    main: list[Offer]
    addons: list[Offer]


def offers(
    *,
    networks: Sequence[NetworkAnswer],
    locality_id: int | None,
    on_date: date,
    segment: str = "",
) -> list[Offer]:
    """Main tariffs for sale at a place, by network type; planned networks with planned prices.

    Only networks whose answer is AVAILABLE or PLANNED. Cheapest first within a network.
    """
    chain = _chain(locality_id)
    return _shelf(networks=networks, chain=chain, on_date=on_date, segment=segment).main


def addon_offers(
    *,
    networks: Sequence[NetworkAnswer],
    locality_id: int | None,
    on_date: date,
    segment: str = "",
) -> list[Offer]:
    """Add-ons (static address, router rent) for sale beside a main service at a place."""
    chain = _chain(locality_id)
    return _shelf(networks=networks, chain=chain, on_date=on_date, segment=segment).addons


def shelf_for_check(*, check: CheckResult, on_date: date, segment: str = "") -> Shelf:
    """All that is for sale where a stored check was made, with the prices of that date."""
    shown = _shown(check.networks)
    if not shown:
        return Shelf(main=[], addons=[])
    zones = winning_zones(networks=shown)
    products, chain = prices_of_check(check=check, zone_ids=zones.values(), on_date=on_date)
    return _fill_shelf(
        shown=shown, products=products, chain=chain, on_date=on_date, segment=segment
    )


def offers_for_check(*, check: CheckResult, on_date: date, segment: str = "") -> list[Offer]:
    """Main tariffs for sale where a stored check was made, with the prices of that date."""
    return shelf_for_check(check=check, on_date=on_date, segment=segment).main


def _chain(locality_id: int | None) -> tuple[int, ...]:
    if locality_id is None:
        return ()
    return tuple(coverage_queries.admin_chain(admin_unit_id=locality_id))


def _shelf(
    *, networks: Sequence[NetworkAnswer], chain: Sequence[int], on_date: date, segment: str
) -> Shelf:
    shown = _shown(networks)
    if not shown:
        return Shelf(main=[], addons=[])
    zones = winning_zones(networks=shown)
    products = prices_near(zone_ids=zones.values(), chain=chain, on_date=on_date)
    return _fill_shelf(
        shown=shown, products=products, chain=chain, on_date=on_date, segment=segment
    )


def _shown(networks: Iterable[NetworkAnswer]) -> list[NetworkAnswer]:
    return [network for network in networks if network.answer in SHOWN_ANSWERS]


def _fill_shelf(
    *,
    shown: Sequence[NetworkAnswer],
    products: Products,
    chain: Sequence[int],
    on_date: date,
    segment: str,
) -> Shelf:
    zones = winning_zones(networks=shown)
    found: list[Offer] = []
    for network in shown:
        place = PricePlace(
            network_type=network.network_type,
            zone_ids_by_network=zones,
            admin_chain=tuple(chain),
            segment=segment,
        )
        for product, rules in products.values():
            winner, _rungs = climb(rules=rules, place=place, on_date=on_date)
            if winner is not None:
                found.append(_offer(product, winner, network))
    order = {network.network_type: i for i, network in enumerate(shown)}
    found.sort(key=lambda o: (order[o.network_type], o.sort, o.price_kopecks, o.tariff_code))
    return Shelf(
        main=[offer for offer in found if offer.service_type not in ADDON_TYPES],
        addons=[offer for offer in found if offer.service_type in ADDON_TYPES],
    )


def winning_zones(*, networks: Iterable[NetworkAnswer]) -> dict[str, int]:
    """The zone that wins at the place, by network type; the nearest zone of an answer from outside
    wins nothing.
    """
    return {
        network.network_type: network.zone_id
        for network in networks
        if network.zone_id is not None and network.reason not in OUTSIDE
    }


def _offer(product: Product, rule: RuleFacts, network: NetworkAnswer) -> Offer:
    return Offer(
        tariff_id=product.tariff_id,
        tariff_code=product.code,
        service_type=product.service_type,
        name_uk=product.name_uk,
        name_en=product.name_en,
        description_uk=product.description_uk,
        description_en=product.description_en,
        network_type=network.network_type,
        zone_id=network.zone_id,
        zone_name=network.zone_name,
        speed_down_bit_s=product.speed_down_bit_s,
        speed_up_bit_s=product.speed_up_bit_s,
        charge_type=product.charge_type,
        price_kopecks=rule.price_kopecks,
        connection_fee_kopecks=rule.connection_fee_kopecks,
        price_rule_id=rule.id,
        version_id=product.version_id,
        is_addon=product.service_type in ADDON_TYPES,
        is_planned=network.answer == Answer.PLANNED,
        planned_for_date=network.planned_for_date,
        sort=product.sort,
    )
