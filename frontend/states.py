"""One colour, one icon and one word for each state, the same on every page.

`kind` is the thing ("zone", "service", …), `value` what is stored; `{% state_badge kind value %}`
shows it. Colours ("tones") are defined in `src/shared/base.css`; the build reads the icons' names
("ti-wifi") out of this file.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class State:
    """How a state looks: its tone (a colour with a tint), icon and word."""

    tone: str
    icon: str
    word: Any


UNKNOWN = State(tone="off", icon="ti-help-circle", word=_("unknown"))

SERVICE = {
    "ONLINE": State(tone="online", icon="ti-wifi", word=_("online")),
    "OFFLINE": State(tone="off", icon="ti-wifi-off", word=_("offline")),
    "GUEST": State(tone="guest", icon="ti-user-question", word=pgettext_lazy("access", "guest")),
    "DEBT": State(tone="debt", icon="ti-coin-off", word=_("blocked: debt")),
    "ADMIN": State(tone="admin", icon="ti-lock", word=_("blocked by the provider")),
    "ABUSE": State(tone="admin", icon="ti-shield-x", word=_("blocked: abuse")),
    "PAUSED": State(tone="pause", icon="ti-player-pause", word=_("on hold")),
    "ACTIVE": State(tone="online", icon="ti-circle-check", word=_("active")),
    "DRAFT": State(tone="off", icon="ti-file-pencil", word=_("not yet active")),
    "TERMINATED": State(tone="off", icon="ti-circle-x", word=_("ended")),
}
ZONE = {
    "IN_SERVICE": State(tone="brand", icon="ti-circle-check", word=_("in service")),
    "BUILDING": State(tone="work", icon="ti-crane", word=_("being built")),
    "PLANNED": State(tone="plan", icon="ti-calendar-time", word=_("planned")),
    "SUSPENDED": State(tone="debt", icon="ti-player-pause", word=_("suspended")),
    "DRAFT": State(tone="pause", icon="ti-pencil", word=pgettext_lazy("zone", "draft")),
    "RETIRED": State(tone="off", icon="ti-archive", word=_("retired")),
}
ANSWER = {
    "AVAILABLE": State(tone="online", icon="ti-circle-check-filled", word=_("available now")),
    "PLANNED": State(tone="plan", icon="ti-calendar-time", word=_("planned")),
    "SUSPENDED": State(tone="debt", icon="ti-player-pause", word=_("suspended")),
    "NEEDS_SURVEY": State(
        tone="guest", icon="ti-zoom-question", word=_("needs a look on the spot")
    ),
    "NO_COVERAGE": State(tone="off", icon="ti-map-off", word=_("not here yet")),
}
REQUEST = {
    "NEW": State(tone="plan", icon="ti-inbox", word=pgettext_lazy("request", "new")),
    "VERIFIED": State(tone="brand", icon="ti-checks", word=pgettext_lazy("request", "verified")),
    "SCHEDULED": State(
        tone="guest", icon="ti-calendar-event", word=pgettext_lazy("request", "scheduled")
    ),
    "INSTALLED": State(
        tone="online", icon="ti-circle-check", word=pgettext_lazy("request", "installed")
    ),
    "REJECTED": State(tone="debt", icon="ti-circle-x", word=pgettext_lazy("request", "rejected")),
    "CANCELLED": State(tone="off", icon="ti-ban", word=pgettext_lazy("request", "cancelled")),
}
MONEY = {
    "CREDIT": State(
        tone="credit", icon="ti-arrow-down-left", word=pgettext_lazy("money", "credit")
    ),
    "DEBIT": State(tone="off", icon="ti-arrow-up-right", word=pgettext_lazy("money", "debit")),
    "REVERSED": State(
        tone="reversed", icon="ti-arrow-back-up", word=pgettext_lazy("money", "reversed")
    ),
    "PENDING": State(tone="pending", icon="ti-clock", word=pgettext_lazy("money", "pending")),
}
PAYMENT = {
    "CREATED": State(tone="pending", icon="ti-clock", word=pgettext_lazy("payment", "created")),
    "PENDING": State(tone="pending", icon="ti-clock", word=pgettext_lazy("payment", "pending")),
    "CONFIRMED": State(
        tone="credit", icon="ti-circle-check", word=pgettext_lazy("payment", "confirmed")
    ),
    "REVERSED": State(
        tone="reversed", icon="ti-arrow-back-up", word=pgettext_lazy("payment", "reversed")
    ),
    "TRANSFERRED": State(
        tone="plan", icon="ti-transfer", word=pgettext_lazy("payment", "moved to another contract")
    ),
    "FAILED": State(tone="debt", icon="ti-circle-x", word=pgettext_lazy("payment", "failed")),
    "CANCELLED": State(tone="off", icon="ti-ban", word=pgettext_lazy("payment", "cancelled")),
    "UNALLOCATED": State(
        tone="guest", icon="ti-user-question", word=pgettext_lazy("payment", "payer not found")
    ),
}
PAYMENT |= {
    "ALLOCATED": State(
        tone="credit", icon="ti-user-check", word=pgettext_lazy("payment", "payer found")
    ),
    "PUT_BACK": State(
        tone="guest", icon="ti-arrow-back-up", word=pgettext_lazy("payment", "waits for its payer")
    ),
    "REFUNDED": State(
        tone="reversed", icon="ti-arrow-back-up", word=pgettext_lazy("payment", "part went back")
    ),
    "REFUND_ASKED": State(
        tone="pending", icon="ti-clock", word=pgettext_lazy("payment", "refund asked for")
    ),
    "REFUND_HEARD": State(
        tone="pending", icon="ti-clock", word=pgettext_lazy("payment", "refund told too early")
    ),
    "REFUND_SETTLED": State(
        tone="online", icon="ti-checks", word=pgettext_lazy("payment", "refund settled")
    ),
    "REFUND_APPROVED": State(
        tone="online", icon="ti-checks", word=pgettext_lazy("payment", "refund approved")
    ),
    "REFUND_DECLINED": State(
        tone="off", icon="ti-ban", word=pgettext_lazy("payment", "refund declined")
    ),
    "CONFLICT": State(
        tone="debt", icon="ti-alert-triangle", word=pgettext_lazy("payment", "conflict")
    ),
    "CONFLICT_SEEN": State(
        tone="online", icon="ti-checks", word=pgettext_lazy("payment", "conflict looked into")
    ),
}
# A try at a payment system, a refund.
ATTEMPT = {
    "CREATED": State(tone="pending", icon="ti-clock", word=pgettext_lazy("attempt", "begun")),
    "SENT": State(tone="pending", icon="ti-clock", word=pgettext_lazy("attempt", "sent")),
    "SUCCEEDED": State(
        tone="credit", icon="ti-circle-check", word=pgettext_lazy("attempt", "succeeded")
    ),
    "FAILED": State(tone="debt", icon="ti-circle-x", word=pgettext_lazy("attempt", "failed")),
    "UNKNOWN": State(
        tone="guest", icon="ti-help-circle", word=pgettext_lazy("attempt", "being asked about")
    ),
    "HEARD": State(
        tone="pending", icon="ti-clock", word=pgettext_lazy("attempt", "waits for its payment")
    ),
    "WAITS": State(
        tone="pending", icon="ti-users", word=pgettext_lazy("attempt", "waits for a second person")
    ),
}
# How a payment system does.
PROVIDER = {
    "FINE": State(tone="online", icon="ti-circle-check", word=pgettext_lazy("provider", "fine")),
    "FAILING": State(
        tone="debt", icon="ti-alert-triangle", word=pgettext_lazy("provider", "in trouble")
    ),
    "SILENT": State(tone="guest", icon="ti-zzz", word=pgettext_lazy("provider", "silent")),
    "OFF": State(tone="off", icon="ti-ban", word=pgettext_lazy("provider", "not in use")),
}
# A row of a payment system's list beside ours.
REGISTER = {
    "MATCHED": State(tone="credit", icon="ti-checks", word=pgettext_lazy("register", "the same")),
    "MISSING_HERE": State(
        tone="debt", icon="ti-arrow-down-left", word=pgettext_lazy("register", "missing here")
    ),
    "MISSING_THERE": State(
        tone="debt", icon="ti-arrow-up-right", word=pgettext_lazy("register", "missing there")
    ),
    "AMOUNT_DIFFERS": State(
        tone="guest", icon="ti-alert-triangle", word=pgettext_lazy("register", "amount differs")
    ),
    "ACCOUNT_DIFFERS": State(
        tone="guest", icon="ti-user-question", word=pgettext_lazy("register", "contract differs")
    ),
    "NOT_CREDITED": State(
        tone="guest", icon="ti-clock", word=pgettext_lazy("register", "not credited here")
    ),
    "REPEATED": State(
        tone="debt", icon="ti-copy", word=pgettext_lazy("register", "the number stands twice")
    ),
    "UNLISTED": State(tone="off", icon="ti-list", word=pgettext_lazy("register", "no list yet")),
}
# An operation of a person with a client's money.
OPERATION = {
    "PENDING": State(
        tone="pending", icon="ti-clock", word=pgettext_lazy("operation", "waits for approval")
    ),
    "POSTED": State(
        tone="credit", icon="ti-circle-check", word=pgettext_lazy("operation", "posted")
    ),
    "REFUSED": State(tone="debt", icon="ti-circle-x", word=pgettext_lazy("operation", "refused")),
    "WITHDRAWN": State(tone="off", icon="ti-ban", word=pgettext_lazy("operation", "withdrawn")),
}
RUN = {
    "PENDING": State(tone="pending", icon="ti-clock", word=pgettext_lazy("run", "waiting")),
    "RUNNING": State(tone="plan", icon="ti-player-play", word=pgettext_lazy("run", "running")),
    "DONE": State(tone="online", icon="ti-circle-check", word=pgettext_lazy("run", "done")),
    "FAILED": State(tone="debt", icon="ti-alert-triangle", word=pgettext_lazy("run", "failed")),
}
JOB = {
    "DRAFT": State(tone="off", icon="ti-file-pencil", word=pgettext_lazy("job", "not started")),
    "QUEUED": State(tone="pending", icon="ti-clock", word=pgettext_lazy("job", "waiting")),
    "RUNNING": State(tone="plan", icon="ti-player-play", word=pgettext_lazy("job", "at work")),
    "STOPPING": State(tone="guest", icon="ti-hand-stop", word=pgettext_lazy("job", "stopping")),
    "DONE": State(tone="online", icon="ti-circle-check", word=pgettext_lazy("job", "done")),
    "FAILED": State(tone="debt", icon="ti-alert-triangle", word=pgettext_lazy("job", "failed")),
    "CANCELLED": State(tone="off", icon="ti-ban", word=pgettext_lazy("job", "cancelled")),
}
SESSION = {
    "OPEN": State(tone="online", icon="ti-wifi", word=pgettext_lazy("session", "open")),
    "SUSPECT": State(tone="guest", icon="ti-help-circle", word=pgettext_lazy("session", "suspect")),
    "CLOSED": State(tone="off", icon="ti-wifi-off", word=pgettext_lazy("session", "closed")),
}

ACTION = {
    "DESIRED": State(tone="pending", icon="ti-clock", word=pgettext_lazy("action", "waits")),
    "SENT": State(tone="pending", icon="ti-send", word=pgettext_lazy("action", "sent")),
    "ACKNOWLEDGED": State(
        tone="brand", icon="ti-check", word=pgettext_lazy("action", "acknowledged")
    ),
    "VERIFIED": State(tone="online", icon="ti-checks", word=pgettext_lazy("action", "verified")),
    "NAK": State(tone="debt", icon="ti-circle-x", word=pgettext_lazy("action", "refused")),
    "TIMED_OUT": State(
        tone="guest", icon="ti-clock-pause", word=pgettext_lazy("action", "no answer")
    ),
    "NOT_APPLIED": State(
        tone="debt", icon="ti-alert-triangle", word=pgettext_lazy("action", "not done")
    ),
    "OBSOLETE": State(tone="off", icon="ti-ban", word=pgettext_lazy("action", "not needed")),
    "DEAD": State(tone="debt", icon="ti-mail-off", word=pgettext_lazy("action", "given up")),
    "CANCELLED": State(tone="off", icon="ti-archive", word=pgettext_lazy("action", "left")),
}
NODE = {
    "IN_SERVICE": State(tone="brand", icon="ti-circle-check", word=_("in service")),
    "PLANNED": State(tone="plan", icon="ti-calendar-time", word=pgettext_lazy("node", "planned")),
    "OUT_OF_SERVICE": State(
        tone="debt", icon="ti-plug-x", word=pgettext_lazy("node", "out of service")
    ),
    "RETIRED": State(tone="off", icon="ti-archive", word=pgettext_lazy("node", "retired")),
    "FULL": State(tone="guest", icon="ti-alert-triangle", word=pgettext_lazy("node", "full")),
}
PORT = {
    "FREE": State(tone="online", icon="ti-plug", word=pgettext_lazy("port", "free")),
    "RESERVED": State(tone="plan", icon="ti-bookmark", word=pgettext_lazy("port", "reserved")),
    "IN_USE": State(tone="off", icon="ti-plug-connected", word=pgettext_lazy("port", "in use")),
    "BROKEN": State(tone="debt", icon="ti-plug-x", word=pgettext_lazy("port", "broken")),
    "FEEDS": State(tone="brand", icon="ti-arrow-fork", word=pgettext_lazy("port", "feeds a node")),
}
# What stands at a point of the network: each kind has its own icon and colour.
NODE_KIND = {
    "POP": State(tone="admin", icon="ti-building-broadcast-tower", word=_("point of presence")),
    "CABINET": State(tone="work", icon="ti-box", word=_("street cabinet")),
    "OLT": State(tone="pause", icon="ti-server-2", word="OLT"),
    "SWITCH": State(tone="plan", icon="ti-switch-horizontal", word=_("switch")),
    "SPLITTER": State(tone="brand", icon="ti-arrows-split-2", word=_("splitter")),
}

KINDS: dict[str, dict[str, State]] = {
    "service": SERVICE,
    "zone": ZONE,
    "answer": ANSWER,
    "request": REQUEST,
    "money": MONEY,
    "payment": PAYMENT,
    "attempt": ATTEMPT,
    "register": REGISTER,
    "provider": PROVIDER,
    "operation": OPERATION,
    "run": RUN,
    "session": SESSION,
    "action": ACTION,
    "node": NODE,
    "node_kind": NODE_KIND,
    "port": PORT,
    "job": JOB,
}


def state_of(*, kind: str, value: object) -> State:
    """How this value of this kind looks; a value that nobody described is shown as unknown."""
    return KINDS[kind].get(str(value).upper(), UNKNOWN)
