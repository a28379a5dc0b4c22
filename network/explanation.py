""" "Why no internet?" in one sentence with a cause code."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from network.models import RadiusDecision, Session
from project.core.clock import KYIV

RECENT = timedelta(days=3)
# The history has a partition a day, so it is read only of who is offline; a refusal tells something
# only when it came after the last session.
_KNOWN = """
SELECT d.state, d.reason, s.state, s.started_at, s.last_seen_at, s.is_guest, host(s.framed_ip),
       h.stopped_at, h.terminate_cause, r.last_at, r.reason, m.mac, m.last_at
FROM radius_decision d
LEFT JOIN LATERAL (
    SELECT * FROM network_session
    WHERE subscription_id = d.subscription_id ORDER BY started_at DESC LIMIT 1
) s ON true
LEFT JOIN LATERAL (
    SELECT stopped_at, terminate_cause FROM network_session_history
    WHERE subscription_id = d.subscription_id AND s.started_at IS NULL
    ORDER BY stopped_at DESC LIMIT 1
) h ON true
LEFT JOIN LATERAL (
    SELECT last_at, reason FROM network_rejectlog
    WHERE subscription_id = d.subscription_id AND s.started_at IS NULL AND last_at > %(since)s
      AND (h.stopped_at IS NULL OR last_at > h.stopped_at)
    ORDER BY at DESC LIMIT 1
) r ON true
LEFT JOIN LATERAL (
    SELECT mac, last_at FROM network_macrequest
    WHERE subscription_id = d.subscription_id AND state = 'WAITING'
    ORDER BY last_at DESC LIMIT 1
) m ON true
WHERE d.subscription_id = %(id)s
"""

BLOCKED = {
    "TERMINATED": _("No access: the service has been terminated."),
    "NOT_ACTIVE": _("No access: the service is not active yet."),
    "NO_PLAN": _("No access: the service has no tariff on this date."),
    "PAUSED": _("No access: the service is paused at the client's request."),
    "DEBT": _("No access: blocked for debt, the balance is not enough."),
    "ADMIN": _("No access: blocked by staff."),
    "ABUSE": _("No access: blocked because of abuse."),
}
REJECTED = {
    "WRONG_PASSWORD": _("Access is open, but the last attempt at %(when)s had a wrong password."),
    "CONFLICT": _("Access is open, but at %(when)s the login came from another client's line."),
    "NEW_MAC": _("Access is open, but at %(when)s a new device asked; it waits to be confirmed."),
    "WRONG_PORT": _(
        "Access is open, but at %(when)s the device was on a line that is not its own."
    ),
    "NO_PASSWORD": _("Access is open, but the device at %(when)s sent no password."),
    "TOO_FEW": _("Access is open, but at %(when)s too little was known of the device."),
    "TOO_MANY_SESSIONS": _("Access is open; at %(when)s one device more than allowed asked."),
    "UNKNOWN_NAS": _("Access is open, but at %(when)s an unregistered access server asked."),
}
REJECTED_OTHERWISE = _("Access is open, but the last attempt at %(when)s was refused: %(reason)s.")
NO_SERVICE = _("This service has no internet access of its own.")
ONLINE = _("Online since %(when)s, address %(ip)s.")
ONLINE_GUEST = _("Online since %(when)s as a guest only; the access itself is open again.")
ONLINE_NEW_MAC = _(
    "Online since %(when)s as a guest only: the device is new and waits to be confirmed."
)
SUSPECT = _("Probably offline: the access server has said nothing of the session since %(when)s.")
NEVER = _("Access is open, but the equipment has never logged in.")
OFFLINE = _("Access is open; offline since %(when)s (%(cause)s).")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence for people and a code for machines.

    `is_fine` is whether the service is as it should be, seen from here. `new_mac` is the newest
    device that waits for a person's word, "" when none does.
    """

    code: str
    message: Any
    is_fine: bool = False
    values: dict[str, str] = field(default_factory=dict)
    new_mac: str = ""
    new_mac_at: datetime | None = None

    @property
    def text(self) -> str:
        """The sentence in the language that is active now."""
        return str(self.message) % self.values if self.values else str(self.message)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a service: the decision, its newest session, the last refusal since."""

    state: str
    reason: str
    session_state: str | None
    started_at: datetime | None
    last_seen_at: datetime | None
    is_guest: bool | None
    framed_ip: str | None
    stopped_at: datetime | None
    terminate_cause: str | None
    rejected_at: datetime | None
    reject_reason: str | None
    new_mac: str | None
    new_mac_at: datetime | None


def explain_access(*, subscription_id: int, at: datetime) -> Explanation:
    """Why this service has internet or not, from what is known at `at`; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"id": subscription_id, "since": at - RECENT})
        row = cursor.fetchone()
    if row is None:
        return Explanation("NO_SERVICE", NO_SERVICE)
    known = _Known(*row)
    return replace(_told(known), new_mac=known.new_mac or "", new_mac_at=known.new_mac_at)


def _told(known: _Known) -> Explanation:
    if known.state != RadiusDecision.State.FULL:
        text = BLOCKED.get(known.reason, BLOCKED["ADMIN"])
        return Explanation(known.reason, text)
    if known.started_at is not None:
        return _online(known)
    return _offline(known)


def _online(known: _Known) -> Explanation:
    since = _local(known.started_at)
    if known.session_state == Session.State.SUSPECT:
        return Explanation("SUSPECT", SUSPECT, values={"when": _local(known.last_seen_at)})
    if known.is_guest and known.new_mac:
        return Explanation("NEW_MAC", ONLINE_NEW_MAC, values={"when": since})
    if known.is_guest:
        return Explanation("ONLINE_GUEST", ONLINE_GUEST, values={"when": since})
    values = {"when": since, "ip": known.framed_ip or "—"}
    return Explanation("ONLINE", ONLINE, is_fine=True, values=values)


def _offline(known: _Known) -> Explanation:
    if known.reject_reason is not None:
        text = REJECTED.get(known.reject_reason, REJECTED_OTHERWISE)
        values = {"when": _local(known.rejected_at), "reason": known.reject_reason}
        return Explanation(known.reject_reason, text, values=values)
    if known.stopped_at is None:
        return Explanation("NEVER_SEEN", NEVER)
    values = {"when": _local(known.stopped_at), "cause": known.terminate_cause or ""}
    return Explanation("OFFLINE", OFFLINE, values=values)


def _local(moment: datetime | None) -> str:
    assert moment is not None
    return f"{moment.astimezone(KYIV):%d.%m.%Y %H:%M}"
