"""Tariffs with their terms of today and the span of their prices; and one tariff in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Min, Q

from billing.models import PlanSpan, PriceRule, Tariff, TariffVersion
from billing.tariffs import queries as tariff_queries
from billing.tariffs import texts
from project.core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class TariffRow:
    """One tariff of the list; prices in kopecks over the rules in force today."""

    tariff: Tariff
    version: TariffVersion | None
    charge_text: Any
    rules_count: int
    min_kopecks: int | None
    max_kopecks: int | None
    services_count: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A price rule with the place it is for."""

    rule: PriceRule
    level_text: Any
    is_in_force: bool
    is_future: bool


@dataclass(frozen=True, slots=True)
class TariffPage:
    """A tariff with all versions and rules."""

    tariff: Tariff
    versions: Sequence[tuple[TariffVersion, Any, bool]]
    rules: Sequence[RuleRow]
    services_count: int


def tariff_rows(*, on_date: date, archived: bool = False) -> list[TariffRow]:
    """All tariffs that are (not) archived; three queries whatever their number."""
    in_force = Q(price_rules__valid__contains=on_date)
    tariffs = list(
        Tariff.objects.filter(archived_at__isnull=not archived)
        .annotate(
            rules_count=Count("price_rules", filter=in_force, distinct=True),
            min_kopecks=Min("price_rules__price_kopecks", filter=in_force),
            max_kopecks=Max("price_rules__price_kopecks", filter=in_force),
        )
        .order_by("service_type", "sort", "code")[:500]
    )
    ids = [tariff.id for tariff in tariffs]
    versions = tariff_queries.versions_on(tariff_ids=ids, on_date=on_date)
    services = _services_count(tariff_ids=ids, on_date=on_date)
    return [
        TariffRow(
            tariff=tariff,
            version=versions.get(tariff.id),
            charge_text=_charge_text(versions.get(tariff.id)),
            rules_count=tariff.rules_count,
            min_kopecks=tariff.min_kopecks,
            max_kopecks=tariff.max_kopecks,
            services_count=services.get(tariff.id, 0),
        )
        for tariff in tariffs
    ]


def _charge_text(version: TariffVersion | None) -> Any:
    return texts.CHARGE_TYPE_TEXTS.get(version.charge_type, "") if version else ""


def _services_count(*, tariff_ids: Sequence[int], on_date: date) -> dict[int, int]:
    rows = (
        PlanSpan.objects.filter(
            tariff_id__in=tariff_ids, during__contains=on_date, subscription__state="ACTIVE"
        )
        .values_list("tariff_id")
        .annotate(Count("id"))
    )
    return dict(rows)


def tariff_page(*, code: str, on_date: date) -> TariffPage:
    """One tariff with its versions and price rules; raises NotFoundError."""
    tariff = Tariff.objects.filter(code=code).first()
    if tariff is None:
        raise NotFoundError
    current = tariff_queries.versions_on(tariff_ids=[tariff.id], on_date=on_date).get(tariff.id)
    versions = TariffVersion.objects.filter(tariff=tariff, published_at__isnull=False).order_by(
        "-version"
    )[:100]
    rules = (
        PriceRule.objects.select_related("zone", "admin_unit")
        .filter(tariff=tariff)
        .defer("admin_unit__geom")
        .order_by("-level", "network_type", "segment", "-valid")[:500]
    )
    return TariffPage(
        tariff=tariff,
        versions=[
            (version, _charge_text(version), current is not None and version.id == current.id)
            for version in versions
        ],
        rules=[
            RuleRow(
                rule=rule,
                level_text=texts.LEVEL_TEXTS.get(rule.level, rule.level),
                is_in_force=_contains(rule.valid, on_date),
                is_future=rule.valid.lower is not None and rule.valid.lower > on_date,
            )
            for rule in rules
        ],
        services_count=_services_count(tariff_ids=[tariff.id], on_date=on_date).get(tariff.id, 0),
    )


def _contains(span: Any, on_date: date) -> bool:
    return (span.lower is None or span.lower <= on_date) and (
        span.upper is None or on_date < span.upper
    )


def names() -> list[Tariff]:
    """All tariffs that are on sale, in the order of lists."""
    rows = Tariff.objects.filter(archived_at__isnull=True)
    return list(rows.order_by("service_type", "sort", "code")[:500])
