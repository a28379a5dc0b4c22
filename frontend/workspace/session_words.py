"""What the lines of a session's time line are called, and their icons and tones."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from network.events import Kind


@dataclass(frozen=True, slots=True)
class EventWord:
    """A kind of event in words; `text` says what it means for the subscriber."""

    title: Any
    text: Any
    icon: str
    tone: str


EVENTS: dict[str, EventWord] = {
    Kind.AUTHORIZE: EventWord(
        _("Let in"), _("The RADIUS server answered with an Accept."), "ti-login-2", "online"
    ),
    Kind.REJECT: EventWord(
        _("Refused"), _("The RADIUS server answered with a Reject."), "ti-hand-stop", "debt"
    ),
    Kind.START: EventWord(
        pgettext_lazy("session", "Began"),
        _("The access server says that the session has begun."),
        "ti-player-play",
        "online",
    ),
    Kind.STOP: EventWord(
        pgettext_lazy("session", "Ended"),
        _("The access server says that the session has ended."),
        "ti-player-stop",
        "off",
    ),
    Kind.COA: EventWord(
        _("Change on the fly"),
        _("We asked the access server to change the session (CoA)."),
        "ti-adjustments",
        "plan",
    ),
    Kind.DISCONNECT: EventWord(
        _("Disconnect"),
        _("We asked the access server to end the session."),
        "ti-plug-connected-x",
        "debt",
    ),
    Kind.BLOCK: EventWord(_("Blocked"), _("The service was blocked."), "ti-lock", "debt"),
    Kind.UNBLOCK: EventWord(
        _("Unblocked"), _("The block of the service ended."), "ti-lock-open", "online"
    ),
    Kind.PAUSE: EventWord(
        _("Paused"), _("The service was put on hold."), "ti-player-pause", "guest"
    ),
    Kind.RESUME: EventWord(
        _("Pause ended"), _("The service is on again."), "ti-player-play", "online"
    ),
    Kind.SUSPECT: EventWord(
        _("Not heard of"), _("No update came for long."), "ti-help-circle", "guest"
    ),
    Kind.LOST: EventWord(
        _("Lost"),
        _("Nothing was heard for so long that we closed the session at its last update."),
        "ti-wifi-off",
        "guest",
    ),
    Kind.REVIVED: EventWord(
        _("Heard of again"),
        _("An update came although we had closed the session: it goes on."),
        "ti-heartbeat",
        "online",
    ),
    Kind.BOOT: EventWord(
        _("Access server restarted"),
        _("With its restart all its sessions ended."),
        "ti-refresh-alert",
        "guest",
    ),
}
