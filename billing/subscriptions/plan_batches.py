"""Another tariff for many services: chosen, tried, planned for a day, written by a job, taken back.

Services are chosen once, when the batch is prepared, and kept as items: what was tried is what is
done. The job gives each its plan by the operation that staff use for one (`plans.change_plan`), in
transactions of ITEMS_AT_ONCE, accounts in order, as the daily run takes its locks. A batch and its
cancelling hold the batch's row, so that one ends before the other begins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY, kyiv_date
from billing.ledger.errors import LedgerBusyError
from billing.subscriptions.models import PlanBatch, PlanBatchItem
from billing.subscriptions.plans import MOST_DAYS_AHEAD, cancel_plan_change, change_plan
from billing.tariffs.models import Tariff
from project.core import audit, jobs
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError, NotFoundError
from project.core.jobs import Progress

KIND = "billing.plan_batch"
ITEMS_AT_ONCE = 100
TRIES_WHEN_BUSY = 3
MOST_NAMED = 10_000


class EmptyBatchError(DomainError):
    """Nobody was chosen."""

    code = "nobody_chosen"
    message = _("No active service of this kind is among what was chosen.")


class BadBatchError(DomainError):
    """What was asked for makes no sense."""

    code = "bad_plan_batch"
    message = _("Other tariffs cannot be given like this.")


class BatchStateError(DomainError):
    """The batch is not in a state for this."""

    code = "plan_batch_state"
    http_status = 409
    message = _("This has been planned or cancelled already, or its day has come.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whom it concerns; every part that is given must fit. Contracts are numbers of accounts."""

    from_tariff_id: int | None = None
    zone_ids: tuple[int, ...] = ()
    segment: str | None = None
    contracts: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What is kept with the batch."""
        return {
            "from_tariff_id": self.from_tariff_id,
            "zone_ids": list(self.zone_ids),
            "segment": self.segment,
            "contracts": list(self.contracts),
        }


_CHOOSE = """
    INSERT INTO billing_plan_batch_item (batch_id, subscription_id, account_id, outcome, reason)
    SELECT %(batch)s, s.id, s.account_id, 'PENDING', ''
    FROM billing_subscription AS s
    JOIN billing_plan_span AS span
      ON span.subscription_id = s.id AND span.during @> %(from_date)s::date
    JOIN billing_tariff AS tariff ON tariff.id = span.tariff_id
    JOIN billing_tariff_version AS sold ON sold.id = span.sold_version_id
    LEFT JOIN coverage_zoneversion AS stands ON stands.id = span.sold_zone_version_id
    JOIN ledger_account AS account ON account.id = s.account_id
    WHERE s.state = 'ACTIVE' AND s.ends_date IS NULL AND sold.charge_type <> 'ONE_OFF'
      AND tariff.service_type = %(service_type)s AND tariff.id <> %(tariff)s
      AND (%(from_tariff)s::bigint IS NULL OR tariff.id = %(from_tariff)s)
      AND (%(segment)s::text IS NULL OR s.segment = %(segment)s)
      AND (%(zones)s::bigint[] = '{}' OR stands.zone_id = ANY(%(zones)s::bigint[]))
      AND (%(contracts)s::text[] = '{}' OR account.code = ANY(%(contracts)s::text[]))
    ORDER BY s.account_id, s.id
"""


@transaction.atomic
def prepare(*, at: datetime, actor: Actor, tariff_id: int, from_date: date, chosen: Chosen) -> int:
    """Choose the services and keep them; nothing changes for them yet. The batch's id.

    Raises BadBatchError, EmptyBatchError.
    """
    today = kyiv_date(at)
    tariff = Tariff.objects.filter(id=tariff_id, archived_at__isnull=True).first()
    if tariff is None:
        raise BadBatchError(_("This tariff is not sold any more."), field="tariff_id")
    if not today < from_date <= today + MOST_DAYS_AHEAD * ONE_DAY:
        raise BadBatchError(
            _("Another tariff begins tomorrow at the earliest and within a year."),
            field="from_date",
        )
    if not (chosen.from_tariff_id or chosen.zone_ids or chosen.segment or chosen.contracts):
        raise BadBatchError(
            _("Choose a tariff, a zone, a kind of client or contracts."), field="from_tariff_id"
        )
    if len(chosen.contracts) > MOST_NAMED:
        raise BadBatchError(
            _("That would be more than %(most)d contracts.") % {"most": MOST_NAMED},
            field="contracts",
        )
    batch = PlanBatch.objects.create(
        tariff=tariff,
        from_tariff=Tariff.objects.filter(id=chosen.from_tariff_id or 0).first(),
        from_date=from_date,
        chosen=chosen.as_json(),
        created_at=at,
        created_by=actor.label[:150],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _CHOOSE,
            {
                "batch": batch.id,
                "tariff": tariff.id,
                "service_type": tariff.service_type,
                "from_date": from_date,
                "from_tariff": chosen.from_tariff_id,
                "segment": chosen.segment,
                "zones": list(chosen.zone_ids),
                "contracts": list(chosen.contracts),
            },
        )
        if not cursor.rowcount:
            raise EmptyBatchError()
    return batch.id


@transaction.atomic
def schedule(*, at: datetime, actor: Actor, batch_id: int) -> int:
    """Begin to give the plans, in the background; the job's id. Raises BatchStateError."""
    batch = locked_batch(batch_id=batch_id)
    if batch.state != PlanBatch.State.PREPARED or batch.from_date <= kyiv_date(at):
        raise BatchStateError()
    batch.state, batch.scheduled_at = PlanBatch.State.SCHEDULED, at
    batch.save(update_fields=["state", "scheduled_at"])
    _audit(batch, "billing.plan_batch.scheduled", at=at, actor=actor)
    return _begin(batch, at=at, actor=actor)


