"""Making running sessions agree with the decision: wishes (AccessAction) and their carrying out.

`on_access_changed` (outbox) turns a changed decision into at most one open wish a session, in the
database; `carry_out` talks to the BRAS, outside any transaction, and stores the verdict. A worker
that dies between the two leaves a wish that is due, and the next run takes it up.
"""

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from network import crypto
from network.models import AccessAction, RadiusDecision, Session
from network.profile import AccessProfile, ProfileState
from network.radius import dynauth
from network.vendors.driver import Driver, ReplyAttribute, identification
from network.vendors.places import session_values
from network.vendors.registry import driver_of

logger = logging.getLogger(__name__)

State, Kind = AccessAction.State, AccessAction.Kind
UNFINISHED = (State.DESIRED, State.SENT, State.TIMED_OUT)
ATTEMPTS_MAX = 5
RETRY_S = 10
SENT_FOR_S = 30  # a wish that was sent so long ago lost its worker
QUIET = timedelta(minutes=5)
SESSION_NOT_FOUND = 503  # Error-Cause of RFC 5176, 3.5
ACCESS_CLOSED = "ACCESS_CLOSED"
ACCESS_OPENED = "ACCESS_OPENED"
PROFILE_CHANGED = "PROFILE_CHANGED"
RATE_REFUSED = "RATE_REFUSED"


def on_access_changed(*, payload: dict[str, Any], at: datetime) -> None:
    """The decision of a service changed: wish for what each of its open sessions needs."""
    decision = RadiusDecision.objects.filter(subscription_id=payload["subscription_id"]).first()
    if decision is None:
        return
    for session in Session.objects.filter(
        subscription_id=decision.subscription_id, nas__isnull=False
    ).select_related("nas"):
        kind, cause = needed(decision=decision, session=session)
        desire(session=session, kind=kind, cause=cause, profile=decision.profile_hash, at=at)


def needed(*, decision: RadiusDecision, session: Session) -> tuple[str, str]:
    """The cheapest wish that makes the session agree: a new speed, else a reconnection."""
    if decision.state != RadiusDecision.State.FULL:
        return Kind.DISCONNECT, ACCESS_CLOSED
    if session.is_guest:
        return Kind.DISCONNECT, ACCESS_OPENED
    assert session.nas is not None
    driver = driver_of(session.nas.vendor)
    same_address = decision.framed_ip in {None, session.framed_ip}
    if driver.capabilities.coa_rate and same_address and decision.speed_down_bit_s:
        return Kind.RATE, PROFILE_CHANGED
    return Kind.DISCONNECT, PROFILE_CHANGED


def desire(*, session: Session, kind: str, cause: str, profile: str, at: datetime) -> int:
    """Store one wish and have it carried out after the commit; an older open one is replaced."""
    assert session.nas_id is not None
    with transaction.atomic():
        AccessAction.objects.filter(
            session_unique_id=session.unique_id, state__in=UNFINISHED
        ).update(state=State.OBSOLETE, answered_at=at)
        action = AccessAction.objects.create(
            subscription_id=session.subscription_id,
            nas_id=session.nas_id,
            session_unique_id=session.unique_id,
            kind=kind,
            cause=cause,
            desired_profile_hash=profile,
            created_at=at,
            next_attempt_at=at,
        )
        transaction.on_commit(partial(_hand_over, action.id), robust=True)
        return action.id


def _hand_over(action_id: int) -> None:
    from network.tasks import carry_out_action

    carry_out_action.delay(action_id=action_id)


def due(*, at: datetime, limit: int = 200) -> list[int]:
    """Wishes whose time has come and which no worker holds."""
    return list(
        AccessAction.objects.filter(state__in=UNFINISHED, next_attempt_at__lte=at)
        .order_by("next_attempt_at")
        .values_list("id", flat=True)[:limit]
    )


def carry_out(*, action_id: int, at: datetime) -> str | None:
    """Send one wish to its BRAS and store the verdict; None when it was not ours to send."""
    # The claim is one UPDATE, so of two workers one gets it; its return to "due" is the retry.
    claimed = AccessAction.objects.filter(
        Q(id=action_id, next_attempt_at__lte=at, state__in=UNFINISHED)
    ).update(
        state=State.SENT,
        sent_at=at,
        attempts=F("attempts") + 1,
        next_attempt_at=at + timedelta(seconds=SENT_FOR_S),
    )
    if not claimed:
        return None
    action = AccessAction.objects.select_related("nas").get(id=action_id)
    session = Session.objects.filter(unique_id=action.session_unique_id).first()
    if session is None:
        return _finish(action, state=State.OBSOLETE, at=at)
    verdict = _send(action=action, session=session)
    if verdict.outcome is dynauth.Outcome.ACK:
        return _finish(action, state=State.ACKNOWLEDGED, at=at)
    if verdict.outcome is dynauth.Outcome.NAK:
        return _refused(action, session=session, error_cause=verdict.error_cause, at=at)
    return _unanswered(action, at=at)


