"""What staff do to running sessions: end, re-authorize, another speed for a while, retry, mend."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from network import provisioning, wishes
from network.models import AccessAction, RadiusDecision, Session, TemporarySpeed
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

State, Kind = AccessAction.State, AccessAction.Kind

REAUTHORIZED = "REAUTHORIZED"
SPEED_MIN_BIT_S = 64_000
SPEED_MAX_BIT_S = 100_000_000_000
MINUTES_MAX = 7 * 24 * 60
REASON_LENGTH = 200
MEND_MAX = 5_000
WISHES_KEPT = timedelta(days=60)
FORGET_MAX = 50_000


class SessionEndedError(NotFoundError):
    """The session is no longer open."""

    code = "session_ended"
    message = _("This session has ended already.")


class OnlyWatchedError(DomainError):
    """Another system still runs the session's access server."""

    code = "nas_only_watched"
    http_status = 409
    message = _("This access server is only watched: nothing is asked of it. See its card.")


class NoAccessError(DomainError):
    """The service may not go online now, so there is nothing to speed up."""

    code = "no_access"
    message = _("This service has no access now: a speed would change nothing.")


class BadSpeedError(DomainError):
    """A speed out of what a BRAS can be told."""

    code = "bad_speed"
    message = _("A speed is from 64 kbit/s to 100 Gbit/s.")


class BadDurationError(DomainError):
    """A temporary speed that is too short or too long."""

    code = "bad_duration"
    message = _("A temporary speed lasts from one minute to seven days.")


class WishNotDeadError(DomainError):
    """The action is not waiting for people."""

    code = "action_not_dead"
    message = _("This action is no longer waiting for a decision.")


def disconnect_session(*, unique_id: str, at: datetime, actor: Actor) -> int:
    """Ask the BRAS to end a session; gives the id of the AccessAction. Audited."""
    with transaction.atomic():
        session = _session(unique_id)
        audit.record(
            at=at,
            actor=actor,
            action="network.session.disconnected",
            obj=("session", unique_id),
            summary=f"Session of {session.login} ended",
        )
        return _wish(unique_id, cause=wishes.ENDED_BY_STAFF, kind=Kind.DISCONNECT, at=at)


def reauthorize_session(*, unique_id: str, at: datetime, actor: Actor) -> int:
    """Decide anew what the session shall have and say all of it again, without ending it where the
    BRAS can; gives the id of the AccessAction. Audited."""
    with transaction.atomic():
        session = _session(unique_id)
        if session.subscription_id is not None:
            provisioning.refresh_decisions(subscription_ids=[session.subscription_id], at=at)
        wishes.forget_applied(sessions=[unique_id], at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.session.reauthorized",
            obj=("session", unique_id),
            summary=f"Session of {session.login} re-authorized",
        )
        return _wish(unique_id, cause=REAUTHORIZED, kind=Kind.PENDING, at=at)


def give_speed(
    *,
    subscription_id: int,
    speed_down_bit_s: int,
    speed_up_bit_s: int,
    minutes: int,
    reason: str,
    at: datetime,
    actor: Actor,
) -> TemporarySpeed:
    """Another speed for a while instead of the tariff's, from now; an earlier one ends. Audited.

    NotFoundError, BadSpeedError, BadDurationError; NoAccessError when the service may not go
    online now.
    """
    with transaction.atomic():
        # The decision's row is the mutex of all that decides of one service.
        decision = (
            RadiusDecision.objects.select_for_update()
            .filter(subscription_id=subscription_id)
            .first()
        )
        if decision is None:
            raise NotFoundError
        _require_sensible(down=speed_down_bit_s, up=speed_up_bit_s, minutes=minutes)
        if decision.state != RadiusDecision.State.FULL:
            raise NoAccessError
        _cut_short(subscription_id=subscription_id, at=at)
        made = TemporarySpeed.objects.create(
            subscription_id=subscription_id,
            speed_down_bit_s=speed_down_bit_s,
            speed_up_bit_s=speed_up_bit_s,
            during=(at, at + timedelta(minutes=minutes)),
            reason=reason.strip()[:REASON_LENGTH],
            created_at=at,
            created_by=actor.label[:150],
        )
        provisioning.refresh_decisions(subscription_ids=[subscription_id], at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.speed.given",
            obj=("subscription", subscription_id),
            summary=f"{decision.login}: another speed for {minutes} min",
            before={
                "speed_down_bit_s": decision.speed_down_bit_s,
                "speed_up_bit_s": decision.speed_up_bit_s,
            },
            after={
                "speed_down_bit_s": speed_down_bit_s,
                "speed_up_bit_s": speed_up_bit_s,
                "minutes": minutes,
                "reason": made.reason,
            },
        )
        return made


def _require_sensible(*, down: int, up: int, minutes: int) -> None:
    for name, speed in (("speed_down", down), ("speed_up", up)):
        if not SPEED_MIN_BIT_S <= speed <= SPEED_MAX_BIT_S:
            raise BadSpeedError(field=name)
    if not 1 <= minutes <= MINUTES_MAX:
        raise BadDurationError(field="minutes")


