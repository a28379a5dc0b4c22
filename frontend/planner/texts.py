"""Texts that the planner's scripts put on the page; {name} is filled in there."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from frontend.planner import file_texts, review_texts, tool_texts

# A count whose plural form stands for all counts of that form (CLDR names, as browsers use them).
EXAMPLES = {"one": 1, "few": 2, "many": 5, "other": 5}

COUNTED: dict[str, Callable[[int], str]] = {
    "buildings": lambda n: ngettext("{count} building inside", "{count} buildings inside", n),
    "points": lambda n: ngettext("{count} corner", "{count} corners", n),
    "drafts": lambda n: ngettext("{count} draft of yours", "{count} drafts of yours", n),
    "houses": lambda n: ngettext("{count} building", "{count} buildings", n),
}


def counted_texts() -> dict[str, str]:
    """The forms of each counted text: buildings_one, buildings_few and so on."""
    return {
        f"{key}_{form}": text(example)
        for key, text in (
            COUNTED | file_texts.COUNTED | review_texts.COUNTED | tool_texts.COUNTED
        ).items()
        for form, example in EXAMPLES.items()
    }


def texts() -> dict[str, str]:
    """Every text by its key, in the language of the request."""
    return (
        counted_texts()
        | file_texts.file_texts()
        | review_texts.review_texts()
        | tool_texts.tool_texts()
        | _list_texts()
        | _zone_texts()
        | _version_texts()
        | _impact_texts()
        | _conflict_texts()
    )


def _list_texts() -> dict[str, str]:
    """The list of zones, and what any part of the page says."""
    return {
        "ha": _("ha"),
        "m2": _("m²"),
        "failed": _("That did not work. Try again in a moment."),
        "offline": _("There is no connection to the server. What you drew is still here."),
        "draft": _("draft"),
        "draft_mine": _("your draft"),
        "draft_of": _("draft of {name}"),
        "stale": _("outdated"),
        "no_zones_found": _("No zone has this name."),
        "priority": _("priority {value}"),
        "until": _("until {day}"),
    }


def _zone_texts() -> dict[str, str]:
    """The zone that is open: its outline, its faults, what the mouse does now."""
    return {
        "new_zone": _("New zone"),
        "edit_zone": _("Zone"),
        "part": _("Part {number}"),
        "show": _("Show"),
        "remove": _("Remove"),
        "fill_holes": _("Fill the holes"),
        "nothing_drawn": _("Draw the outline on the map, or give it as text."),
        "accept_repair": _("Accept the repair"),
        "repair_offered": _("It can be repaired like this (green on the map):"),
        "outline_ok": _("The outline is correct"),
        "checking": _("Checking…"),
        "zoom_to_problem": _("Show the place"),
        "leave": _("The outline is not saved. Leave it?"),
        "mode_draw": _("Click the corners; click the first one to finish. Esc cancels."),
        "mode_cut": _("Draw what is to be cut out: a hole or an edge. Esc cancels."),
        "mode_edit": _(
            "Drag corners; drag the middle of a side for a new one; right-click removes."
        ),
        "mode_view": "",
        "retire_hint": _("Retired: nobody can be connected here any more; the history stays."),
    }


def _version_texts() -> dict[str, str]:
    """What was done with a zone, and its versions."""
    return {
        "saved": _("The draft is saved. Nobody but planners sees it yet."),
        "discarded": _("The draft is put aside."),
        "published": _("Published. The map and the availability answers follow it from now on."),
        "version_now": _("on the map now"),
        "version_span": "{start} – {end}",
        "version_since": _("since {start}"),
        "rollback": _("Publish this version again"),
        "rollback_drafted": _(
            "The earlier version is a draft of yours. Look at the impact, then publish it."
        ),
    }


def _impact_texts() -> dict[str, str]:
    """What publishing will change, and what stands in its way."""
    return {
        "gained": _("gains"),
        "lost": _("loses"),
        "buildings_before_after": _("buildings: {before} → {after}"),
        "status_stays": _("status: {status}"),
        "status_moves": _("status: {old} → {new}"),
        "priority_moves": _("priority: {old} → {new}"),
        "not_on_map": _("not on the map"),
        "nothing_else": _("Nothing else is touched: no services, requests or prices."),
        "overlap": _("“{mine}” and “{other}” overlap by {area}"),
        "trim": _("Cut it out of “{name}”"),
        "change_priority": _("Change the priority of “{name}”"),
        "trimmed": _("Cut. Look at the outline, then save it."),
        "publish_blocked": _("Settle what is marked in red first."),
        "publish_not_permitted": _("You may draw, but publishing is for people with that right."),
        "confirm_publish": _("Publish now"),
    }


def _conflict_texts() -> dict[str, str]:
    """Two people drew one zone: what differs."""
    return {
        "stale_who": _("{name} changed this zone while you were drawing."),
        "stale_somebody": _("This zone was changed while you were drawing."),
        "only_mine": _("Only in yours: {area}"),
        "only_theirs": _("Only in theirs: {area}"),
        "field_name": pgettext("zone", "Name"),
        "field_network_type": _("Network"),
        "field_priority": _("Priority"),
        "field_status": _("Status"),
        "field_planned_for_date": _("Planned for"),
        "field_comment": _("Comment"),
        "empty": pgettext("value of a field", "none"),
    }


def geoman_texts() -> dict[str, dict[str, str]]:
    """The hints at the mouse while drawing."""
    return {
        "tooltips": {
            "firstVertex": _("Click where the outline begins"),
            "continueLine": _("Click the next corner"),
            "finishLine": _("Click the last point again to finish"),
            "finishPoly": _("Click the first corner to finish"),
        },
        "actions": {
            "finish": _("Finish"),
            "cancel": _("Cancel"),
            "removeLastVertex": _("Take the last corner back"),
        },
    }
