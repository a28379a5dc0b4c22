"""Reading of provisioning: access, sessions, BRASes, and the answer to "why no internet?"."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from network import crypto, large
from network.explanation import Explanation, explain_access
from network.models import AccessAction, Nas, RadiusDecision, Session, SessionHistory, Standing

ROWS_MAX = 500


@dataclass(frozen=True, slots=True)
class Access:
    """What a service's access is at present. Speeds in bit/s; null is "no limit known"."""

    subscription_id: int
    login: str
    state: str
    reason: str
    speed_down_bit_s: int | None
    speed_up_bit_s: int | None
    framed_ip: str | None
    mac: str
    is_online: bool
    online_since: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session, open (`stopped_at` is None) or closed. "in" is from the subscriber."""

    unique_id: str
    subscription_id: int | None
    state: str
    login: str
    mac: str
    framed_ip: str | None
    nas_name: str
    nas_address: str | None
    is_guest: bool
    started_at: datetime
    last_seen_at: datetime
    stopped_at: datetime | None
    in_octets: int
    out_octets: int
    session_time_s: int
    terminate_cause: str


@dataclass(frozen=True, slots=True)
class RadiusClient:
    """A BRAS as the RADIUS server must know it."""

    name: str
    secret: str
    requires_message_authenticator: bool
    driver: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One wish to a BRAS and its verdict."""

    id: int
    at: datetime
    kind: str
    cause: str
    state: str
    nas_name: str
    error_cause: int | None
    answered_at: datetime | None


def access_of(*, subscription_ids: Iterable[int]) -> dict[int, Access]:
    """Access of each of these services that has any (internet services do); two queries."""
    ids = list(subscription_ids)
    since: dict[int, datetime] = {}
    for subscription_id, started_at in (
        Session.objects.filter(subscription_id__in=ids)
        .order_by("started_at")
        .values_list("subscription_id", "started_at")
    ):
        assert subscription_id is not None
        since[subscription_id] = started_at
    return {
        row.subscription_id: Access(
            subscription_id=row.subscription_id,
            login=row.login,
            state=row.state,
            reason=row.reason,
            speed_down_bit_s=row.speed_down_bit_s,
            speed_up_bit_s=row.speed_up_bit_s,
            framed_ip=row.framed_ip,
            mac=row.mac,
            is_online=row.subscription_id in since,
            online_since=since.get(row.subscription_id),
            updated_at=row.updated_at,
        )
        for row in RadiusDecision.objects.filter(subscription_id__in=ids)
    }


def sessions_of(*, subscription_ids: Iterable[int], limit: int = 20) -> list[SessionRow]:
    """Sessions of these services: the open ones first, then the closed, newest first."""
    ids = list(subscription_ids)
    most = min(limit, ROWS_MAX)
    rows = [
        _row(one)
        for one in Session.objects.filter(subscription_id__in=ids)
        .select_related("nas")
        .order_by("-started_at")[:most]
    ]
    closed = (
        SessionHistory.objects.filter(subscription_id__in=ids)
        .select_related("nas")
        .order_by("-stopped_at")[: most - len(rows)]
    )
    return rows + [_row(one) for one in closed]


def open_sessions(*, text: str = "", limit: int = 100, before_id: int | None = None) -> Any:
    """Open sessions of all services, newest first; `text` is a login, address or MAC.

    Gives (rows, id to pass as `before_id` for the next page, or None).
    """
    wanted = Session.objects.select_related("nas").order_by("-id")
    text = text.strip().lower()
    if text:
        match = Q(login__istartswith=text) | Q(mac__startswith=text.replace(":", ""))
        address = valid_address(text)
        if address:
            match |= Q(framed_ip=address) | Q(nas_address=address)
        wanted = wanted.filter(match)
    if before_id is not None:
        wanted = wanted.filter(id__lt=before_id)
    most = min(limit, ROWS_MAX)
    found = list(wanted[:most])
    return [_row(one) for one in found], (found[-1].id if len(found) == most else None)


def count_open_sessions() -> int:
    """How many sessions are open now, or were when they were counted last in a large network."""
    if large.is_large():
        return Standing.objects.values_list("sessions", flat=True).get()
    return Session.objects.count()


def actions_of(*, subscription_id: int, limit: int = 20) -> list[ActionRow]:
    """What was asked of BRASes about this service, newest first."""
    rows = (
        AccessAction.objects.filter(subscription_id=subscription_id)
        .select_related("nas")
        .order_by("-created_at")[: min(limit, ROWS_MAX)]
    )
    return [
        ActionRow(
            id=one.id,
            at=one.created_at,
            kind=one.kind,
            cause=one.cause,
            state=one.state,
            nas_name=one.nas.name,
            error_cause=one.error_cause,
            answered_at=one.answered_at,
        )
        for one in rows
    ]


def radius_client(*, address: str) -> RadiusClient | None:
    """The BRAS that is registered with this address and in use, with its secret in clear text."""
    known = valid_address(address)
    found = Nas.objects.filter(address=known, retired_at=None).first() if known else None
    if found is None:
        return None
    return RadiusClient(
        name=found.name.replace(" ", "-"),
        secret=crypto.decrypt(found.secret_encrypted),
        requires_message_authenticator=found.requires_message_authenticator,
        driver=found.vendor,
    )


def valid_address(text: str) -> str | None:
    """The text as an IP address in its usual form, or None."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return None


def _row(one: Session | SessionHistory) -> SessionRow:
    closed = isinstance(one, SessionHistory)
    return SessionRow(
        unique_id=one.unique_id,
        subscription_id=one.subscription_id,
        state="CLOSED" if closed else one.state,  # type: ignore[union-attr]
        login=one.login,
        mac=one.mac,
        framed_ip=one.framed_ip,
        nas_name=one.nas.name if one.nas else "",
        nas_address=one.nas_address,
        is_guest=one.is_guest,
        started_at=one.started_at,
        last_seen_at=one.last_seen_at,
        stopped_at=one.stopped_at if isinstance(one, SessionHistory) else None,
        in_octets=one.in_octets,
        out_octets=one.out_octets,
        session_time_s=one.session_time_s,
        terminate_cause=one.terminate_cause if isinstance(one, SessionHistory) else "",
    )


__all__ = [
    "Access",
    "ActionRow",
    "Explanation",
    "RadiusClient",
    "SessionRow",
    "access_of",
    "actions_of",
    "count_open_sessions",
    "explain_access",
    "open_sessions",
    "radius_client",
    "sessions_of",
    "valid_address",
]
