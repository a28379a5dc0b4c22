"""Words of the demand map: choices of the filter, what scripts put on the page."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from coverage.answers import Reason
from coverage.demand.wanted import BY_BUILDING, KIND_OF, WIDTHS_M
from frontend.states import state_of

EXAMPLES = {"one": 1, "few": 2, "many": 5, "other": 5}

# Only reasons that a household without service can hear.
REASONS: dict[Reason, Any] = {
    Reason.OUTSIDE_ZONE: gettext_lazy("outside of every zone"),
    Reason.NEAR_EDGE: gettext_lazy("close to the edge of a zone"),
    Reason.BUILDING_NOT_WIRED: gettext_lazy("the house is not wired"),
    Reason.NO_FREE_PORT: gettext_lazy("no free port"),
    Reason.TECH_LIMIT: gettext_lazy("technical limit"),
    Reason.OVERRIDDEN: gettext_lazy("noted by a planner: not available"),
    Reason.ADDRESS_AMBIGUOUS: gettext_lazy("the address may mean several houses"),
    Reason.ADDRESS_UNKNOWN: gettext_lazy("the address is not in the list"),
    Reason.PLANNED: gettext_lazy("the zone is planned"),
    Reason.BUILDING: gettext_lazy("the zone is being built"),
}
CHANNELS: dict[str, Any] = {
    "PUBLIC": pgettext_lazy("channel of a check", "public site"),
    "API": pgettext_lazy("channel of a check", "other programs"),
    "OPERATOR": pgettext_lazy("channel of a check", "operators"),
    "SYSTEM": pgettext_lazy("channel of a check", "the system itself"),
}
TRENDS: dict[str, Any] = {
    "RISING": pgettext_lazy("trend", "rising"),
    "FALLING": pgettext_lazy("trend", "falling"),
    "STEADY": pgettext_lazy("trend", "steady"),
}
LEVELS: dict[str, Any] = {
    "ZONE": gettext_lazy("price of the zone"),
    "LOCALITY": gettext_lazy("price of the locality"),
    "DEFAULT": gettext_lazy("price everywhere"),
}


def cell_choices() -> dict[int, Any]:
    """The sizes of cells for the filter."""
    widths = {width: _("%(width)d m wide") % {"width": width} for width in WIDTHS_M}
    return {**widths, BY_BUILDING: _("single buildings")}


def answer_choices() -> dict[str, Any]:
    """The answers that leave a household waiting."""
    return {str(answer): state_of(kind="answer", value=str(answer)).word for answer in KIND_OF}


def map_texts() -> dict[str, Any]:
    """What the scripts of the demand map say; {name} is filled in there."""
    counted = {
        f"wishes_{form}": ngettext("{count} household waits", "{count} households wait", example)
        for form, example in EXAMPLES.items()
    }
    return counted | {
        "requests": _("requests"),
        "failed": _("refused or unclear"),
        "planned": _("told of plans"),
        "whole_period": _("the whole period"),
        "play": _("Play"),
        "stop": _("Stop"),
        "from_to": _("{low} to {high}"),
        "from_on": _("{low} and more"),
        "of_bucket": _("{count} in {bucket}"),
        "copied": _("The link is in the clipboard."),
    }


def what_if_texts() -> dict[str, Any]:
    """What the what-if says in the planner's panel."""
    counted = {
        f"{key}_{form}": text(example)
        for form, example in EXAMPLES.items()
        for key, text in {
            "wi_buildings": lambda n: ngettext("{count} building", "{count} buildings", n),
            "wi_flats": lambda n: ngettext("{count} flat", "{count} flats", n),
            "wi_wishes": lambda n: ngettext(
                "{count} household has asked and waits", "{count} households have asked and wait", n
            ),
            "wi_requests": lambda n: ngettext("{count} request", "{count} requests", n),
            "wi_clients": lambda n: ngettext("{count} client", "{count} clients", n),
        }.items()
    }
    return counted | {
        "wi_numbered": _("{numbered} with a house number, {rest} without"),
        "wi_flats_known": _("counted in {buildings} of {all} buildings"),
        "wi_flats_guessed": _("about {count} more by floors and footprint ({buildings} blocks)"),
        "wi_flats_unknown": _("flats are not known"),
        "wi_served": _("{count} of them we serve today"),
        "wi_served_none": _("we serve none of them today"),
        "wi_homes": _("homes to win: about {count}"),
        "wi_failed": _("{count} refused or unclear"),
        "wi_planned": _("{count} told of plans"),
        "wi_wishes_none": _("Nobody from here has asked in the last year."),
        "wi_met_before": _("asked here and served since: {count}"),
        "wi_zone": _("“{name}”, {network}, {status}: {buildings}, {area}"),
        "wi_no_zones": _("No other zone reaches into it."),
        "wi_no_prices": _("No tariff is priced here: first set a price for this network."),
        "wi_a_month": _("{price} a month"),
        "wi_income": _("{percent} % of homes: {clients}, {least} to {most} a month"),
        "wi_income_same": _("{percent} % of homes: {clients}, {least} a month"),
        "wi_income_unknown": _("{percent} % of homes: {clients}, income unknown without prices"),
        "wi_shared": _("The report is ready:"),
        "wi_nothing_drawn": _("Draw the outline first."),
        "wi_ladder": _("why this price"),
        "wi_everywhere": _("place not known"),
    }
