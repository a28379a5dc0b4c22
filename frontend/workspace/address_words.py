"""Words of IP addresses: kinds, modes, how one is held, what is wrong."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

KINDS: dict[str, Any] = {
    "IPV4": _("IPv4"),
    "IPV6_PREFIX": _("IPv6, the link"),
    "DELEGATED": _("IPv6, delegated"),
}
MODES: dict[str, Any] = {
    "PERMANENT": _("for good"),
    "DYNAMIC": _("for the session"),
}
HOLDINGS: dict[str, Any] = {
    "ASSIGNED": pgettext_lazy("address", "own"),
    "HELD": pgettext_lazy("address", "held for a login"),
    "IN_USE": pgettext_lazy("address", "in a session"),
    "GRACE": pgettext_lazy("address", "just left"),
    "RESTING": pgettext_lazy("address", "resting"),
    "RESERVED": pgettext_lazy("address", "reserved"),
    "FREE": pgettext_lazy("address", "free"),
}
SOURCES: dict[str, Any] = {
    "RULE": _("by rule"),
    "STAFF": _("by hand"),
    "IMPORT": _("imported"),
    "SESSION": _("found in a session"),
}
CONDITIONS: dict[str, Any] = {
    "account": _("another subscriber"),
    "tariff": _("another tariff"),
    "zone": _("another zone"),
    "network_type": _("another network"),
    "admin_unit": _("another place"),
}
# title, what it means and what to do
CONFLICTS: dict[str, tuple[Any, Any]] = {
    "OTHERS": (
        _("A session on an address of somebody else"),
        _(
            "The BRAS let it in with an address that another service holds. End the session, or "
            "free the address if nobody needs it."
        ),
    ),
    "TWICE": (
        _("Two sessions on one address"),
        _("The older one is shown. One of the two has no working internet: end it."),
    ),
    "NOT_DECIDED": (
        _("A session on another address than decided"),
        _("End it to get the decided address at the next login, or make the present one its own."),
    ),
    "CLAIM": (
        _("Two services want one address"),
        _("A file that was imported names it for one, and another one holds it."),
    ),
    "RESERVED": (
        _("An address of a reserved range is held"),
        _("Let the rules choose another one for the service."),
    ),
    "OUTSIDE_SESSION": (
        _("A session on an address that no pool has"),
        _("The BRAS gives it from a pool of its own. Make a pool of this range to watch it."),
    ),
    "OUTSIDE_OWN": (
        _("An own address that no pool has"),
        _("Make a pool with this range, or let the rules choose another address."),
    ),
    "NOT_BY_RULE": (
        _("An address of a pool that no rule names now"),
        _("The rules or the service have changed. It keeps working; move it when it suits."),
    ),
}
