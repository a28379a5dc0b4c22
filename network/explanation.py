""" "Why no internet?" in one sentence with a cause code."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from network.models import RadiusDecision, RejectLog, Session, SessionHistory
from project.core.clock import KYIV

RECENT = timedelta(days=3)

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
SUSPECT = _("Probably offline: the access server has said nothing of the session since %(when)s.")
NEVER = _("Access is open, but the equipment has never logged in.")
OFFLINE = _("Access is open; offline since %(when)s (%(cause)s).")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A sentence for people and a code for machines.

    `is_fine` is whether the service is as it should be, seen from here.
    """

    code: str
    message: Any
    is_fine: bool = False
    values: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence in the language that is active now."""
        return str(self.message) % self.values if self.values else str(self.message)


def explain_access(*, subscription_id: int, at: datetime) -> Explanation:
    """Why this service has internet or not, from what is known at `at`; four queries at most."""
    decision = RadiusDecision.objects.filter(subscription_id=subscription_id).first()
    if decision is None:
        return Explanation("NO_SERVICE", NO_SERVICE)
    if decision.state != RadiusDecision.State.FULL:
        text = BLOCKED.get(decision.reason, BLOCKED["ADMIN"])
        return Explanation(decision.reason, text)
    session = (
        Session.objects.filter(subscription_id=subscription_id).order_by("-started_at").first()
    )
    if session is not None:
        return _online(session)
    last = (
        SessionHistory.objects.filter(subscription_id=subscription_id)
        .order_by("-stopped_at")
        .first()
    )
    return _offline(subscription_id=subscription_id, last=last, at=at)


def _online(session: Session) -> Explanation:
    since = _local(session.started_at)
    if session.state == Session.State.SUSPECT:
        return Explanation("SUSPECT", SUSPECT, values={"when": _local(session.last_seen_at)})
    if session.is_guest:
        return Explanation("ONLINE_GUEST", ONLINE_GUEST, values={"when": since})
    values = {"when": since, "ip": session.framed_ip or "—"}
    return Explanation("ONLINE", ONLINE, is_fine=True, values=values)


def _offline(*, subscription_id: int, last: SessionHistory | None, at: datetime) -> Explanation:
    rejects = RejectLog.objects.filter(subscription_id=subscription_id, last_at__gt=at - RECENT)
    if last is not None:
        rejects = rejects.filter(last_at__gt=last.stopped_at)
    reject = rejects.order_by("-at").first()
    if reject is not None and reject.last_at is not None:
        text = REJECTED.get(reject.reason, REJECTED_OTHERWISE)
        values = {"when": _local(reject.last_at), "reason": reject.reason}
        return Explanation(reject.reason, text, values=values)
    if last is None:
        return Explanation("NEVER_SEEN", NEVER)
    values = {"when": _local(last.stopped_at), "cause": last.terminate_cause}
    return Explanation("OFFLINE", OFFLINE, values=values)


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(KYIV):%d.%m.%Y %H:%M}"
