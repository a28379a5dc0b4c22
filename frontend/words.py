"""Words for stored codes that people see on several faces."""

from typing import Any

from django.utils.translation import gettext_lazy as _

NETWORK_NAMES: dict[str, Any] = {
    "FTTB": _("Fibre to the building"),
    "GPON": _("Fibre into the home"),
    "DOCSIS": _("Cable network"),
    "WIRELESS": _("Radio link"),
}


def network_name(network_type: str) -> Any:
    """What a network type is called on pages for clients."""
    return NETWORK_NAMES.get(network_type, network_type)
