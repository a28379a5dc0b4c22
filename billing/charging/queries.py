"""Why an amount was charged; how runs went; until when money lasts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from billing.calendar import ONE_DAY
from billing.charging.models import ChargeBasis, ChargeRun
from billing.charging.prices_ahead import Known, prices_ahead, with_days_off
from billing.charging.rules import Announced
from billing.charging.rules import paid_until as paid_until_rule
from billing.charging.settling import available_kopecks
from billing.ledger import queries as ledger_queries
from billing.subscriptions.models import CreditGrant, Pause, PlanSpan, Subscription
from billing.tariffs.texts import LEVEL_TEXTS
from coverage.models import ZoneVersion
from project.core.errors import NotFoundError

__all__ = ["BasisView", "available_kopecks", "explain_bases", "explain_basis", "paid_until", "runs"]

HORIZON_DAYS = 400


@dataclass(frozen=True, slots=True)
class BasisView:
    """By what a charge was made: tariff, terms, price rule with its place, zone as it was.

    `price_kopecks` is what was charged by: `full_price_kopecks` with the discount off.
    `zone_version_id` leads to the geometry as it was (`coverage`); null where no zone was needed.
    """

    id: int
    subscription_id: int
    plan_span_id: int
    tariff_id: int
    tariff_code: str
    tariff_name_uk: str
    tariff_name_en: str
    version_id: int
    version: int
    version_applies_from: date
    charge_type: str
    price_kopecks: int
    full_price_kopecks: int
    discount_id: int | None
    discount_name_uk: str
    discount_name_en: str
    vat_rate_bp: int
    price_rule_id: int
    rule_level: str
    rule_zone_id: int | None
    rule_zone_name: str
    rule_admin_unit_id: int | None
    rule_admin_unit_name: str
    rule_network_type: str
    rule_segment: str
    rule_valid_from: date | None
    rule_valid_until: date | None
    rule_created_at: datetime
    rule_created_by: str
    zone_version_id: int | None
    zone_id: int | None
    zone_code: str
    zone_name: str
    zone_revision: int | None
    zone_status: str
    zone_valid_from: datetime | None
    zone_valid_until: datetime | None

    @property
    def level_text(self) -> str:
        """«Price of the zone», in the language of the moment."""
        return str(LEVEL_TEXTS[self.rule_level])

    @property
    def place_text(self) -> str:
        """Name of the zone or locality the price rule is for; empty for everywhere."""
        return self.rule_zone_name or self.rule_admin_unit_name


def explain_basis(charge_basis_id: int) -> BasisView:
    """Why a posting with this basis is what it is. Raises NotFoundError."""
    found = explain_bases(charge_basis_ids=[charge_basis_id])
    if charge_basis_id not in found:
        raise NotFoundError()
    return found[charge_basis_id]


def explain_bases(*, charge_basis_ids: Iterable[int]) -> dict[int, BasisView]:
    """The same for many postings at once; one query."""
    rows = (
        ChargeBasis.objects.filter(id__in=set(charge_basis_ids))
        .select_related(
            "plan_span__tariff",
            "tariff_version__tariff",
            "price_rule__zone",
            "price_rule__admin_unit",
            "zone_version__zone",
            "discount",
        )
        .defer("zone_version__geometry", "price_rule__admin_unit__geom")
    )
    found = {row.id: row for row in rows}
    whole = _whole_prices(found.values())
    return {id_: _view(row, whole.get(id_, row.price_kopecks)) for id_, row in found.items()}


def _whole_prices(rows: Iterable[ChargeBasis]) -> dict[int, int]:
    """The prices before the discount, by the ids of the bases with one; mostly no query."""
    discounted = [row for row in rows if row.discount_id is not None]
    if not discounted:
        return {}
    whole = ChargeBasis.objects.filter(
        plan_span__in={row.plan_span_id for row in discounted}, discount=None
    ).values_list("plan_span_id", "tariff_version_id", "price_kopecks")
    prices = {(span, version): price for span, version, price in whole}
    return {row.id: prices[row.plan_span_id, row.tariff_version_id] for row in discounted}


def _view(row: ChargeBasis, full_price_kopecks: int) -> BasisView:
    tariff, version, rule = row.tariff_version.tariff, row.tariff_version, row.price_rule
    zone_version: ZoneVersion | None = row.zone_version
    return BasisView(
        id=row.id,
        subscription_id=row.subscription_id,
        plan_span_id=row.plan_span_id,
        tariff_id=tariff.id,
        tariff_code=tariff.code,
        tariff_name_uk=tariff.name_uk,
        tariff_name_en=tariff.name_en,
        version_id=version.id,
        version=version.version,
        version_applies_from=version.applies_from,
        charge_type=version.charge_type,
        price_kopecks=row.price_kopecks,
        full_price_kopecks=full_price_kopecks,
        discount_id=row.discount_id,
        discount_name_uk=row.discount.name_uk if row.discount else "",
        discount_name_en=row.discount.name_en if row.discount else "",
        vat_rate_bp=version.vat_rate_bp,
        price_rule_id=rule.id,
        rule_level=rule.level,
        rule_zone_id=rule.zone_id,
        rule_zone_name=rule.zone.name if rule.zone else "",
        rule_admin_unit_id=rule.admin_unit_id,
        rule_admin_unit_name=rule.admin_unit.name if rule.admin_unit else "",
        rule_network_type=rule.network_type,
        rule_segment=rule.segment,
        rule_valid_from=rule.valid.lower,
        rule_valid_until=rule.valid.upper,
        rule_created_at=rule.created_at,
        rule_created_by=rule.created_by,
        zone_version_id=zone_version.id if zone_version else None,
        zone_id=zone_version.zone_id if zone_version else None,
        zone_code=zone_version.zone.code if zone_version else "",
        zone_name=zone_version.zone.name if zone_version else "",
        zone_revision=zone_version.revision if zone_version else None,
        zone_status=zone_version.status if zone_version else "",
        zone_valid_from=zone_version.valid.lower if zone_version else None,
        zone_valid_until=zone_version.valid.upper if zone_version else None,
    )


def runs(*, limit: int = 31) -> Sequence[ChargeRun]:
    """The last runs, newest date first."""
    return list(ChargeRun.objects.order_by("-charge_date")[: min(limit, 366)])


def paid_until(*, account_id: int, on_date: date) -> date | None:
    """R15: the first day that the money on the account (with credit) does not cover.

    None when nothing is charged on the account. Charges are walked by the pure rules, by the price
    each service was sold at, newer terms and discounts that are known, and changes that are
    announced; a service charged ahead joins on the day its paid time ends.
    """
    services = (
        Subscription.objects.filter(account_id=account_id, state=Subscription.State.ACTIVE)
        .exclude(pauses__during__contains=on_date)
        .exclude(parent__pauses__during__contains=on_date)
    )
    spans = (
        PlanSpan.objects.filter(subscription__in=services, during__endswith__isnull=True)
        | PlanSpan.objects.filter(subscription__in=services, during__endswith__gt=on_date)
    ).select_related(
        "sold_version", "subscription__building", "subscription__charge_state", "sold_zone_version"
    )
    spans = spans.defer("sold_zone_version__geometry", "subscription__building__footprint")
    rows = [s for s in spans.order_by("during") if s.sold_version.charge_type != "ONE_OFF"]
    known = Known(rows, from_date=on_date, days=HORIZON_DAYS)
    terms: list[tuple[str, int, int, date]] = []
    places: dict[int, int] = {}
    announced: dict[int, list[Announced]] = {}
    for span in rows:
        service, begins = span.subscription, max(span.during.lower, on_date)
        first, *later = prices_ahead(span=span, from_date=begins, days=HORIZON_DAYS, known=known)
        if span.during.lower <= on_date:
            places[service.id] = len(terms)
            charged = service.charge_state
            charged_until = max(charged.charged_until or on_date, on_date)
            terms.append(
                (first.charge_type, first.price_kopecks, charged.anchor_day, charged_until)
            )
        elif service.id in places:
            later.insert(0, replace(first, gives_back=True))
        if service.id in places:
            announced.setdefault(places[service.id], []).extend(later)
    if not terms:
        return None
    for service_id, days in _days_off(rows, on_date=on_date).items():
        if service_id in places:
            place = places[service_id]
            charge_type, price_kopecks, _anchor, _until = terms[place]
            announced[place] = with_days_off(
                announced.get(place, ()),
                first=Announced(date.min, charge_type, price_kopecks),
                days_off=days,
            )
    grants = CreditGrant.objects.filter(account_id=account_id, during__contains=on_date)
    return paid_until_rule(
        available_kopecks=available_kopecks(account_id=account_id, on_date=on_date),
        services=terms,
        announced=announced,
        credit_ends=[(one.during.upper, one.amount_kopecks) for one in grants],
        horizon_days=HORIZON_DAYS,
    )


def _days_off(
    spans: Iterable[PlanSpan], *, on_date: date
) -> dict[int, list[tuple[date, date | None]]]:
    """By service the days ahead that will cost nothing: planned pauses, and after its own end."""
    services = {span.subscription_id: span.subscription for span in spans}
    of_main: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for pause in Pause.objects.filter(
        subscription__in=services, during__startswith__gt=on_date
    ).order_by("during"):
        of_main[pause.subscription_id].append((pause.during.lower, pause.during.upper))
    found: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for service_id, service in services.items():
        days = of_main.get(service.parent_id or service_id, [])
        if service.ends_date is not None:
            days = [*days, (service.ends_date + ONE_DAY, None)]
        if days:
            found[service_id] = days
    return found


def statement_bases(*, account_id: int, limit: int) -> dict[int, BasisView]:
    """Bases of the newest lines of an account's statement, by basis id."""
    lines = ledger_queries.statement(account_id=account_id, limit=limit)
    return explain_bases(
        charge_basis_ids=[line.charge_basis_id for line in lines if line.charge_basis_id]
    )
