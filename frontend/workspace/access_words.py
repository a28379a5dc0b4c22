"""Words of identity, guests and refusals."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

MODES: dict[str, Any] = {
    "AUTO": _("Login and password; without a password MAC and port"),
    "LOGIN": _("Login and password"),
    "MAC": _("MAC address"),
    "OPTION82": _("Switch port (Option 82)"),
    "TWO_OF_THREE": _("Two of three: login, MAC, port"),
}

FACTORS: dict[str, Any] = {
    "LOGIN": pgettext_lazy("factor", "login"),
    "PASSWORD": pgettext_lazy("factor", "password"),
    "MAC": pgettext_lazy("factor", "MAC"),
    "PORT": pgettext_lazy("factor", "port"),
}

REASONS: dict[str, Any] = {
    "UNKNOWN": _("nobody is known by this"),
    "CONFLICT": _("conflict: it leads to several services"),
    "NEW_MAC": _("new device"),
    "WRONG_PORT": _("on a line that is not its own"),
    "NO_PASSWORD": _("no password was sent"),
    "TOO_FEW": _("too little was sent"),
    "TOO_MANY_SESSIONS": _("too many devices online"),
    "TERMINATED": _("service terminated"),
    "NOT_ACTIVE": _("service not active yet"),
    "ABUSE": _("blocked for abuse"),
    "ADMIN": _("blocked by staff"),
    "PAUSED": _("paused"),
    "DEBT": _("blocked for debt"),
    "NO_PLAN": _("no tariff today"),
    "WRONG_PASSWORD": _("wrong password"),
    "OUTAGE": _("refused by the database alone"),
    "UNKNOWN_NAS": _("BRAS is not registered"),
}

FORMS: dict[str, Any] = {"HEX": _("hex digits"), "TEXT": _("text")}

# Why a rule did not fit, as `network.option82.parsing.attempt` says it.
MISFITS: dict[str, Any] = {
    "circuit": _("the circuit id does not match"),
    "remote": _("the remote id does not match"),
    "circuit-text": _("the circuit id is no text"),
    "remote-text": _("the remote id is no text"),
}

# Whether a registered port counts with another VLAN too (`network.port_keys`).
LINE_READ = _("counts as this port")
LINE_SHARED = _("a conflict: another service is registered at the same port")
LINE_AMBIGUOUS = _("does not count: the rules read different ports")
LINE_UNREAD = _("does not count: no rule that overlooks the VLAN reads both switch and port")


def factors(missed: str) -> str:
    """ "MAC,PORT" → "MAC, port"."""
    return ", ".join(str(FACTORS.get(one, one)) for one in missed.split(",") if one)
