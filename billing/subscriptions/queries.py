"""Reading sold services."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Prefetch

from billing.calendar import kyiv_date
from billing.subscriptions.models import Block, Pause, PlanSpan, Subscription


class ServiceState(StrEnum):
    """What a service is on a day, in one word."""

    DRAFT = "DRAFT"
    ON = "ON"
    PAUSED = "PAUSED"
    BLOCKED = "BLOCKED"
    TERMINATED = "TERMINATED"


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service of an account for the client's card.

    `price_kopecks`, tariff and rule are those it was *sold* by; `next_*` a plan that waits.
    `charged_until` is half-open. `block_reasons` as of now, add-ons also those of their parent.
    """

    id: int
    account_id: int
    parent_id: int | None
    state: ServiceState
    tariff_id: int
    tariff_code: str
    tariff_name_uk: str
    tariff_name_en: str
    service_type: str
    charge_type: str
    speed_down_bit_s: int | None
    speed_up_bit_s: int | None
    price_kopecks: int
    network_type: str
    building_id: int
    unit: str
    zone_id: int | None
    zone_version_id: int | None
    price_rule_id: int
    version_id: int
    plan_span_id: int
    activated_date: date | None
    terminated_date: date | None
    charged_until: date | None
    block_reasons: tuple[str, ...]
    blocked_since: datetime | None
    pause_from: date | None
    pause_until: date | None
    next_tariff_code: str
    next_tariff_name_uk: str
    next_tariff_name_en: str
    next_from: date | None
    next_price_kopecks: int | None
    next_charge_type: str
    uncovered_reason: str

    def tariff_name(self, *, language: str) -> str:
        """The tariff's name in that language."""
        return self.tariff_name_en if language.startswith("en") else self.tariff_name_uk


def card(*, account_ids: Iterable[int], on_date: date) -> list[ServiceRow]:
    """All services of these accounts, main ones with their add-ons behind, ended ones last."""
    rows = (
        Subscription.objects.filter(account_id__in=list(account_ids))
        .select_related("premise", "charge_state")
        .prefetch_related(
            Prefetch(
                "spans",
                PlanSpan.objects.select_related("tariff", "sold_version", "sold_zone_version")
                .defer("sold_zone_version__geometry")
                .order_by("during"),
            ),
            Prefetch("blocks", Block.objects.filter(until_at__isnull=True), to_attr="open_blocks"),
            Prefetch(
                "pauses",
                Pause.objects.filter(during__endswith__gt=on_date).order_by("during"),
                to_attr="coming_pauses",
            ),
        )
    )
    by_id = {row.id: row for row in rows}
    found = [_row(row, by_id=by_id, on_date=on_date) for row in by_id.values()]
    found.sort(
        key=lambda r: (
            r.account_id,
            r.state == ServiceState.TERMINATED,
            r.parent_id or r.id,
            r.parent_id is not None,
            r.id,
        )
    )
    return found


def _row(row: Any, *, by_id: Mapping[int, Any], on_date: date) -> ServiceRow:
    spans: Sequence[PlanSpan] = list(row.spans.all())
    begun = [span for span in spans if span.during.lower <= on_date]
    span = begun[-1] if begun else spans[0]
    waiting = next((s for s in spans if s.during.lower > on_date and s.id != span.id), None)
    family = [row, *([by_id[row.parent_id]] if row.parent_id in by_id else [])]
    blocks = [block for member in family for block in member.open_blocks]
    pauses = [pause for member in family for pause in member.coming_pauses]
    pause = min(pauses, key=lambda p: p.during.lower, default=None)
    return ServiceRow(
        id=row.id,
        account_id=row.account_id,
        parent_id=row.parent_id,
        state=_state(row, is_blocked=bool(blocks), pause=pause, on_date=on_date),
        tariff_id=span.tariff_id,
        tariff_code=span.tariff.code,
        tariff_name_uk=span.tariff.name_uk,
        tariff_name_en=span.tariff.name_en,
        service_type=span.tariff.service_type,
        charge_type=span.sold_version.charge_type,
        speed_down_bit_s=span.sold_version.speed_down_bit_s,
        speed_up_bit_s=span.sold_version.speed_up_bit_s,
        price_kopecks=span.sold_price_kopecks,
        network_type=row.network_type,
        building_id=row.building_id,
        unit=row.premise.unit if row.premise else "",
        zone_id=span.sold_zone_version.zone_id if span.sold_zone_version else None,
        zone_version_id=span.sold_zone_version_id,
        price_rule_id=span.sold_rule_id,
        version_id=span.sold_version_id,
        plan_span_id=span.id,
        activated_date=row.activated_date,
        terminated_date=row.terminated_date,
        charged_until=row.charge_state.charged_until,
        block_reasons=tuple(sorted({block.reason for block in blocks})),
        blocked_since=min((block.from_at for block in blocks), default=None),
        pause_from=pause.during.lower if pause else None,
        pause_until=pause.during.upper if pause else None,
        next_tariff_code=waiting.tariff.code if waiting else "",
        next_tariff_name_uk=waiting.tariff.name_uk if waiting else "",
        next_tariff_name_en=waiting.tariff.name_en if waiting else "",
        next_from=waiting.during.lower if waiting else None,
        next_price_kopecks=waiting.sold_price_kopecks if waiting else None,
        next_charge_type=waiting.sold_version.charge_type if waiting else "",
        uncovered_reason=row.uncovered_reason,
    )


def _state(
    row: Subscription, *, is_blocked: bool, pause: Pause | None, on_date: date
) -> ServiceState:
    if row.state != Subscription.State.ACTIVE:
        return ServiceState(row.state)
    if is_blocked:
        return ServiceState.BLOCKED
    if pause is not None and pause.during.lower <= on_date:
        return ServiceState.PAUSED
    return ServiceState.ON


def debt_ends(*, subscription_id: int) -> list[date]:
    """The days (Kyiv) on which the service came back from a debt, oldest first (R7)."""
    ended = Block.objects.filter(
        subscription_id=subscription_id, reason=Block.Reason.DEBT, until_at__isnull=False
    ).order_by("until_at")
    return [
        kyiv_date(moment)
        for moment in ended.values_list("until_at", flat=True)
        if moment is not None
    ]


def account_of(*, subscription_id: int) -> int | None:
    """The account that pays for a service."""
    return (
        Subscription.objects.filter(id=subscription_id).values_list("account_id", flat=True).first()
    )


def zone_on(*, subscription_id: int, on_date: date) -> int | None:
    """The zone that a service stands in on a date: that of its plan span; None outside all."""
    return (
        PlanSpan.objects.filter(subscription_id=subscription_id, during__contains=on_date)
        .values_list("sold_zone_version__zone_id", flat=True)
        .first()
    )


def count_by_zone(*, zone_ids: Iterable[int], on_date: date) -> dict[int, int]:
    """How many active services stand in each of these zones on a date; none: left out."""
    rows = (
        PlanSpan.objects.filter(
            sold_zone_version__zone_id__in=list(zone_ids),
            during__contains=on_date,
            subscription__state=Subscription.State.ACTIVE,
        )
        .values_list("sold_zone_version__zone_id")
        .annotate(Count("id"))
    )
    return dict(rows)
