"""Sessions with the subscriber and the address behind each: the live table, one session's page.

Nothing here reads all sessions: what is looked for has an index, numbers stop at `COUNTED_MAX`, and
those of the whole network are kept (`network.standing`) where it is large.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, Sum

from billing.models import Block, Pause, Subscription
from coverage import queries as coverage_queries
from coverage.models import AdminUnit
from crm import queries as crm_queries
from frontend.formats import AtLeast
from network import large, session_queries
from network.events import Kind
from network.identifiers import normalised_mac
from network.models import Nas, Session, SessionHistory, SessionTally
from network.session_queries import TimelineEvent
from project.core.clock import KYIV
from project.core.models import AuditEntry

TRAFFIC_DAYS = 31
BARS_MAX = 100
COUNTED_MAX = 10_000
KINDS = ("GUEST", "SUSPECT", "NOBODY")
RESUMED = "billing.subscription.resumed"


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One open session; the customer and the address are absent for an unknown guest."""

    id: int
    session: Session | SessionHistory
    customer_id: int | None
    customer_name: str
    address: str
    building_id: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the table is narrowed to; `kind` is one of `KINDS` or ""."""

    text: str = ""
    kind: str = ""
    nas_id: int | None = None
    city_id: int | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text or self.kind or self.nas_id or self.city_id)


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the traffic chart; heights are percent of the highest day."""

    day: date
    in_octets: int
    out_octets: int
    in_height: int
    out_height: int


@dataclass(frozen=True, slots=True)
class SessionPage:
    """One session with its time line."""

    line: SessionLine
    is_open: bool
    events: Sequence[TimelineEvent]


def open_sessions(
    *, wanted: Wanted, before: int | None = None, limit: int = 50
) -> list[SessionLine]:
    """Open sessions, newest first."""
    rows = narrowed(wanted)
    if wanted.text:
        # Few that match are found by an index; asked in order, all others would be passed first.
        few = list(rows.order_by().values_list("id", flat=True)[: COUNTED_MAX + 1])
        if len(few) <= COUNTED_MAX:
            older = sorted((one for one in few if before is None or one < before), reverse=True)
            rows = Session.objects.filter(id__in=older[: min(limit, 200)])
    rows = rows.select_related("subscription", "nas").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    return lines(list(rows[: min(limit, 200)]))


def narrowed(wanted: Wanted) -> Any:
    """The open sessions that are wanted."""
    rows = Session.objects.all()
    if wanted.kind == "GUEST":
        rows = rows.filter(is_guest=True)
    elif wanted.kind == "SUSPECT":
        rows = rows.filter(state=Session.State.SUSPECT)
    elif wanted.kind == "NOBODY":
        rows = rows.filter(subscription__isnull=True)
    if wanted.nas_id is not None:
        rows = rows.filter(nas_id=wanted.nas_id)
    if wanted.city_id is not None:
        rows = rows.filter(subscription__building__locality_id=wanted.city_id)
    if wanted.text:
        rows = rows.filter(_like(wanted.text))
    return rows


def _like(text: str) -> Q:
    """Text is a login's beginning, a MAC in any form, an IPv4 address or its beginning."""
    wanted = Q(login__istartswith=text)
    mac = normalised_mac(text)
    if mac:
        wanted |= Q(mac=mac)
    span = _addresses(text)
    if span:
        wanted |= Q(framed_ip__gte=span[0], framed_ip__lte=span[1])
    return wanted


def _addresses(text: str) -> tuple[str, str] | None:
    """The first and the last address that begin like this, whole numbers each: "10.77." or
    "10.77.0.3"; None for other texts."""
    parts = text.rstrip(".").split(".")
    if not (2 <= len(parts) <= 4 and all(one.isascii() and one.isdigit() for one in parts)):
        return None
    missing = 4 - len(parts)
    try:
        ends = [".".join([*parts, *[one] * missing]) for one in ("0", "255")]
        return str(ipaddress.IPv4Address(ends[0])), str(ipaddress.IPv4Address(ends[1]))
    except ValueError:
        return None


def lines(sessions: Sequence[Session | SessionHistory]) -> list[SessionLine]:
    """The sessions with customers and addresses; two more queries whatever their number."""
    services = [s.subscription for s in sessions if s.subscription]
    holders = crm_queries.customers_of_accounts(account_ids=[s.account_id for s in services])
    labels = coverage_queries.address_labels(building_ids=[s.building_id for s in services])
    found = []
    for session in sessions:
        service = session.subscription
        holder = holders.get(service.account_id) if service else None
        found.append(
            SessionLine(
                id=session.id,
                session=session,
                customer_id=holder[0] if holder else None,
                customer_name=holder[1] if holder else "",
                address=labels.get(service.building_id, "") if service else "",
                building_id=service.building_id if service else None,
            )
        )
    return found