def end_speed(*, subscription_id: int, at: datetime, actor: Actor) -> bool:
    """End a temporary speed now; False when there was none. Audited."""
    with transaction.atomic():
        list(RadiusDecision.objects.select_for_update().filter(subscription_id=subscription_id))
        if not _cut_short(subscription_id=subscription_id, at=at):
            return False
        provisioning.refresh_decisions(subscription_ids=[subscription_id], at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.speed.ended",
            obj=("subscription", subscription_id),
            summary="The temporary speed was ended early",
        )
        return True


def end_due_speeds(*, at: datetime) -> int:
    """Act on temporary speeds whose time is over; gives how many."""
    due = list(
        TemporarySpeed.objects.filter(settled_at__isnull=True, during__endswith__lte=at)
        .order_by("id")
        .values_list("id", "subscription_id")[:MEND_MAX]
    )
    for number, subscription_id in due:
        with transaction.atomic():
            provisioning.refresh_decisions(subscription_ids=[subscription_id], at=at)
            TemporarySpeed.objects.filter(id=number).update(settled_at=at)
    return len(due)


def retry_action(*, action_id: int, at: datetime, actor: Actor) -> int:
    """Try a dead letter again, as a new wish of the session as it shall be now. Audited."""
    with transaction.atomic():
        dead = _dead(action_id)
        _session(dead.session_unique_id)
        audit.record(
            at=at,
            actor=actor,
            action="network.action.retried",
            obj=("access_action", action_id),
            summary=f"{dead.cause} for session {dead.session_unique_id} tried again",
        )
        kind = Kind.DISCONNECT if dead.cause in wishes.ENDINGS else Kind.PENDING
        return _wish(dead.session_unique_id, cause=dead.cause, kind=kind, at=at)


def give_up_action(*, action_id: int, at: datetime, actor: Actor) -> None:
    """Leave a dead letter as it is: it is off the list. Audited."""
    with transaction.atomic():
        dead = _dead(action_id)
        AccessAction.objects.filter(id=dead.id).update(state=State.CANCELLED, answered_at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.action.given_up",
            obj=("access_action", action_id),
            summary=f"{dead.cause} for session {dead.session_unique_id} given up",
        )


def mend(*, sessions: Iterable[str], at: datetime, actor: Actor) -> int:
    """Wish again for what these sessions should have; gives how many wishes. Audited."""
    ids = list(sessions)[:MEND_MAX]
    with transaction.atomic():
        made = wishes.wish(sessions=ids, at=at, cause=wishes.DRIFT)
        if made:
            audit.record(
                at=at,
                actor=actor,
                action="network.drift.mended",
                obj=("session", ids[0] if len(ids) == 1 else "many"),
                summary=f"{len(made)} sessions asked to agree with the decision",
            )
        return len(made)


def forget_wishes(*, at: datetime) -> int:
    """Delete what is settled for long, and notes on sessions that are no more; how many wishes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM network_access_action WHERE id IN (SELECT id FROM network_access_action"
            " WHERE created_at < %s AND state NOT IN ('DESIRED', 'SENT', 'TIMED_OUT')"
            " ORDER BY id LIMIT %s)",
            [at - WISHES_KEPT, FORGET_MAX],
        )
        deleted = int(cursor.rowcount)
        cursor.execute(
            "DELETE FROM network_session_profile p WHERE updated_at < %s AND NOT EXISTS"
            " (SELECT 1 FROM network_session s WHERE s.unique_id = p.session_unique_id)",
            [at - timedelta(days=1)],
        )
        return deleted


def _wish(unique_id: str, *, cause: str, kind: str, at: datetime) -> int:
    made = wishes.wish(sessions=[unique_id], at=at, cause=cause, kind=kind)
    if not made:
        raise SessionEndedError
    return made[0]


def _session(unique_id: str) -> Session:
    rows = Session.objects.select_related("nas")
    found = rows.filter(unique_id=unique_id, nas__isnull=False).first()
    if found is None or found.nas is None:
        raise SessionEndedError
    if found.nas.only_watched:
        raise OnlyWatchedError
    return found


def _dead(action_id: int) -> AccessAction:
    found = AccessAction.objects.select_for_update().filter(id=action_id).first()
    if found is None or found.state not in {State.DEAD, State.NOT_APPLIED}:
        raise WishNotDeadError
    return found


def _cut_short(*, subscription_id: int, at: datetime) -> bool:
    """End the temporary speed that is on; one that began just now never was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM network_temporary_speed WHERE subscription_id = %s"
            " AND lower(during) >= %s AND settled_at IS NULL",
            [subscription_id, at],
        )
        deleted = cursor.rowcount
        cursor.execute(
            "UPDATE network_temporary_speed SET during = tstzrange(lower(during), %s),"
            " settled_at = %s WHERE subscription_id = %s AND during @> %s::timestamptz",
            [at, at, subscription_id, at],
        )
        return bool(deleted or cursor.rowcount)