@transaction.atomic
def cancel(*, at: datetime, actor: Actor, batch_id: int) -> int:
    """Take back what has not begun yet; the job's id. Raises BatchStateError.

    Services whose tariff was changed once more since keep that.
    """
    batch = locked_batch(batch_id=batch_id)
    if batch.state != PlanBatch.State.SCHEDULED or batch.from_date <= kyiv_date(at):
        raise BatchStateError()
    batch.state, batch.cancelled_at, batch.finished_at = PlanBatch.State.CANCELLED, at, None
    batch.save(update_fields=["state", "cancelled_at", "finished_at"])
    _audit(batch, "billing.plan_batch.cancelled", at=at, actor=actor)
    return _begin(batch, at=at, actor=actor)


def _begin(batch: PlanBatch, *, at: datetime, actor: Actor) -> int:
    job = jobs.start(
        kind=KIND,
        params={"batch_id": batch.id, "actor": actor.label[:150]},
        title=f"{batch.tariff.name_uk}, {batch.from_date:%d.%m.%Y}",
        actor=actor,
        at=at,
    )
    return int(job.id)


def locked_batch(*, batch_id: int) -> PlanBatch:
    """The batch, held until the transaction ends; raises NotFoundError."""
    batch = (
        PlanBatch.objects.select_for_update(of=("self",))
        .select_related("tariff")
        .filter(id=batch_id)
        .first()
    )
    if batch is None:
        raise NotFoundError()
    return batch


def run(progress: Progress) -> None:
    """The handler of the job: as the batch stands, its plans are given or taken back."""
    batch_id = int(progress.params["batch_id"])
    actor = Actor(
        kind=ActorKind.STAFF,
        label=str(progress.params["actor"]),
        user_id=progress.created_by_id,
    )
    progress.set_total(PlanBatchItem.objects.filter(batch_id=batch_id).count())
    while True:
        with transaction.atomic():
            counts = _next_items(batch_id, at=progress.now(), actor=actor)
            progress.advance(sum(counts.values()), **counts)
            progress.checkpoint({"batch_id": batch_id})
        if not counts:
            return


def _next_items(batch_id: int, *, at: datetime, actor: Actor) -> dict[str, int]:
    """The next items of a batch; {} when it is through."""
    batch = locked_batch(batch_id=batch_id)
    is_cancelled = batch.state == PlanBatch.State.CANCELLED
    wanted = (
        (PlanBatchItem.Outcome.PENDING, PlanBatchItem.Outcome.SCHEDULED)
        if is_cancelled
        else (PlanBatchItem.Outcome.PENDING,)
    )
    items = list(
        PlanBatchItem.objects.filter(batch=batch, outcome__in=wanted).order_by(
            "account_id", "subscription_id"
        )[:ITEMS_AT_ONCE]
    )
    counts: dict[str, int] = {}
    for item in items:
        act = _take_back if is_cancelled else _give
        item.outcome, item.reason = act(batch, item, at=at, actor=actor)
        counts[item.outcome.lower()] = counts.get(item.outcome.lower(), 0) + 1
    PlanBatchItem.objects.bulk_update(items, ["outcome", "reason"])
    if not items:
        PlanBatch.objects.filter(id=batch.id).update(finished_at=at)
    return counts


def _patiently(change: Callable[[], object]) -> None:
    """An account that the run or a payment holds is free in a moment: no reason to leave it out."""
    for left in reversed(range(TRIES_WHEN_BUSY)):
        try:
            with transaction.atomic():
                change()
            return
        except LedgerBusyError:
            if not left:
                raise


def _give(batch: PlanBatch, item: PlanBatchItem, *, at: datetime, actor: Actor) -> tuple[str, str]:
    try:
        _patiently(
            lambda: change_plan(
                at=at,
                on_date=kyiv_date(at),
                actor=actor,
                subscription_id=item.subscription_id,
                tariff_id=batch.tariff_id,
                from_date=batch.from_date,
            )
        )
    except DomainError as error:
        return PlanBatchItem.Outcome.REFUSED, error.code[:40]
    return PlanBatchItem.Outcome.SCHEDULED, ""


def _take_back(
    batch: PlanBatch, item: PlanBatchItem, *, at: datetime, actor: Actor
) -> tuple[str, str]:
    if item.outcome == PlanBatchItem.Outcome.PENDING:
        return PlanBatchItem.Outcome.CANCELLED, ""
    try:
        _patiently(
            lambda: cancel_plan_change(
                at=at,
                on_date=kyiv_date(at),
                actor=actor,
                subscription_id=item.subscription_id,
                tariff_id=batch.tariff_id,
                from_date=batch.from_date,
            )
        )
    except DomainError as error:
        return PlanBatchItem.Outcome.REFUSED, error.code[:40]
    return PlanBatchItem.Outcome.CANCELLED, ""


def _audit(batch: PlanBatch, action: str, *, at: datetime, actor: Actor) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=action,
        obj=("plan_batch", batch.id),
        summary=f"{batch.tariff.code} {batch.from_date:%d.%m.%Y}",
        after=batch.chosen,
    )
