"""How the happenings of a place look on its time line: a title, an icon, a tone."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from coverage.happenings import Kind
from frontend.states import State

# Filters above the list; a surveyed fact is about coverage for whoever looks for it.
FILTERS: dict[str, tuple[Any, frozenset[Kind]]] = {
    "checks": (_("Checks"), frozenset({Kind.CHECK})),
    "coverage": (_("Coverage"), frozenset({Kind.COVERAGE, Kind.OVERRIDE})),
    "requests": (_("Requests"), frozenset({Kind.REQUEST})),
    "services": (pgettext_lazy("time line", "Services"), frozenset({Kind.SERVICE})),
    "plans": (_("Tariffs and terms"), frozenset({Kind.PLAN})),
}

TITLES: dict[tuple[str, str], State] = {
    (Kind.CHECK, "MADE"): State("off", "ti-search", _("Availability checked")),
    (Kind.COVERAGE, "BEGAN"): State("brand", "ti-map-plus", _("A zone reaches the building")),
    (Kind.COVERAGE, "CHANGED"): State("work", "ti-map-2", _("The zone changes here")),
    (Kind.COVERAGE, "ENDED"): State("debt", "ti-map-off", _("The zone leaves the building")),
    (Kind.OVERRIDE, "BEGAN"): State("guest", "ti-hand-stop", _("Surveyed on the spot")),
    (Kind.OVERRIDE, "ENDED"): State("off", "ti-hand-off", _("The surveyed exception ends")),
    (Kind.REQUEST, "FILED"): State("work", "ti-file-plus", _("Connection asked for")),
    (Kind.REQUEST, "INSTALLED"): State("online", "ti-file-check", _("Request carried out")),
    (Kind.REQUEST, "REJECTED"): State("debt", "ti-file-x", _("Request rejected")),
    (Kind.REQUEST, "CANCELLED"): State("off", "ti-file-x", _("Request cancelled")),
    (Kind.SERVICE, "SOLD"): State("brand", "ti-plug-connected", _("Service sold")),
    (Kind.SERVICE, "STARTED"): State("online", "ti-circle-check", _("Service begins")),
    (Kind.SERVICE, "ENDED"): State("off", "ti-plug-off", _("Service ended")),
    (Kind.SERVICE, "PAUSED"): State("pause", "ti-player-pause", _("Service on hold")),
    (Kind.SERVICE, "RESUMED"): State("online", "ti-player-play", _("The pause ends")),
    (Kind.SERVICE, "BLOCKED"): State("debt", "ti-lock", _("Service blocked")),
    (Kind.SERVICE, "UNBLOCKED"): State("online", "ti-lock-open", _("Block lifted")),
    (Kind.PLAN, "TARIFF"): State("brand", "ti-arrows-exchange", _("Another tariff")),
    (Kind.PLAN, "TERMS"): State("work", "ti-map-pin-dollar", _("Terms of a new map")),
}

CHECK_CHANNELS: dict[str, Any] = {
    "PUBLIC": pgettext_lazy("who asked", "public site"),
    "API": pgettext_lazy("who asked", "API"),
    "OPERATOR": pgettext_lazy("who asked", "operator"),
    "SYSTEM": pgettext_lazy("who asked", "system"),
}
