"""Changes of tariff for many, as pages show them. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from billing.models import PlanBatch, PlanBatchItem
from coverage.models import Zone
from frontend.workspace import params
from project.core.errors import NotFoundError

REFUSALS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class BatchPage:
    """A batch with what became of its services."""

    batch: PlanBatch
    counts: dict[str, int]
    zones: Sequence[str]
    refusals: Sequence[tuple[str, int]]
    can_schedule: bool
    can_cancel: bool
    is_working: bool


def batches() -> list[PlanBatch]:
    """The newest ones, with how many services each concerns."""
    rows = PlanBatch.objects.select_related("tariff", "from_tariff").annotate(
        services=Count("items"),
        scheduled=Count("items", filter=Q(items__outcome="SCHEDULED")),
    )
    return list(rows.order_by("-id")[:100])


def batch_page(*, batch_id: int, today: date) -> BatchPage:
    """One batch; raises NotFoundError."""
    if not 0 < batch_id <= params.BIGINT_MAX:
        raise NotFoundError
    batch = PlanBatch.objects.select_related("tariff", "from_tariff").filter(id=batch_id).first()
    if batch is None:
        raise NotFoundError
    items = PlanBatchItem.objects.filter(batch=batch)
    counts = dict(items.order_by().values_list("outcome").annotate(Count("id")))
    refusals = (
        items.filter(outcome=PlanBatchItem.Outcome.REFUSED)
        .order_by()
        .values_list("reason")
        .annotate(n=Count("id"))
        .order_by("-n")[:REFUSALS_SHOWN]
    )
    is_ahead = batch.from_date > today
    names = Zone.objects.filter(id__in=batch.chosen.get("zone_ids", ())).order_by("name")
    return BatchPage(
        batch=batch,
        counts=counts,
        zones=list(names.values_list("name", flat=True)),
        refusals=list(refusals),
        can_schedule=is_ahead and batch.state == PlanBatch.State.PREPARED,
        can_cancel=is_ahead and batch.state == PlanBatch.State.SCHEDULED,
        is_working=batch.state != PlanBatch.State.PREPARED and batch.finished_at is None,
    )
