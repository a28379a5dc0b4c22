"""Another tariff for a sold service (R5)."""

from datetime import date, datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.subscriptions import hooks, pauses, rezoning
from billing.subscriptions.creation import (
    BadStateError,
    current_zone_version,
    locked,
    open_span,
    resolve_for,
)
from billing.subscriptions.models import PlanSpan, Subscription, TermsMove
from billing.subscriptions.queries import zone_on
from billing.tariffs.models import Tariff, TariffVersion
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError


class PlanChangeError(DomainError):
    """The plan can't be changed like this."""

    code = "bad_plan_change"
    http_status = 409
    message = _("The tariff cannot be changed like this.")


class NothingWaitsError(DomainError):
    """No other tariff is announced for the service."""

    code = "no_plan_waits"
    http_status = 409
    message = _("No change of the tariff is planned: it has begun already, or was cancelled.")


MOST_DAYS_AHEAD = 366


@transaction.atomic
def change_plan(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    subscription_id: int,
    tariff_id: int,
    is_immediate: bool = False,
    from_date: date | None = None,
) -> date:
    """Give a service another tariff from the next midnight, now, or from a later day; returns the
    first day of it.

    The price is that of the service's own zone on the first day. An immediate upgrade costs the
    day's difference; an immediate downgrade gives nothing back that day. What is prepaid beyond
    the change comes back: at once, or for a later day on that day. A change that waits is
    replaced; an announced move to the terms of a new map stays. Raises PlanChangeError,
    NotSoldHereError, BadStateError.
    """
    subscription = locked(subscription_id=subscription_id)
    if subscription.state != Subscription.State.ACTIVE:
        raise BadStateError()
    from_date = _first_day(on_date=on_date, from_date=from_date, is_immediate=is_immediate)
    is_later = from_date > on_date + ONE_DAY
    zone_id = zone_on(subscription_id=subscription.id, on_date=from_date)
    _forget_waiting(subscription, on_date=on_date)
    span = _span_on(subscription, on_date=on_date)
    tariff = _tariff_for(span=span, tariff_id=tariff_id, at=at)
    if span.tariff_id == tariff.id:
        _reopen(span)
        rezoning.reapply(subscription=subscription, after=on_date, at=at, actor=actor)
        hooks.subscriptions_changed(subscription_ids=[subscription.id], at=at)
        return span.during.lower
    _require_paid_by_time(subscription, on_date=on_date)
    if span.during.lower == from_date:
        raise _begun_today(span)
    resolution = resolve_for(
        tariff_id=tariff.id,
        network_type=subscription.network_type,
        zone_id=zone_id,
        locality_id=subscription.building.locality_id,
        segment=subscription.segment,
        on_date=from_date,
    )
    if not is_immediate and not is_later:
        _give_back(subscription, from_date=from_date, on_date=on_date, at=at, actor=actor)
    span.during = DateRange(span.during.lower, from_date)
    span.save(update_fields=["during"])
    new = open_span(
        subscription=subscription,
        tariff_id=tariff.id,
        resolution=resolution,
        zone_version_id=current_zone_version(zone_id=zone_id, at=at),
        from_date=from_date,
        at=at,
        actor=actor,
    )
    if is_later:
        _announce(span, new, at=at)
    after = on_date if is_later else from_date
    rezoning.reapply(subscription=subscription, after=after, at=at, actor=actor)
    if is_immediate:
        hooks.effects().plan_changed_now(
            subscription_id=subscription.id, on_date=on_date, at=at, actor=actor
        )
    _tell(subscription, span=span, tariff=tariff, from_date=from_date, at=at, actor=actor)
    return from_date


