"""Reading of one session's life, and of the traffic of services by day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, Sum

from network import progress
from network.events import Kind
from network.models import (
    AccessAction,
    Session,
    SessionClosed,
    SessionEvent,
    SessionHistory,
    TrafficDay,
)

EVENTS_MAX = 500
BEFORE, AFTER = timedelta(minutes=10), timedelta(minutes=10)
# What is told of a service without naming a session, and belongs to the session of that time.
OF_THE_SERVICE = (Kind.AUTHORIZE, Kind.REJECT, Kind.BLOCK, Kind.UNBLOCK)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line: what happened, with the packet's attributes; `outcome` is a BRAS's verdict."""

    at: datetime
    kind: str
    nas_name: str
    attributes: tuple[tuple[str, Any], ...]
    outcome: str = ""

    @property
    def why(self) -> str:
        """In what words a BRAS refused, if it did."""
        return str(dict(self.attributes).get("why", ""))


@dataclass(frozen=True, slots=True)
class TrafficRow:
    """What services carried on one day in Kyiv, octets from ("in") and to ("out") the user."""

    day: date
    in_octets: int
    out_octets: int


def accounting_as_of() -> datetime | None:
    """Up to when accounting of all nodes was taken in; None where nothing is known of a stream."""
    last = progress.behind()
    return last.caught_up_at if last else None


def session_of(*, unique_id: str) -> Session | SessionHistory | None:
    """The session, open or closed; None when there is none or it is no longer kept."""
    found = Session.objects.select_related("nas", "subscription").filter(unique_id=unique_id)
    session = found.first()
    if session is not None:
        return session
    closed = SessionClosed.objects.filter(unique_id=unique_id).first()
    if closed is None:
        return None
    return (
        SessionHistory.objects.select_related("nas", "subscription")
        .filter(unique_id=unique_id, closed_day=closed.closed_day)
        .first()
    )


def timeline_of(*, session: Session | SessionHistory) -> list[TimelineEvent]:
    """All that is known of the session, oldest first: its events, what its service was told
    meanwhile, and what was asked of the BRAS."""
    ended_at = session.stopped_at if isinstance(session, SessionHistory) else None
    about = Q(session_unique_id=session.unique_id)
    if session.nonce:
        about |= Q(nonce=session.nonce)
    if session.subscription_id is not None:
        about |= Q(subscription_id=session.subscription_id, kind__in=OF_THE_SERVICE, nonce="")
    rows = SessionEvent.objects.filter(about, at__gte=session.started_at - BEFORE)
    if ended_at is not None:
        rows = rows.filter(at__lte=ended_at + AFTER)
    lines = [
        TimelineEvent(
            at=row.at,
            kind=row.kind,
            nas_name=row.nas.name if row.nas else "",
            attributes=tuple(sorted(row.attributes.items())),
        )
        for row in rows.select_related("nas").order_by("-at", "-id")[:EVENTS_MAX]
    ]
    told = {line.kind for line in lines}
    if not told & {Kind.COA, Kind.DISCONNECT}:
        lines += _asked_of_the_bras(session.unique_id)
    return sorted(lines, key=lambda line: line.at)


def traffic(
    *, subscription_ids: Iterable[int], from_date: date, until_date: date
) -> list[TrafficRow]:
    """Traffic of these services together by day, half-open span, days without any left out.

    What open sessions carried on their running day is in it.
    """
    ids = list(subscription_ids)
    totals: dict[date, list[int]] = {}
    ended = TrafficDay.objects.filter(
        subscription_id__in=ids, day__gte=from_date, day__lt=until_date
    ).values_list("day")
    running = Session.objects.filter(
        subscription_id__in=ids, counted_day__gte=from_date, counted_day__lt=until_date
    ).values_list("counted_day")
    told: Sequence[Any] = [
        *ended.annotate(sum_in=Sum("in_octets"), sum_out=Sum("out_octets")),
        *running.annotate(
            sum_in=Sum(F("in_octets") - F("before_in_octets")),
            sum_out=Sum(F("out_octets") - F("before_out_octets")),
        ),
    ]
    for day, in_octets, out_octets in told:
        total = totals.setdefault(day, [0, 0])
        total[0] += in_octets
        total[1] += out_octets
    return [TrafficRow(day, *totals[day]) for day in sorted(totals)]


def _asked_of_the_bras(unique_id: str) -> list[TimelineEvent]:
    rows = AccessAction.objects.filter(session_unique_id=unique_id).select_related("nas")
    return [
        TimelineEvent(
            at=row.sent_at or row.created_at,
            kind=Kind.DISCONNECT if row.kind == Kind.DISCONNECT else Kind.COA,
            nas_name=row.nas.name,
            attributes=(
                ("cause", row.cause),
                ("error_cause", row.error_cause),
                *((("why", row.why),) if row.why else ()),
            ),
            outcome=row.state,
        )
        for row in rows.order_by("created_at")[:EVENTS_MAX]
    ]
