"""Texts of change sets, the map in time, standing rules, buildings and presence, for scripts."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from coverage.answers import Answer
from frontend.states import state_of

COUNTED: dict[str, Callable[[int], str]] = {
    "zones": lambda n: ngettext("{count} zone", "{count} zones", n),
    "more": lambda n: ngettext("and {count} more", "and {count} more", n),
    "violations": lambda n: ngettext("{count} place to mend", "{count} places to mend", n),
    "services": lambda n: ngettext("{count} service is touched", "{count} services are touched", n),
    "dearer": lambda n: ngettext(
        "{count} service becomes dearer", "{count} services become dearer", n
    ),
    "cheaper": lambda n: ngettext(
        "{count} service becomes cheaper", "{count} services become cheaper", n
    ),
    "not_sold": lambda n: ngettext(
        "{count} service has no price here any more and keeps its terms",
        "{count} services have no price here any more and keep their terms",
        n,
    ),
}


def answer_words() -> dict[str, str]:
    """The word of each availability answer."""
    return {answer.value: str(state_of(kind="answer", value=answer).word) for answer in Answer}


def review_texts() -> dict[str, str]:
    """Texts by their keys, in the language of the request."""
    return _set_texts() | _time_texts() | _rule_texts() | _house_texts() | _presence_texts()


def _set_texts() -> dict[str, str]:
    return {
        "set_number": _("Change set {number}"),
        "set_draft": pgettext("change set", "draft"),
        "set_review": _("waits for approval"),
        "set_approved": pgettext("change set", "approved"),
        "set_scheduled": pgettext("change set", "planned"),
        "set_published": pgettext("change set", "published"),
        "set_cancelled": pgettext("change set", "given up"),
        "set_failed": _("planned publication failed"),
        "set_published_at": _("published {at}"),
        "set_planned_for": _("planned for {at}"),
        "set_by": _("Begun by {name}, {at}"),
        "set_approved_by": _("approved by {name}, {at}"),
        "set_scheduled_by": _("planned by {name} for {at}"),
        "set_published_by": _("published by {name}, {at}"),
        "set_failure": _("The publication planned for {at} did not happen: {why}"),
        "sets_none_open": _("Nothing is open. A saved draft begins a change set."),
        "sets_none_published": _("Nothing was published yet."),
        "sets_none_cancelled": _("Nothing was given up."),
        "zone_stale": _("outdated: the zone was changed after this draft"),
        "open_zone": pgettext("verb", "Open"),
        "result": _("What it changed"),
        "result_buildings": _("Buildings: +{gained} −{lost}"),
        "note_BEGUN": _("Begun"),
        "note_COMMENT": pgettext("change set's story", "Comment"),
        "note_SUBMITTED": _("Handed over for approval"),
        "note_APPROVED": _("Approved"),
        "note_SENT_BACK": _("Sent back"),
        "note_EDITED": _("Edited: a draft again"),
        "note_SCHEDULED": _("Publication planned"),
        "note_UNSCHEDULED": _("Plan taken back"),
        "note_FAILED": _("Planned publication failed"),
        "note_PUBLISHED": pgettext("change set's story", "Published"),
        "note_for": _("for {at}"),
        "say_needed": _("Write a few words."),
        "did_comment": _("The comment is written down."),
        "did_submit": _("Handed over. Another planner can look at it now."),
        "did_approve": _("Approved. It can be published."),
        "did_sendBack": _("Sent back with your words."),
        "did_unschedule": _("The plan is taken back."),
        "did_schedule": _("It will be published on {at}."),
        "why_cancelled": _("These drafts were given up. They are kept to look at."),
        "why_scheduled": _(
            "It will be published by itself on {at}. An edit of a draft takes the plan back."
        ),
        "why_approved": _("A second person has approved it: it can be published."),
        "why_hand_over": _("A second person has to approve it: hand it over first."),
        "why_second_person": _(
            "You drew in it, so another planner has to approve it. Until then it waits."
        ),
        "why_you_may_approve": _(
            "You drew nothing in it: you may approve it, send it back, or publish it at once."
        ),
        "why_may_wait": _("Handed over to be looked at; publishing is possible at any time."),
        "hand_over": _("Hand over for approval"),
        "publish_now": _("Publish now"),
        "publish_later": _("Plan the publication"),
        "breach_blocks": pgettext("level of a rule", "blocks"),
        "breach_warns": pgettext("level of a rule", "warning"),
        "existing_monthly": _("A month: {before} → {after}"),
        "into_new": _("a new one"),
        "into_another": _("another new one…"),
        "into_of": _("of {name}"),
        "into_default": _("Changes of {at}"),
        "into_review": _("It is handed over: saving makes it a draft again."),
        "into_scheduled": _("Its publication is planned: saving takes the plan back."),
    }


def _time_texts() -> dict[str, str]:
    return {
        "time_as_of": _("Map as of {at}"),
        "time_between": _("What changed from {from} to {until}"),
        "time_changed": _("Changed: {zones}"),
        "time_same": _("Between these moments the map did not change."),
        "time_gained": _("{area} of ground added"),
        "time_lost": _("{area} of ground removed"),
        "time_added": pgettext("ground", "added"),
        "time_removed": pgettext("ground", "removed"),
        "archive_none": _("No zone has ended yet."),
        "archive_ended": _("ended {at}"),
    }


def _rule_texts() -> dict[str, str]:
    return {
        "rules_all_well": _("Everything that is checked holds."),
        "rule_off": pgettext("level of a rule", "off"),
        "rule_always": _("Publishing always refuses this; the level is fixed."),
        "level_of": _("What a breach does: {rule}"),
        "level_OFF": pgettext("level of a rule", "Off"),
        "level_WARN": pgettext("level of a rule", "Warn"),
        "level_BLOCK": pgettext("level of a rule", "Block"),
        "did_level_OFF": _("“{rule}” is no longer checked."),
        "did_level_WARN": _("“{rule}” only warns from now on."),
        "did_level_BLOCK": _("“{rule}” blocks publications from now on."),
        "open_building": _("Building"),
    }


def _house_texts() -> dict[str, str]:
    return {
        "house_none": _("No such address. Try a part of the street's name."),
        "house_unnamed": _("Building without an address"),
        "house_outside": _("No zone reaches this building."),
        "zone_named": _("Zone “{name}”"),
        "reason_AVAILABLE": _("the zone that wins here is in service"),
        "reason_PLANNED": _("the zone that wins here is planned"),
        "reason_BUILDING": _("the zone that wins here is being built"),
        "reason_SUSPENDED": _("the zone that wins here is suspended"),
        "reason_OUTSIDE_ZONE": _("outside every zone of this network"),
        "reason_OVERRIDDEN": _("a note about this building decides"),
        "reason_NO_FREE_PORT": _("no free port is left"),
        "reason_BUILDING_NOT_WIRED": _("the building is not wired"),
        "reason_TECH_LIMIT": _("too far for this technology"),
        "reason_NEAR_EDGE": _("{metres} m from the edge of the zone: look on the spot"),
        "reason_ADDRESS_AMBIGUOUS": _("the address is not clear"),
        "reason_ADDRESS_UNKNOWN": _("the address is not known"),
        "note_yes": _("can be connected"),
        "note_no": _("can not be connected"),
        "note_choose": _("Choose one of both."),
        "note_end": _("End the note"),
        "note_end_why": _("Why does it end?"),
        "note_end_sure": _("End it"),
        "note_ended": _("ended: {why} {name}"),
        "did_note": _("Noted. Answers about this building follow it from now on."),
        "did_end_note": _("The note is ended: the zones decide again."),
        "notes_none": _("There are no notes in force."),
    }


def _presence_texts() -> dict[str, str]:
    return {
        "present_edits": _("{name} is editing this zone"),
        "present_looks": _("{name} has this zone open"),
        "present_set": _("{name} has this change set open"),
    }
