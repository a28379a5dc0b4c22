"""Texts of the drawing tools that scripts put on the page; {name} is filled in there."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

COUNTED: dict[str, Callable[[int], str]] = {
    "parts": lambda n: ngettext("{count} part", "{count} parts", n),
    "around_chosen": lambda n: ngettext("{count} building chosen", "{count} buildings chosen", n),
    "around_others": lambda n: ngettext(
        "{count} more building inside that you have not chosen",
        "{count} more buildings inside that you have not chosen",
        n,
    ),
}


def tool_texts() -> dict[str, str]:
    """Texts by their keys, in the language of the request."""
    return _tools() | _inputs() | _drawing()


def _tools() -> dict[str, str]:
    return {
        "tool_split": _("Split by a line"),
        "tool_split_help": _(
            "Draw a line across the zone, from side to side. Nothing is lost: what does not stay"
            " becomes a new zone."
        ),
        "tool_merge": _("Merge with other zones"),
        "tool_merge_help": _("Choose zones in the list or by a click on the map."),
        "tool_subtract": _("Cut other zones away"),
        "tool_subtract_help": _(
            "What this zone shares with the chosen ones is taken from this one; they stay as they"
            " are."
        ),
        "tool_trim": _("Trim to the neighbours"),
        "tool_trim_help": _(
            "Whatever overlaps zones of the same network and priority is taken from this zone."
        ),
        "tool_along": _("Along a street or a line"),
        "tool_along_help": _(
            "Type a street, or click its line on the map, or draw a line of your own."
        ),
        "tool_around": _("Around chosen buildings"),
        "tool_around_help": _(
            "Click buildings on the map, draw around them, or type a street or a house."
        ),
        "tool_simplify": _("Fewer corners"),
        "tool_simplify_help": _("No side moves farther than you allow."),
        "tool_repair": _("Repair"),
        "tool_repair_help": _(
            "Crossings, touching rings and lost holes are put right. Look before you use it."
        ),
        "tool_needs_outline": _("Draw an outline first."),
        "tool_done": _("Done. Ctrl+Z takes it back; save the draft when it is right."),
        "nothing_shared": _("Nothing is shared: there is nothing to cut away."),
        "cut_away": _("{area} is taken away."),
        "split_draw": _("Draw the line"),
        "split_stays": _("What stays in this zone"),
        "piece_stays": _("Piece {number} stays"),
        "split_choose": _("Leave at least one piece here and at least one for the new zone."),
        "split_name": _("Name of the new zone"),
        "split_name_help": _("It gets the pieces that do not stay, as a draft of yours."),
        "split_done": _("“{name}” is a new draft. Save this zone too; undo takes both back."),
        "split_undone": _("Undone. The draft “{name}” is put aside too."),
        "merge_gap": _("Close gaps narrower than"),
        "merge_fate": _("What becomes of the other zones"),
        "merge_retire": _("Retire them together with this publication (drafts are made)"),
        "merge_keep": _("Keep them as they are"),
        "merge_keep_note": _(
            "Kept zones of the same network and priority will overlap this one; publishing is"
            " refused until one of them is cut or gets another priority."
        ),
        "merge_decide": _("Decide what becomes of the other zones."),
        "merge_comment": _("Merged into another zone"),
        "merge_done_retired": _(
            "Done. The drafts that retire the other zones are in the list; save this zone too."
        ),
        "merge_undone": _("Undone. The other zones are as they were before the merge."),
        "trim_whom": _("Neighbours: {network}, priority {priority}"),
        "simplify_metres": _("A side may move by at most"),
        "simplify_corners": _("Corners: {before} before, now {after}"),
        "simplify_same": _("No corner can be left out at this distance."),
        "repair_none": _("The outline is correct; there is nothing to repair."),
    }


def _inputs() -> dict[str, str]:
    return {
        "m": _("m"),
        "pick_zones": _("Zones"),
        "pick_zones_none": _("There are no other zones."),
        "find_zone": _("Find a zone"),
        "place_hint": _("Begin to type"),
        "place_none": _("Nothing begins like this."),
        "to_outline": _("The outline that is there"),
        "to_outline_add": _("Add to it"),
        "to_outline_instead": _("Put this in its place"),
        "along_width": _("To each side"),
        "along_street": _("Street"),
        "along_draw": _("Draw a line"),
        "along_my_line": _("Line drawn by hand"),
        "around_box": _("Box"),
        "around_lasso": _("Lasso"),
        "around_type": _("Street or house"),
        "around_clear": _("Clear the choice"),
        "around_none": _("No building is chosen yet."),
        "around_margin": _("Room around the walls"),
        "around_tightness": _("How close the outline lies"),
        "around_loose": _("loose"),
        "around_middle": _("middle"),
        "around_tight": _("tight"),
        "building_nameless": _("Building {id}"),
        "moves_inside": _("inside"),
        "moves_in": _("enter"),
        "moves_out": _("drop out"),
        "moves_buildings": _("Buildings"),
    }


def _drawing() -> dict[str, str]:
    return {
        "mode_sketch": _("Click along on the map; click the last point again to finish."),
        "mode_keys": _(
            "Arrows move, with Shift faster; Enter sets a corner, Backspace takes it back, Esc"
            " finishes."
        ),
        "snap_on": _("Snapping is on. Hold Alt to draw freely."),
        "snap_off": _("Snapping is off."),
        "corner_set": _("Corner {number} is set"),
        "corner_taken_back": _("The last corner is taken back, {count} left"),
        "corner_name": _("Corner {name}"),
        "corner_add": _("Add a corner after it"),
        "corner_remove": _("Remove the corner"),
        "corner_least": _("Three corners are the least. Remove the part or the hole instead."),
        "corner_bad": _("This is no coordinate: degrees, like 50.0123."),
        "corners_span": _("{from}–{to} of {all}"),
        "hole": _("Hole {number}"),
        "lat": _("Latitude"),
        "lon": _("Longitude"),
        "earlier": _("Earlier"),
        "later": _("Later"),
        "kept_title": _("Not saved yet"),
        "kept_go_on": _("Go on"),
        "kept_drop": _("Throw away"),
    }
