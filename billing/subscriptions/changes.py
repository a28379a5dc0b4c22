"""What happens to a sold service: blocked, unblocked, paused, ended."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY, kyiv_date
from billing.subscriptions import hooks, pauses, ports
from billing.subscriptions.creation import BadStateError, locked
from billing.subscriptions.models import Block, ChargeState, Pause, Subscription
from billing.subscriptions.pauses import PauseError
from billing.subscriptions.queries import zone_on
from coverage.plant import operations as plant
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError


class NoPortForServiceError(DomainError):
    """An add-on or an ended service stands on no port of its own."""

    code = "no_port_for_service"
    http_status = 409
    message = _("Only a main service that has not ended stands on a port.")


@transaction.atomic
def block(
    *, at: datetime, actor: Actor, subscription_id: int, reason: str, comment: str = ""
) -> bool:
    """Put a reason to be off on an active service; False when it was there already (R7)."""
    subscription = locked(subscription_id=subscription_id)
    if subscription.state != Subscription.State.ACTIVE:
        raise BadStateError()
    if reason not in Block.Reason.values:
        raise DomainError(_("There is no such reason for a block."), field="reason")
    _row, is_new = Block.objects.get_or_create(
        subscription=subscription,
        reason=reason,
        until_at=None,
        defaults={"from_at": at, "comment": comment.strip()[:300]},
    )
    if is_new:
        _tell(subscription, "blocked", {"reason": reason, "comment": comment}, at=at, actor=actor)
    return is_new


@transaction.atomic
def unblock(
    *, at: datetime, actor: Actor, subscription_id: int, reason: str, comment: str = ""
) -> bool:
    """Take a reason away; False when it was not there. What is due that day is then charged.

    The last reason gone, the service is on again, if its money is enough.
    """
    subscription = locked(subscription_id=subscription_id)
    ended = Block.objects.filter(
        subscription=subscription, reason=reason, until_at__isnull=True
    ).update(until_at=at)
    if not ended:
        return False
    _tell(subscription, "unblocked", {"reason": reason, "comment": comment}, at=at, actor=actor)
    hooks.effects().settle(
        account_id=subscription.account_id, on_date=kyiv_date(at), at=at, actor=actor
    )
    return True


@transaction.atomic
def pause(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    subscription_id: int,
    from_date: date,
    until_date: date | None = None,
) -> int:
    """Put an active service on hold for a half-open span of dates; returns the pause's id (R8).

    Without an end it lasts as long as the terms allow; they also say how short it may be, how many
    days a year, how far from another one, and for what fee (R8). A day that is already charged
    can't be paused (a prepaid month may: nothing is given back, and no next month is charged while
    it lasts). Raises PauseError, NotEnoughMoneyError for the fee.
    """
    subscription = locked(subscription_id=subscription_id)
    if subscription.state != Subscription.State.ACTIVE or subscription.parent_id is not None:
        raise BadStateError()
    terms = pauses.terms_on(subscription_id=subscription.id, on_date=from_date)
    if terms is None or not terms.pausable:
        raise PauseError(_("This tariff cannot be paused."))
    until_date = until_date or from_date + terms.pause_max_days * ONE_DAY
    if from_date < on_date or until_date <= from_date:
        raise PauseError(_("A pause begins today or later and ends after it begins."))
    pauses.require_within_limits(
        subscription_id=subscription.id, terms=terms, from_date=from_date, until_date=until_date
    )
    charged_until = subscription.charge_state.charged_until
    is_daily = terms.charge_type == "DAILY"
    if is_daily and charged_until is not None and from_date < charged_until:
        raise PauseError(
            _("Already charged up to this day: the pause can begin on %(date)s.")
            % {"date": f"{charged_until:%d.%m.%Y}"},
            first_date=charged_until.isoformat(),
        )
    try:
        with transaction.atomic():
            row = Pause.objects.create(
                subscription=subscription,
                during=DateRange(from_date, until_date),
                created_at=at,
                created_by=actor.label[:150],
            )
    except IntegrityError as error:
        raise PauseError(_("The service is already paused in these days.")) from error
    if terms.pause_fee_kopecks:
        hooks.effects().pause_begins(
            subscription_id=subscription.id,
            pause_id=row.id,
            fee_kopecks=terms.pause_fee_kopecks,
            on_date=on_date,
            at=at,
            actor=actor,
        )
    details = {"from": from_date.isoformat(), "until": until_date.isoformat()}
    _tell(subscription, "paused", details, at=at, actor=actor)
    return row.id


@transaction.atomic
def resume(*, at: datetime, on_date: date, actor: Actor, subscription_id: int) -> bool:
    """End a pause: the service is on from `on_date`; False when it is not paused then."""
    subscription = locked(subscription_id=subscription_id)
    row = Pause.objects.filter(subscription=subscription, during__contains=on_date).first()
    if row is None:
        return False
    terms = pauses.terms_on(subscription_id=subscription.id, on_date=on_date)
    if row.during.lower == on_date:
        row.delete()
    elif terms is not None and (on_date - row.during.lower).days < terms.pause_min_days:
        first = row.during.lower + terms.pause_min_days * ONE_DAY
        raise PauseError(
            _("A pause of this tariff lasts till %(date)s at least.")
            % {"date": f"{first:%d.%m.%Y}"}
        )
    else:
        row.during = DateRange(row.during.lower, on_date)
        row.save(update_fields=["during"])
    _tell(subscription, "resumed", {"date": on_date.isoformat()}, at=at, actor=actor)
    hooks.effects().settle(account_id=subscription.account_id, on_date=on_date, at=at, actor=actor)
    return True


@transaction.atomic
def cancel_pause(*, at: datetime, on_date: date, actor: Actor, subscription_id: int) -> None:
    """Take back the next pause that is planned and has not begun; its fee comes back.

    Raises PauseError when none waits.
    """
    subscription = locked(subscription_id=subscription_id)
    row = (
        Pause.objects.filter(subscription=subscription, during__startswith__gt=on_date)
        .order_by("during")
        .first()
    )
    if row is None:
        raise PauseError(_("No pause is planned: it has begun already, or was cancelled."))
    pause_id, details = row.id, {"from": row.during.lower.isoformat()}
    row.delete()
    hooks.effects().pause_cancelled(pause_id=pause_id, on_date=on_date, at=at, actor=actor)
    _tell(subscription, "pause_cancelled", details, at=at, actor=actor)


@transaction.atomic
def terminate(
    *, at: datetime, on_date: date, actor: Actor, subscription_id: int, reason: str = ""
) -> None:
    """End a service and its add-ons; `on_date` was its last day. Prepaid days come back (R3)."""
    subscription = locked(subscription_id=subscription_id)
    if subscription.state == Subscription.State.TERMINATED:
        raise BadStateError()
    for row in [*subscription.addons.exclude(state="TERMINATED"), subscription]:
        was_draft = row.state == Subscription.State.DRAFT
        row.state = Subscription.State.TERMINATED
        row.terminated_date = on_date
        row.activated_date = row.activated_date or on_date
        if was_draft:
            # It never served a day: its one day counts as charged, or the next run would charge it.
            ChargeState.objects.filter(subscription=row).update(charged_until=on_date + ONE_DAY)
        row.save(update_fields=["state", "terminated_date", "activated_date"])
        Block.objects.filter(subscription=row, until_at__isnull=True).update(until_at=at)
        ports.release(subscription_ids=[row.id], actor=actor, at=at)
        _tell(
            row, "terminated", {"date": on_date.isoformat(), "reason": reason}, at=at, actor=actor
        )
        if not was_draft:
            hooks.effects().ended(subscription_id=row.id, on_date=on_date, at=at, actor=actor)


@transaction.atomic
def assign_port(*, subscription_id: int, port_id: int, actor: Actor, at: datetime) -> None:
    """Put a service on a port, off the one it had; raises PortTakenError, NoPortForServiceError."""
    subscription = locked(subscription_id=subscription_id)
    if subscription.parent_id is not None or subscription.state == Subscription.State.TERMINATED:
        raise NoPortForServiceError()
    plant.assign_port(
        port_id=port_id,
        subscription_ref=subscription.id,
        building_id=subscription.building_id,
        premise_id=subscription.premise_id,
        network_type=subscription.network_type,
        state=ports.state_for(subscription),
        actor=actor,
        at=at,
    )


@transaction.atomic
def take_port(*, subscription_id: int, actor: Actor, at: datetime) -> int:
    """Put a service without a port on the best free one; the port's id.

    Raises NoFreePortError, NoPortForServiceError.
    """
    subscription = locked(subscription_id=subscription_id)
    if subscription.parent_id is not None or subscription.state == Subscription.State.TERMINATED:
        raise NoPortForServiceError()
    held = ports.held(subscription_id=subscription_id)
    if held is not None:
        return held
    zone_id = zone_on(subscription_id=subscription.id, on_date=kyiv_date(at))
    taken = ports.take(subscription=subscription, must=True, zone_id=zone_id, actor=actor, at=at)
    if taken is None:
        raise ports.NoFreePortError()
    return taken


@transaction.atomic
def release_port(*, subscription_id: int, actor: Actor, at: datetime) -> bool:
    """Take a service off its port (it was noted wrongly); False when it stood on none."""
    locked(subscription_id=subscription_id)
    return bool(ports.release(subscription_ids=[subscription_id], actor=actor, at=at))


def _tell(
    subscription: Subscription, verb: str, details: dict[str, Any], *, at: datetime, actor: Actor
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.subscription.{verb}",
        obj=("subscription", subscription.id),
        summary=" ".join(str(v) for v in details.values() if v),
        after=details,
    )
    outbox.emit(
        topic=f"subscription.{verb}",
        payload={"id": subscription.id, "account_id": subscription.account_id, **details},
        at=at,
    )
    hooks.subscriptions_changed(
        subscription_ids=[subscription.id, *subscription.addons.values_list("id", flat=True)],
        at=at,
    )
