"""Words of the pages about access servers and live changes."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

KINDS: dict[str, Any] = {
    "PENDING": pgettext_lazy("action", "to be found"),
    "NOTHING": pgettext_lazy("action", "nothing to do"),
    "COA": pgettext_lazy("action", "change without a break (CoA)"),
    "SERVICE_SWAP": pgettext_lazy("action", "services switched (CoA)"),
    "DISCONNECT": pgettext_lazy("action", "reconnection (Disconnect)"),
}
# What a session will see of a change, told before it happens.
FORETOLD: dict[str, Any] = {
    "PENDING": _("is told at once"),
    "NOTHING": _("nothing to do: the session has it already"),
    "COA": _("is changed without a break (CoA)"),
    "SERVICE_SWAP": _("services are switched without a break (CoA)"),
    "DISCONNECT": _("is ended (Disconnect); the router comes back by itself within a minute"),
}
CAUSES: dict[str, Any] = {
    "ACCESS_CLOSED": _("access closed"),
    "ACCESS_OPENED": _("access opened"),
    "PROFILE_CHANGED": _("speed or address changed"),
    "REFUSED": _("the BRAS refused a change"),
    "SILENT": _("the BRAS did not answer"),
    "NOT_APPLIED": _("confirmed, but not done"),
    "DRIFT": _("mending"),
    "STAFF": _("ended by staff"),
    "REAUTHORIZED": _("re-authorized by staff"),
    "SUPERSEDED": _("a newer session took its place"),
    "EQUIPMENT": _("another device or port"),
    "CREDENTIALS": _("another login or password"),
    "MODE": _("told apart in another way"),
    "STRANGER": _("nobody's session"),
}
DRIFT: dict[str, Any] = {
    "ACCESS": _("online against the decision"),
    "PROFILE": _("another speed or address"),
    "WAITING": _("being sent"),
    "NAK": _("refused by the BRAS"),
    "TIMEOUT": _("no answer, will be tried again"),
    "NOT_APPLIED": _("confirmed, but not done"),
    "DEAD": _("given up"),
    "UNPROVEN": _("confirmed, not yet proven"),
    "STALE": _("the BRAS does not know the session"),
}
NOBODY: dict[str, Any] = {
    "UNKNOWN": _("online without a service"),
    "OVERSTAYED": _("a guest whose time is over"),
    "GUEST": _("a stranger with guest access"),
}
# Error-Cause of RFC 5176, section 3.5.
# What came back of one request, where the BRAS's own word (ACK, NAK) would not do.
VERDICTS: dict[str, Any] = {"TIMED_OUT": pgettext_lazy("action", "no answer")}
ERROR_CAUSES: dict[str, Any] = {
    "401": _("attribute not supported"),
    "402": _("attribute missing"),
    "403": _("not the right BRAS"),
    "404": _("request not understood"),
    "405": _("service not supported"),
    "406": _("extension not supported"),
    "407": _("value not accepted"),
    "501": _("forbidden by the BRAS's settings"),
    "503": _("no such session"),
    "504": _("session cannot be removed"),
    "505": _("other side failed"),
    "506": _("no resources"),
    "508": _("several sessions match"),
}
CAPABILITIES: dict[str, tuple[Any, Any]] = {
    "guest_wall": (
        _("wall for guests"),
        _("what its driver names (filter, redirect) is set up on it; else no guest gets in"),
    ),
    "guest_wall_ipv6": (
        _("wall for IPv6"),
        _("the wall for guests stops IPv6 too; else a guest has none and is reconnected for it"),
    ),
    "coa": (_("takes CoA"), _("a running session can be changed at all")),
    "coa_rate": (_("speed by CoA"), _("a new speed comes without a reconnection")),
    "redirect": (_("wall by CoA"), _("a guest is let out, and walled in, without a reconnection")),
    "coa_address": (_("address by CoA"), _("a new address comes without a reconnection")),
    "multi_service": (_("several services"), _("IPTV and others beside the internet")),
    "ack_unreliable": (
        _("a yes is no proof"),
        _("only what accounting shows afterwards counts as done"),
    ),
}
CHECKS: dict[str, Any] = {
    "": _("not checked yet"),
    "STATUS": _("answers"),
    "SESSION": _("answers"),
    "SILENT": _("silent"),
}
SECTIONS: dict[str, tuple[Any, Any]] = {
    "accept_templates": (_("Access-Accept"), _("what a session gets when it logs in")),
    "coa_set": (_("CoA: set"), _("how a running session is told the new value")),
    "coa_clear": (_("CoA: take back"), _("how the old value is taken away")),
    "identify": (_("Name of the session"), _("by what the BRAS finds it")),
    "disconnect": (_("Disconnect: also"), _("what goes with a Disconnect beside the name")),
    "opt82_sources": (_("Option 82 comes in"), _("circuit; remote, the first that is there")),
    "mac_sources": (_("MAC comes in"), _("the first that is there")),
    "echo": (
        _("Proof in accounting"),
        _("attributes of accounting that tell what the BRAS really applies"),
    ),
}
PROBLEMS: dict[str, Any] = {
    "NOT_A_LINE": _("this is no line: concern, when, attribute, := or +=, value"),
    "UNKNOWN_WORD": _("unknown word"),
    "UNKNOWN_ATTRIBUTE": _("the dictionary has no such attribute"),
    "NO_TAG": _("this attribute has no tag"),
    "UNKNOWN_PLACE": _("unknown place"),
    "TOO_LONG": _("too long for the attribute"),
    "NOT_A_NUMBER": _("the attribute takes a whole number"),
    "NOT_A_VALUE": _("not one of the attribute's values"),
    "TOO_BIG": _("too big for the attribute at 10 Gbit/s: take a place that ends in _bit_32"),
    "NOT_AN_ADDRESS": _("the attribute takes an address"),
    "TOO_MANY_LINES": _("too many lines"),
    "BAD_CODE": _("a code is of small Latin letters, digits and _"),
    "BAD_TITLE": _("write a name"),
    "BAD_PORT": _("a port is from 1 to 65535"),
    "NO_CLASS": _("without {class_text} accounting could not be told apart"),
    "NO_IDENTITY": _("nothing names the session"),
    "NO_RATE": _("nothing here sets a speed, though the BRAS takes one by CoA"),
    "NO_WALL": _("nothing here walls a guest in, though the BRAS can by CoA"),
    "TOO_MANY": _("too many drivers"),
}