def enforce(*, at: datetime) -> int:
    """Find open sessions that go on against the decision, and wish for their end.

    The safety net below the outbox: an Accept that was on its way while the service was blocked
    becomes a session of which no event tells.
    """
    recently = AccessAction.objects.filter(
        session_unique_id__in=Session.objects.values("unique_id"), created_at__gt=at - QUIET
    ).values("session_unique_id")
    astray = (
        Session.objects.filter(nas__isnull=False, is_guest=False, state=Session.State.OPEN)
        .filter(subscription__decision__isnull=False)
        .exclude(subscription__decision__state=RadiusDecision.State.FULL)
        .exclude(unique_id__in=recently)
        .select_related("subscription__decision")
    )
    count = 0
    for session in astray[:1000]:
        assert session.subscription is not None
        profile = session.subscription.decision.profile_hash
        desire(session=session, kind=Kind.DISCONNECT, cause=ACCESS_CLOSED, profile=profile, at=at)
        count += 1
    return count


def _send(*, action: AccessAction, session: Session) -> dynauth.Verdict:
    nas = action.nas
    driver = driver_of(nas.vendor)
    peer = dynauth.Peer(
        address=nas.address,
        port=nas.coa_port,
        secret=crypto.decrypt(nas.secret_encrypted),
        message_authenticator=nas.requires_message_authenticator,
    )
    attributes = _identification(session, driver=driver)
    if action.kind == Kind.DISCONNECT:
        return dynauth.disconnect(peer=peer, attributes=attributes)
    assert action.subscription_id is not None
    decision = RadiusDecision.objects.get(subscription_id=action.subscription_id)
    change = driver.diff(
        None,
        AccessProfile(
            ProfileState.FULL,
            speed_down_bit_s=decision.speed_down_bit_s,
            speed_up_bit_s=decision.speed_up_bit_s,
        ),
    )
    rate = [attribute for one in change.packets for attribute in one.attributes]
    return dynauth.change(peer=peer, attributes=[*attributes, *rate])


def _identification(session: Session, *, driver: Driver) -> list[ReplyAttribute]:
    values = session_values(
        acct_session_id=session.acct_session_id,
        login=session.login,
        framed_ip=session.framed_ip,
        nas_ip=session.nas_address,
        mac=session.mac,
    )
    return identification(driver, values)


def _finish(action: AccessAction, *, state: str, at: datetime) -> str:
    AccessAction.objects.filter(id=action.id, state=State.SENT).update(state=state, answered_at=at)
    return state


def _refused(
    action: AccessAction, *, session: Session, error_cause: int | None, at: datetime
) -> str:
    """A NAK. The BRAS does not know the session: it is suspect. A speed refused: reconnect."""
    AccessAction.objects.filter(id=action.id).update(
        state=State.NAK, error_cause=error_cause, answered_at=at
    )
    logger.warning(
        "%s refused %s of session %s: error cause %s",
        action.nas.name,
        action.kind,
        session.acct_session_id,
        error_cause,
    )
    if error_cause == SESSION_NOT_FOUND:
        Session.objects.filter(id=session.id).update(state=Session.State.SUSPECT, suspect_at=at)
    elif action.kind == Kind.RATE:
        profile = action.desired_profile_hash
        desire(session=session, kind=Kind.DISCONNECT, cause=RATE_REFUSED, profile=profile, at=at)
    return State.NAK


def _unanswered(action: AccessAction, *, at: datetime) -> str:
    """No answer: again with a growing delay while attempts are left."""
    left = action.attempts < ATTEMPTS_MAX
    delay = timedelta(seconds=RETRY_S * 2 ** (action.attempts - 1))
    AccessAction.objects.filter(id=action.id, state=State.SENT).update(
        state=State.TIMED_OUT,
        answered_at=None,
        next_attempt_at=at + (delay if left else timedelta(days=36_500)),
    )
    return State.TIMED_OUT
