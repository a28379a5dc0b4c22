"""Another tariff for a sold service (R5)."""

from datetime import date, datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.subscriptions import hooks, rezoning
from billing.subscriptions.creation import (
    BadStateError,
    current_zone_version,
    locked,
    open_span,
    resolve_for,
)
from billing.subscriptions.models import PlanSpan, Subscription
from billing.subscriptions.queries import zone_on
from billing.tariffs.models import Tariff
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError


class PlanChangeError(DomainError):
    """The plan can't be changed like this."""

    code = "bad_plan_change"
    http_status = 409
    message = _("The tariff cannot be changed like this.")


@transaction.atomic
def change_plan(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    subscription_id: int,
    tariff_id: int,
    is_immediate: bool = False,
) -> date:
    """Give a service another tariff from the next midnight, or now; returns the first day of it.

    The price is that of the service's own zone on the first day. An immediate upgrade costs the
    day's difference; an immediate downgrade gives nothing back that day. What is prepaid beyond
    the change comes back. A change that waits is replaced; an announced move to the terms of a new
    map stays. Raises PlanChangeError, NotSoldHereError, BadStateError.
    """
    subscription = locked(subscription_id=subscription_id)
    if subscription.state != Subscription.State.ACTIVE:
        raise BadStateError()
    from_date = on_date if is_immediate else on_date + ONE_DAY
    zone_id = zone_on(subscription_id=subscription.id, on_date=from_date)
    PlanSpan.objects.filter(subscription=subscription, during__startswith__gt=on_date).delete()
    span = (
        PlanSpan.objects.select_for_update(of=("self",))
        .select_related("tariff")
        .get(subscription=subscription, during__contains=on_date)
    )
    tariff = _tariff_for(span=span, tariff_id=tariff_id, at=at)
    if span.tariff_id == tariff.id:
        _reopen(span)
        rezoning.reapply(subscription=subscription, after=on_date, at=at, actor=actor)
        hooks.subscriptions_changed(subscription_ids=[subscription.id], at=at)
        return span.during.lower
    if span.during.lower == from_date:
        raise PlanChangeError(_("The tariff has already been changed today; choose tomorrow."))
    resolution = resolve_for(
        tariff_id=tariff.id,
        network_type=subscription.network_type,
        zone_id=zone_id,
        locality_id=subscription.building.locality_id,
        segment=subscription.segment,
        on_date=from_date,
    )
    if not is_immediate:
        _give_back(subscription, from_date=from_date, on_date=on_date, at=at, actor=actor)
    span.during = DateRange(span.during.lower, from_date)
    span.save(update_fields=["during"])
    open_span(
        subscription=subscription,
        tariff_id=tariff.id,
        resolution=resolution,
        zone_version_id=current_zone_version(zone_id=zone_id, at=at),
        from_date=from_date,
        at=at,
        actor=actor,
    )
    rezoning.reapply(subscription=subscription, after=from_date, at=at, actor=actor)
    if is_immediate:
        hooks.effects().plan_changed_now(
            subscription_id=subscription.id, on_date=on_date, at=at, actor=actor
        )
    _tell(subscription, span=span, tariff=tariff, from_date=from_date, at=at, actor=actor)
    return from_date


def _give_back(
    subscription: Subscription, *, from_date: date, on_date: date, at: datetime, actor: Actor
) -> None:
    hooks.effects().plan_will_change(
        subscription_id=subscription.id, from_date=from_date, on_date=on_date, at=at, actor=actor
    )


def _tariff_for(*, span: PlanSpan, tariff_id: int, at: datetime) -> Tariff:
    tariff = Tariff.objects.filter(id=tariff_id).first()
    if tariff is None or (tariff.archived_at is not None and tariff.archived_at <= at):
        raise PlanChangeError(_("This tariff is not sold any more."), field="tariff_id")
    if tariff.service_type != span.tariff.service_type:
        raise PlanChangeError(_("A tariff can be changed only to one of the same kind."))
    return tariff


def _reopen(span: PlanSpan) -> None:
    if span.during.upper is not None:
        span.during = DateRange(span.during.lower, None)
        span.save(update_fields=["during"])


def _tell(
    subscription: Subscription,
    *,
    span: PlanSpan,
    tariff: Tariff,
    from_date: date,
    at: datetime,
    actor: Actor,
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action="billing.subscription.plan_changed",
        obj=("subscription", subscription.id),
        summary=f"{span.tariff.code} → {tariff.code} {from_date:%d.%m.%Y}",
        before={"tariff": span.tariff.code},
        after={"tariff": tariff.code, "from": from_date.isoformat()},
    )
    outbox.emit(
        topic="subscription.plan_changed",
        payload={"id": subscription.id, "tariff": tariff.code, "from": from_date.isoformat()},
        at=at,
    )
    hooks.subscriptions_changed(subscription_ids=[subscription.id], at=at)