@transaction.atomic
def cancel_plan_change(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    subscription_id: int,
    tariff_id: int | None = None,
    from_date: date | None = None,
) -> None:
    """Take back a change that waits (only that one, when it is named by tariff and day).

    What was given back for it already is charged again on its day. Raises NothingWaitsError.
    """
    subscription = locked(subscription_id=subscription_id)
    span = _span_on(subscription, on_date=on_date)
    waiting = (
        PlanSpan.objects.filter(subscription=subscription, during__startswith__gt=on_date)
        .exclude(tariff_id=span.tariff_id)
        .select_related("tariff")
        .order_by("during")
        .first()
    )
    if (
        waiting is None
        or tariff_id not in {None, waiting.tariff_id}
        or from_date not in {None, waiting.during.lower}
    ):
        raise NothingWaitsError()
    _forget_waiting(subscription, on_date=on_date)
    _reopen(span)
    rezoning.reapply(subscription=subscription, after=on_date, at=at, actor=actor)
    audit.record(
        at=at,
        actor=actor,
        action="billing.subscription.plan_change_cancelled",
        obj=("subscription", subscription.id),
        summary=f"{waiting.tariff.code} {waiting.during.lower:%d.%m.%Y}",
    )
    outbox.emit(
        topic="subscription.plan_change_cancelled",
        payload={"id": subscription.id, "tariff": waiting.tariff.code},
        at=at,
    )
    hooks.subscriptions_changed(subscription_ids=[subscription.id], at=at)


def _first_day(*, on_date: date, from_date: date | None, is_immediate: bool) -> date:
    if is_immediate:
        return on_date
    if from_date is None:
        return on_date + ONE_DAY
    if not on_date < from_date <= on_date + MOST_DAYS_AHEAD * ONE_DAY:
        raise PlanChangeError(
            _("Another tariff begins tomorrow at the earliest and within a year."),
            field="from_date",
        )
    return from_date


def _begun_today(span: PlanSpan) -> PlanChangeError:
    """Why a service cannot change at once when what it has began today: a day has one price."""
    earlier = PlanSpan.objects.filter(
        subscription_id=span.subscription_id, during__endswith=span.during.lower
    ).first()
    if earlier is None:
        message = _(
            "Today is the first day of the service: another tariff begins tomorrow at the earliest."
        )
    elif earlier.tariff_id == span.tariff_id:
        message = _("The terms of the service have changed today already; choose tomorrow.")
    else:
        message = _("The tariff has already been changed today; choose tomorrow.")
    return PlanChangeError(message)


def _span_on(subscription: Subscription, *, on_date: date) -> PlanSpan:
    return (
        PlanSpan.objects.select_for_update(of=("self",))
        .select_related("tariff")
        .get(subscription=subscription, during__contains=on_date)
    )


def _forget_waiting(subscription: Subscription, *, on_date: date) -> None:
    """Plans that wait are gone, and what was to be given back on their days with them."""
    PlanSpan.objects.filter(subscription=subscription, during__startswith__gt=on_date).delete()
    TermsMove.objects.filter(
        subscription=subscription,
        rezoning=None,
        from_date__gt=on_date,
        settled_date=None,
        outcome=TermsMove.Outcome.MOVED,
    ).update(outcome=TermsMove.Outcome.SUPERSEDED)


def _announce(old: PlanSpan, new: PlanSpan, *, at: datetime) -> None:
    """What is prepaid beyond a later day comes back on that day, by charging it."""
    TermsMove.objects.create(
        rezoning=None,
        subscription_id=old.subscription_id,
        from_date=new.during.lower,
        outcome=TermsMove.Outcome.MOVED,
        old_zone_version_id=old.sold_zone_version_id,
        zone_version_id=new.sold_zone_version_id,
        old_price_kopecks=old.sold_price_kopecks,
        price_kopecks=new.sold_price_kopecks,
        created_at=at,
    )


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


def _require_paid_by_time(subscription: Subscription, *, on_date: date) -> None:
    """What was paid once is charged to the end of days: no other tariff would ever be."""
    terms = pauses.terms_on(subscription_id=subscription.id, on_date=on_date)
    if terms is not None and terms.charge_type == TariffVersion.ChargeType.ONE_OFF:
        raise PlanChangeError(
            _("What was paid once has no other tariff: end it and sell the new one.")
        )


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