def counts(*, wanted: Wanted) -> dict[str, int]:
    """Of the wanted, whatever their kind: all, guests, not heard of for long, nobody's."""
    if large.is_large() and not wanted.text and wanted.city_id is None:
        return _kept(nas_id=wanted.nas_id)
    found = {}
    for kind in ("", *KINDS):
        narrow = Wanted(text=wanted.text, kind=kind, nas_id=wanted.nas_id, city_id=wanted.city_id)
        number = narrowed(narrow).order_by()[: COUNTED_MAX + 1].count()
        found[kind.lower() or "all"] = AtLeast(COUNTED_MAX) if number > COUNTED_MAX else int(number)
    return found


def _kept(*, nas_id: int | None) -> dict[str, int]:
    rows = SessionTally.objects.all()
    if nas_id is not None:
        rows = rows.filter(nas_id=nas_id)
    told = rows.aggregate(
        all=Sum("sessions"), guest=Sum("guests"), suspect=Sum("suspects"), nobody=Sum("nobodys")
    )
    return {name: number or 0 for name, number in told.items()}


def choices() -> dict[str, list[tuple[int, str]]]:
    """BRASes and the places in which services are, by name."""
    nas = list(Nas.objects.filter(retired_at=None).order_by("name").values_list("id", "name"))
    served = Subscription.objects.filter(building__locality_id=OuterRef("id"))
    cities = AdminUnit.objects.filter(Exists(served)).order_by("name").values_list("id", "name")
    return {"nas": nas, "cities": list(cities)}


def session_page(*, unique_id: str, at: datetime) -> SessionPage | None:
    """One session, open or closed; blocks and pauses of the service until `at` are lines of its
    time line too."""
    session = session_queries.session_of(unique_id=unique_id)
    if session is None:
        return None
    events = session_queries.timeline_of(session=session)
    if not {event.kind for event in events} & {"BLOCK", "UNBLOCK"}:
        events = [*events, *_blocks(session)]
    events = sorted([*events, *_pauses(session, at=at)], key=lambda event: event.at)
    return SessionPage(
        line=lines([session])[0], is_open=isinstance(session, Session), events=events
    )


def _blocks(session: Session | SessionHistory) -> list[TimelineEvent]:
    """When the service was blocked and unblocked while the session lasted."""
    if session.subscription_id is None:
        return []
    until = session.stopped_at if isinstance(session, SessionHistory) else None
    rows = Block.objects.filter(subscription_id=session.subscription_id)
    told = []
    for row in rows.filter(Q(until_at=None) | Q(until_at__gte=session.started_at)):
        for kind, at in (("BLOCK", row.from_at), ("UNBLOCK", row.until_at)):
            if at and at >= session.started_at and (until is None or at <= until):
                told.append(TimelineEvent(at, kind, "", (("reason", row.reason),)))
    return told


def _pauses(session: Session | SessionHistory, *, at: datetime) -> list[TimelineEvent]:
    """When the service was put on hold and went on while the session lasted: at midnight, but for
    what was done by hand on the day."""
    if session.subscription_id is None:
        return []
    until = session.stopped_at if isinstance(session, SessionHistory) else at
    by_hand = AuditEntry.objects.filter(
        object_type="subscription", object_id=str(session.subscription_id), action=RESUMED
    )
    resumed = {one.after.get("date"): one.at for one in by_hand if one.after}
    told = []
    for row in Pause.objects.filter(subscription_id=session.subscription_id):
        first, last = row.during.lower, row.during.upper
        began = max(_midnight(first), row.created_at)
        ended = resumed.get(last.isoformat()) or _midnight(last)
        about = (("from", first.isoformat()), ("until", last.isoformat()))
        for kind, moment in ((Kind.PAUSE, began), (Kind.RESUME, ended)):
            if session.started_at <= moment <= until:
                told.append(TimelineEvent(moment, kind, "", about))
    return told


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=KYIV)


def traffic_bars(*, subscription_ids: Sequence[int], on_date: date) -> list[Bar]:
    """Traffic of the last month, a bar for each day, also for those without any."""
    first = on_date - timedelta(days=TRAFFIC_DAYS - 1)
    rows = session_queries.traffic(
        subscription_ids=subscription_ids, from_date=first, until_date=on_date + timedelta(days=1)
    )
    if not rows:
        return []
    by_day = {row.day: row for row in rows}
    highest = max(1, *(row.in_octets + row.out_octets for row in rows))
    bars = []
    for number in range(TRAFFIC_DAYS):
        day = first + timedelta(days=number)
        row = by_day.get(day)
        in_octets, out_octets = (row.in_octets, row.out_octets) if row else (0, 0)
        heights = [round(BARS_MAX * octets / highest) for octets in (in_octets, out_octets)]
        bars.append(Bar(day, in_octets, out_octets, *heights))
    return bars
