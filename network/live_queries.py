"""Reading of live changes: the queue and its dead letters, access servers, the dry run."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from network import intervals, large, steps
from network.models import (
    AccessAction,
    Nas,
    RadiusDecision,
    Session,
    SessionProfile,
    SessionTally,
    TemporarySpeed,
)
from network.profile import AccessProfile
from network.vendors.driver import Driver, ReplyAttribute

State = AccessAction.State
IN_WORK = (State.DESIRED, State.SENT, State.TIMED_OUT)
TO_LOOK_AT = (State.DEAD, State.NOT_APPLIED)
ROWS_MAX = 500


def actions(
    *,
    states: Iterable[str] = (),
    nas_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AccessAction]:
    """Wishes of these states, newest first, with their BRAS."""
    rows = AccessAction.objects.select_related("nas").order_by("-id")
    chosen = list(states)
    if chosen:
        rows = rows.filter(state__in=chosen)
    if nas_id is not None:
        rows = rows.filter(nas_id=nas_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows[: min(limit, ROWS_MAX)])


def action_counts(*, since: datetime) -> dict[str, int]:
    """How many wishes of each state there are: those in work and to look at, and settled ones of
    late."""
    recent: QuerySet[AccessAction] = AccessAction.objects.filter(created_at__gte=since)
    told = {
        row["state"]: row["n"] for row in recent.values("state").annotate(n=Count("id")).order_by()
    }
    open_ones = AccessAction.objects.filter(state__in=(*IN_WORK, *TO_LOOK_AT))
    told |= {
        row["state"]: row["n"]
        for row in open_ones.values("state").annotate(n=Count("id")).order_by()
    }
    return told


def dead_count() -> int:
    """Dead letters that wait for somebody."""
    return AccessAction.objects.filter(state__in=TO_LOOK_AT).count()


def temporary_of(*, subscription_ids: Iterable[int], at: datetime) -> dict[int, TemporarySpeed]:
    """The temporary speeds that are on, by service."""
    rows = TemporarySpeed.objects.filter(
        subscription_id__in=list(subscription_ids), during__contains=at
    )
    return {row.subscription_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a service would be told on a BRAS. `accept` is None where it would be refused;
    `session` names the open session, whose change would be `kind` with these `packets`."""

    decision: RadiusDecision
    accept: list[ReplyAttribute] | None
    session: Session | None = None
    kind: str = ""
    packets: tuple[Any, ...] = ()


def dry_run(*, text: str, driver: Driver, interim_s: int | None = None) -> DryRun | None:
    """Find a service by its login or number and render what it would get; None: no such service.
    `interim_s` is the interval of the BRAS, None the usual one."""
    wanted = text.strip().lower()
    rows = RadiusDecision.objects.filter(login=wanted)
    if not rows.exists() and wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        rows = RadiusDecision.objects.filter(subscription_id=int(wanted))
    decision = rows.first()
    if decision is None:
        return None
    profile = profile_of(decision.profile)
    accept = None
    if profile is not None:
        service = decision.subscription_id
        told_s = intervals.of_service_s(interim_s, subscription_id=service)
        told = {**profile.as_json(), "interim_s": told_s}
        kind = "s" if decision.state == RadiusDecision.State.FULL else "g:0"
        text_class = f"{kind}:{decision.subscription_id}:…"
        accept = [
            one._replace(value=text_class) if one.name == "Class" else one
            for one in driver.accept(AccessProfile.from_json({**told, "class_text": text_class}))
        ]
        if decision.state == RadiusDecision.State.GUEST and not driver.walls_guests:
            accept = None
    session = (
        Session.objects.filter(subscription_id=decision.subscription_id).order_by("-id").first()
    )
    if session is None:
        return DryRun(decision, accept)
    job = _job(session, decision)
    steps.planned(job, driver=driver)
    return DryRun(decision, accept, session, job.kind, tuple(job.packets))


def _job(session: Session, decision: RadiusDecision) -> steps.Job:
    """The change of this session as a wish that nobody sends."""
    kept = SessionProfile.objects.filter(session_unique_id=session.unique_id).first()
    since = decision.felt_at
    applied = decision.profile if since is None or session.started_at >= since else None
    return steps.Job(
        id=0,
        session_unique_id=session.unique_id,
        subscription_id=decision.subscription_id,
        kind=AccessAction.Kind.PENDING,
        cause="",
        desired=decision.profile,
        desired_mark=decision.profile_hash,
        said_before=[],
        attempts=0,
        session=steps.Session(
            unique_id=session.unique_id,
            acct_session_id=session.acct_session_id,
            login=session.login,
            framed_ip=session.framed_ip,
            nas_ip=session.nas_address,
            mac=session.mac,
            is_guest=session.is_guest,
            in_octets=session.in_octets,
            out_octets=session.out_octets,
            session_time_s=session.session_time_s,
            applied=(kept.applied if kept else applied) or None,
        ),
    )


def servers() -> list[Nas]:
    """All access servers, those in use first."""
    return sorted(Nas.objects.all(), key=lambda one: (one.retired_at is not None, one.name))


def nas_list() -> list[Nas]:
    """The same with `sessions`, how many run on each: as of now, or as they were counted last in a
    large network."""
    if large.is_large():
        counted = dict(SessionTally.objects.values_list("nas_id", "sessions"))
    else:
        counted = dict(
            Session.objects.filter(nas__isnull=False)
            .values_list("nas_id")
            .annotate(n=Count("id"))
            .order_by()
        )
    rows = servers()
    for one in rows:
        one.sessions = counted.get(one.id, 0)  # type: ignore[attr-defined]
    return rows


def profile_of(told: Any) -> AccessProfile | None:
    """A profile as the database gives it; None for none."""
    if isinstance(told, str):
        told = json.loads(told)
    return AccessProfile.from_json(told) if told else None
