"""Texts of the page of streets and buildings that scripts put there; {name} is filled in there."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from frontend.planner.texts import EXAMPLES

COUNTED: dict[str, Callable[[int], str]] = {
    "houses": lambda n: ngettext("{count} building", "{count} buildings", n),
    "units": lambda n: ngettext("{count} flat", "{count} flats", n),
    "services": lambda n: ngettext("{count} service", "{count} services", n),
    "left_out": lambda n: ngettext("{count} more is not shown", "{count} more are not shown", n),
}


def place_texts() -> dict[str, str]:
    """Every text by its key, in the language of the request."""
    return {
        **{
            f"{key}_{form}": text(example)
            for key, text in COUNTED.items()
            for form, example in EXAMPLES.items()
        },
        **_common(),
        **_streets(),
        **_houses(),
        **_units(),
        **_did(),
        **_fields(),
        **_codifier(),
    }


def _common() -> dict[str, str]:
    return {
        "failed": _("That did not work. Try again in a moment."),
        "offline": _("There is no connection to the server. Nothing has been changed."),
        "yes": _("yes"),
        "no": _("no"),
        "save": _("Save"),
        "add": _("Add"),
        "remove": _("Remove"),
        "saved": _("Saved."),
        "yes_do_it": _("Yes, do it"),
        "show_more": _("Show more"),
        "retire": _("Retire"),
        "retired": _("retired"),
        "retired_now": _("{name}: taken off the map. History stays."),
        "bring_back": _("Bring back"),
        "back_now": _("{name} is back."),
        "history": _("History"),
        "history_of": _("History: {name}"),
        "no_history": _("Nobody has changed this yet."),
        "undo_last": _("Undo the last change"),
        "undone": _("Undone."),
        "load_present": _("Show it as it is now"),
        "save_over": _("Save mine over it"),
        "pin_title": _("Drag it, or move it with the arrow keys"),
    }


def _streets() -> dict[str, str]:
    return {
        "new_street": _("New street"),
        "no_streets": _("No street has this name."),
        "no_houses": _("No houses yet. Click on the map where the first one stands."),
        "no_number": _("no number"),
        "until_name": _("{name} (until {day})"),
        "old_names": _("Earlier: {names}"),
        "rename": _("Rename"),
        "rename_of": _("Rename: {name}"),
        "renamed_on": _("New name since"),
        "renamed_help": _(
            "The old name keeps leading to this street, with the day on which it ended."
        ),
        "only_slip": _("Only a slip of the pen: forget the old spelling"),
        "renamed": _("Now: {name}"),
        "merge_street": _("Merge"),
        "merge_of": _("Merge: {name}"),
        "merge_street_help": _(
            "Choose the street that stays. All houses get its name; the name of this one"
            " becomes an old name of it."
        ),
        "which_stays": _("Which street stays?"),
        "street_into": _("{loser} → {winner}"),
        "street_into_help": _("{houses} will get the other name."),
        "collisions": _("Both streets have houses with these numbers. Merge each pair first."),
        "streets_merged": _("All houses are in {name} now."),
        "street_made": _("{name} is on the list."),
        "retire_street": _("Take {name} off the lists?"),
        "street": _("Street"),
        "street_type": _("Type"),
        "street_name": _("Name"),
        "find_street": _("Find a street"),
        "locality": _("Settlement"),
        "find_locality": _("Find a settlement"),
    }


def _houses() -> dict[str, str]:
    return {
        "new_house": _("New house"),
        "add_house": _("Add the house"),
        "house_added": _("{name} is on the map."),
        "house_number": _("House number"),
        "street_near": _("{name} ({metres} m)"),
        "no_street": _("without a street"),
        "bad_place": _("Two numbers: latitude, longitude. For example 50.012345, 36.329876"),
        "moved": _("The pin is moved."),
        "show_other": _("Show the other house"),
        "wired": _("our cable is inside"),
        "choose_house": _("Choose house {number} for merging"),
        "choose_to_merge": _("Choose two to merge them"),
        "is_retired": _("This house is not on the map any more."),
        "retire_house": _("Take {name} off the map?"),
        "retire_help": _(
            "Its history stays, and it can be brought back. Its address becomes free."
        ),
        "building_card": _("Services and prices here"),
        "merge_houses": _("Merge two houses"),
        "merge_now": _("Merge"),
        "merged": _("All is in {name} now."),
        "swap": _("The other one stays"),
        "stays": _("Stays"),
        "goes": _("Goes"),
        "keep_address": _("“{address}” leads to the house that stays"),
        "nothing_held": _("nothing hangs on it"),
        "what_moves": _("What moves over"),
        "nothing_moves": _("Nothing hangs on the duplicate."),
        "units_joined": _("The same flats in both: {units}"),
        "notes_ended": _("Notes of surveys that end: {count}"),
    }


def _units() -> dict[str, str]:
    return {
        "premises_of": _("Flats: {name}"),
        "no_premises": _("No flats are listed yet. Add them by ranges, entrance by entrance."),
        "units": _("Flats, e.g. 1-36"),
        "unit": _("Flat"),
        "entrance_word": _("Entrance"),
        "entrance": _("Entrance {number}"),
        "no_entrance": _("Entrance not known"),
        "floor": _("Floor"),
        "unit_label": _("Flat {unit}, {services}"),
        "units_added": _("Added: {added}. There already: {known}."),
    }


def _did() -> dict[str, str]:
    return {
        "did_building.created": _("Added to the map"),
        "did_building.moved": _("Moved"),
        "did_building.edited": _("Changed"),
        "did_building.retired": _("Taken off the map"),
        "did_building.brought_back": _("Brought back"),
        "did_building.undone": _("Last change undone"),
        "did_building.merged": _("Merged into another house"),
        "did_building.took_over": _("Took over a duplicate"),
        "did_building.premises_added": _("Flats added"),
        "did_premise.edited": _("Flat changed:"),
        "did_premise.retired": _("Flat retired:"),
        "did_premise.brought_back": _("Flat brought back:"),
        "did_override.set": _("Survey noted"),
        "did_override.ended": _("Note of a survey ended"),
        "did_street.created": _("Made"),
        "did_street.renamed": _("Renamed"),
        "did_street.retired": _("Taken off the lists"),
        "did_street.brought_back": _("Brought back"),
        "did_street.undone": _("Last change undone"),
        "did_street.merged": _("Merged into another street"),
        "did_street.took_over": _("Took over another street"),
    }


def _fields() -> dict[str, str]:
    return {
        "field_street": _("Street"),
        "field_number": _("House number"),
        "field_other_addresses": _("Further addresses"),
        "field_lon": _("Longitude"),
        "field_lat": _("Latitude"),
        "field_wiring": _("Our cable inside"),
        "field_flats": _("Flats"),
        "field_levels": _("Floors"),
        "field_entrances": _("Entrances"),
        "field_kind": _("Kind"),
        "field_access_note": _("How to get in"),
        "field_location_source": _("Place known from"),
        "field_location_accuracy_m": _("Accuracy, m"),
        "field_retired": _("retired"),
        "field_reason": _("Reason"),
        "field_address": _("Address"),
        "field_type": _("Type"),
        "field_name": _("Name"),
        "field_until_date": _("Old name until"),
        "field_merged": _("Merged"),
        "field_buildings": _("Houses"),
        "field_unit": _("Flat"),
        "field_entrance": _("Entrance"),
        "field_floor": _("Floor"),
        "field_units": _("Flats"),
        "field_added": _("Added"),
        "field_network_type": _("Network"),
        "field_available": _("Can be connected"),
        "wiring_UNKNOWN": _("not surveyed"),
        "wiring_WIRED": _("yes"),
        "wiring_NOT_WIRED": _("no"),
        "location_source_OSM": _("OpenStreetMap"),
        "location_source_REGISTER": _("a register"),
        "location_source_SURVEYED": _("a survey on the spot"),
        "location_source_PIN": _("a pin on the map"),
        "location_source_GEOCODER": _("a geocoder"),
    }


def _codifier() -> dict[str, str]:
    return {
        "codifier": _("Update of the codifier"),
        "codifier_help": _(
            "Choose a newer file of the codifier (KATOTTG, CSV). First you see what"
            " differs; nothing changes before you apply it."
        ),
        "codifier_file": _("File"),
        "codifier_as_of": _("Names end on"),
        "codifier_reading": _("Reading…"),
        "codifier_same": _("The file says nothing new."),
        "codifier_apply": _("Apply the update"),
        "codifier_applied": _("The codifier is updated."),
        "codifier_CREATED": _("New units"),
        "codifier_RENAMED": _("Renamed"),
        "codifier_RECODED": _("New code"),
        "codifier_MOVED": _("Another unit above"),
        "codifier_CATEGORY": _("Another category"),
        "codifier_GONE": _("Gone from the codifier"),
        "codifier_RETURNED": _("Back in the codifier"),
    }
