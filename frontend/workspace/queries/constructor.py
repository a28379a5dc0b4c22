"""Pages of the Tariff Constructor: the draft beside what is in force, places to choose from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from billing.models import DraftPrice, PlanSpan, PriceRule, Subscription, Tariff, TariffVersion
from billing.tariffs import constructor, texts
from billing.tariffs.queries import TariffNotFoundError
from coverage.models import AdminUnit, Zone, ZoneVersion
from project.core.errors import NotFoundError

UNITS_FOUND = 12


@dataclass(frozen=True, slots=True)
class Draft:
    """What is being prepared for a tariff; `seen` names exactly this state of it."""

    version: TariffVersion | None
    changes: Sequence[texts.Term]
    prices: Sequence[DraftPrice]
    seen: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing is being prepared."""
        return not self.seen


def tariff_of(*, code: str) -> Tariff:
    """The tariff of that code; raises TariffNotFoundError."""
    tariff = Tariff.objects.filter(code=code).first()
    if tariff is None:
        raise TariffNotFoundError()
    return tariff


def draft(*, tariff_id: int, current: TariffVersion | None) -> Draft:
    """The draft of a tariff beside the terms in force."""
    version = constructor.draft_of(tariff_id=tariff_id)
    prices = (
        DraftPrice.objects.filter(tariff_id=tariff_id)
        .select_related("zone", "admin_unit", "based_on")
        .defer("admin_unit__geom")
        .order_by("-level", "id")[:1000]
    )
    return Draft(
        version=version,
        changes=texts.changes(current, version) if version else (),
        prices=list(prices),
        seen=constructor.fingerprint(tariff_id=tariff_id),
    )


def newest_version(*, tariff_id: int) -> TariffVersion | None:
    """The newest published terms, in force or to come."""
    return (
        TariffVersion.objects.filter(tariff_id=tariff_id, published_at__isnull=False)
        .order_by("-applies_from")
        .first()
    )


@dataclass(frozen=True, slots=True)
class ZoneChoice:
    """A zone to choose from."""

    id: int
    name: str
    network_type: str


def zone_choices(*, at: datetime) -> list[ZoneChoice]:
    """Zones that are on the map or being drawn, by network and name."""
    open_ids = (
        ZoneVersion.objects.filter(Q(valid__contains=at) | Q(status="DRAFT"))
        .exclude(status="RETIRED")
        .values("zone_id")
    )
    rows = Zone.objects.filter(id__in=open_ids).order_by("network_type", "name", "id")
    return [ZoneChoice(row.id, row.name, row.network_type) for row in rows[:2000]]


def segments() -> list[str]:
    """Kinds of client that prices or services name."""
    found = set(PriceRule.objects.exclude(segment="").values_list("segment", flat=True).distinct())
    found |= set(
        Subscription.objects.exclude(segment="").values_list("segment", flat=True).distinct()
    )
    return sorted(found)


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """An administrative unit to choose from, with those above it in words."""

    id: int
    name: str
    category: str
    above: str


def units_like(*, text: str) -> list[UnitChoice]:
    """Administrative units of any level whose names begin like `text`; the widest first."""
    key = text.strip().lower()
    if len(key) < 2:
        return []
    rows = (
        AdminUnit.objects.filter(valid_until__isnull=True, search_key__startswith=key)
        .defer("geom")
        .order_by("depth", "name", "id")[:UNITS_FOUND]
    )
    return _choices(rows)


def units_of(*, ids: Iterable[int]) -> list[UnitChoice]:
    """The same for units that are chosen already."""
    return _choices(AdminUnit.objects.filter(id__in=list(ids)).defer("geom").order_by("depth"))


def _choices(rows: Iterable[AdminUnit]) -> list[UnitChoice]:
    rows = list(rows)
    above = {int(part) for row in rows for part in row.path.split("/") if part.isdigit()}
    names = dict(AdminUnit.objects.filter(id__in=above).values_list("id", "name"))
    return [
        UnitChoice(
            id=row.id,
            name=row.name,
            category=row.category,
            above=", ".join(
                names[int(part)]
                for part in reversed(row.path.split("/"))
                if part.isdigit() and int(part) != row.id and int(part) in names
            ),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class RulePage:
    """A price rule with what hangs on it."""

    rule: PriceRule
    level_text: Any
    services_count: int
    can_end: bool


def rule_page(*, code: str, rule_id: int, on_date: date) -> RulePage:
    """One price rule of a tariff; raises NotFoundError."""
    rule = (
        PriceRule.objects.select_related("tariff", "zone", "admin_unit")
        .defer("admin_unit__geom")
        .filter(id=rule_id, tariff__code=code)
        .first()
    )
    if rule is None:
        raise NotFoundError
    return RulePage(
        rule=rule,
        level_text=texts.LEVEL_TEXTS[rule.level],
        services_count=PlanSpan.objects.filter(
            sold_rule=rule, during__contains=on_date, subscription__state="ACTIVE"
        ).count(),
        can_end=rule.valid.upper is None or rule.valid.upper > on_date,
    )


def rule_in_the_way(*, rule_id: int) -> PriceRule | None:
    """The other rule of a conflict, with its place."""
    return (
        PriceRule.objects.select_related("tariff", "zone", "admin_unit")
        .defer("admin_unit__geom")
        .filter(id=rule_id)
        .first()
    )
