"""Reading of live changes: the queue and its dead letters, the drift board, the dry run."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from network import steps
from network.models import (
    AccessAction,
    Nas,
    RadiusDecision,
    Session,
    SessionProfile,
    TemporarySpeed,
)
from network.profile import INTERIM_S, AccessProfile
from network.vendors.driver import Driver, ReplyAttribute

State = AccessAction.State
IN_WORK = (State.DESIRED, State.SENT, State.TIMED_OUT)
TO_LOOK_AT = (State.DEAD, State.NOT_APPLIED)
DRIFT_REASONS = (
    "ACCESS", "PROFILE", "WAITING", "NAK", "TIMEOUT", "NOT_APPLIED", "DEAD", "UNPROVEN", "STALE",
)  # fmt: skip
ROWS_MAX = 500

# Each open session with what it shall have and what it has, as far as that is known. A session of
# which nothing was ever asked has what it was accepted with, unless the decision changed since.
_DRIFT = """
SELECT s.id, s.unique_id, s.subscription_id, s.login, host(s.framed_ip), s.mac, s.state, s.is_guest,
       s.started_at, s.last_seen_at, n.id, n.name, n.vendor, d.state, d.reason, d.profile,
       p.applied, p.verified_at, a.id, a.kind, a.state, a.cause, a.error_cause, a.created_at,
       a.answered_at, why.reason
FROM network_session s
JOIN radius_decision d ON d.subscription_id = s.subscription_id
LEFT JOIN network_nas n ON n.id = s.nas_id
LEFT JOIN network_session_profile p ON p.session_unique_id = s.unique_id
LEFT JOIN LATERAL (
    SELECT x.* FROM network_access_action x WHERE x.session_unique_id = s.unique_id
      AND x.state NOT IN ('OBSOLETE', 'CANCELLED') ORDER BY x.id DESC LIMIT 1
) a ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.session_unique_id IS NOT NULL THEN p.applied_mark <> d.profile_hash
                ELSE d.state = 'REFUSED' OR s.started_at < d.felt_at END AS differs
) compared
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.state = 'SUSPECT' AND a.error_cause = 503 THEN 'STALE'
                WHEN a.state IN ('DESIRED', 'SENT') THEN 'WAITING'
                WHEN a.state = 'TIMED_OUT' THEN 'TIMEOUT'
                WHEN a.state IN ('NAK', 'NOT_APPLIED', 'DEAD') AND compared.differs THEN a.state
                WHEN compared.differs AND d.state <> 'FULL' THEN 'ACCESS'
                WHEN compared.differs THEN 'PROFILE'
                WHEN a.state = 'ACKNOWLEDGED' AND NOT a.verified THEN 'UNPROVEN'
           END AS reason
    FROM (SELECT a.*, p.verified_at IS NOT NULL AS verified) a
) why
WHERE why.reason IS NOT NULL AND (%(reason)s = '' OR why.reason = %(reason)s)
  AND (%(nas)s::bigint IS NULL OR s.nas_id = %(nas)s)
  AND (%(before)s::bigint IS NULL OR s.id < %(before)s)
ORDER BY s.id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One session that does not agree with its decision, or of which that is not proven.

    `reason` is one of `DRIFT_REASONS`; `desired` and `applied` are profiles, None for "no session"
    and "not known".
    """

    id: int
    unique_id: str
    subscription_id: int | None
    login: str
    framed_ip: str | None
    mac: str
    session_state: str
    is_guest: bool
    started_at: datetime
    last_seen_at: datetime
    nas_id: int | None
    nas_name: str
    vendor: str
    decision_state: str
    decision_reason: str
    desired: AccessProfile | None
    applied: AccessProfile | None
    verified_at: datetime | None
    action_id: int | None
    action_kind: str
    action_state: str
    action_cause: str
    error_cause: int | None
    asked_at: datetime | None
    answered_at: datetime | None
    reason: str


def drift(
    *, reason: str = "", nas_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[DriftRow]:
    """Sessions that differ from what they should have, newest first."""
    values: dict[str, Any] = {"reason": reason, "nas": nas_id, "before": before}
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, {**values, "most": min(limit, ROWS_MAX)})
        rows = cursor.fetchall()
    return [DriftRow(*_cells(row)) for row in rows]


def _cells(row: tuple[Any, ...]) -> list[Any]:
    """The columns of `_DRIFT` in the order of `DriftRow`, texts never None."""
    cells: list[Any] = list(row)
    for number in (11, 12, 19, 20, 21):
        cells[number] = cells[number] or ""
    for number in (15, 16):
        cells[number] = _profile(cells[number])
    return cells


def drift_counts(*, nas_id: int | None = None) -> dict[str, int]:
    """How many sessions there are of each reason."""
    sql = f"SELECT reason, count(*) FROM ({_DRIFT}) found(%s) GROUP BY 1"  # noqa: S608
    names = ", ".join(f"c{number}" for number in range(1, 26)) + ", reason"
    values: dict[str, Any] = {"reason": "", "nas": nas_id, "before": None, "most": 100_000}
    with connection.cursor() as cursor:
        cursor.execute(sql.replace("found(%s)", f"found({names})"), values)
        return dict(cursor.fetchall())


def drifting(*, reason: str, nas_id: int | None, limit: int) -> list[str]:
    """The ids of sessions that "mend all" would ask again; none whose wish waits already."""
    values: dict[str, Any] = {"reason": reason, "nas": nas_id, "before": None, "most": limit}
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, values)
        return [row[1] for row in cursor.fetchall() if row[25] not in {"WAITING", "UNPROVEN"}]


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


def dry_run(*, text: str, driver: Driver) -> DryRun | None:
    """Find a service by its login or number and render what it would get; None: no such service."""
    wanted = text.strip().lower()
    rows = RadiusDecision.objects.filter(login=wanted)
    if not rows.exists() and wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        rows = RadiusDecision.objects.filter(subscription_id=int(wanted))
    decision = rows.first()
    if decision is None:
        return None
    profile = _profile(decision.profile)
    accept = None
    if profile is not None:
        told = {**profile.as_json(), "interim_s": INTERIM_S}
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


def nas_list() -> list[Nas]:
    """All access servers with `sessions` (how many run on each), those in use first."""
    counted = dict(
        Session.objects.filter(nas__isnull=False)
        .values_list("nas_id")
        .annotate(n=Count("id"))
        .order_by()
    )
    rows = list(Nas.objects.order_by("retired_at", "name"))
    rows.sort(key=lambda one: (one.retired_at is not None, one.name))
    for one in rows:
        one.sessions = counted.get(one.id, 0)  # type: ignore[attr-defined]
    return rows


def _profile(told: Any) -> AccessProfile | None:
    if isinstance(told, str):
        told = json.loads(told)
    return AccessProfile.from_json(told) if told else None
