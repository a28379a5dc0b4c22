"""Who changed a place, when, from what to what; and the last change taken back where that is safe.

History is the audit log, read for one object: nothing is written twice. Undoing is a change like
any other, with its own entry, and only the last change can be undone, and only while the place is
still as that change left it. A merge is not undone: what hung on both buildings is one heap now,
and which row came from which can't be told once people work with it. `undo` says so in words.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage.models import Building, Premise, Street
from coverage.placing import buildings, states, streets
from coverage.placing.guards import UnknownPlaceError
from project.core.actor import Actor
from project.core.clock import today
from project.core.errors import DomainError
from project.core.models import AuditEntry

PAGE = 50
_UNDONE = "undone"
_BUILDING_VERBS = frozenset({"created", "moved", "edited", "retired", "brought_back"})
_STREET_VERBS = frozenset({"created", "renamed", "retired", "brought_back"})


class CannotUndoError(DomainError):
    """The last change can't be taken back; the message says why."""

    code = "cannot_undo"
    http_status = 409
    message = _("This change can't be undone.")


def building_history(*, building_id: int, before_id: int | None = None) -> dict[str, Any]:
    """Changes of a building, its premises and the duplicates merged into it, newest first."""
    if not Building.objects.filter(id=building_id).exists():
        raise UnknownPlaceError(_("There is no such building."))
    merged = Building.objects.filter(merged_into=building_id).values_list("id", flat=True)
    premises = Premise.objects.filter(building_id=building_id).values_list("id", flat=True)
    wanted = Q(object_type="building", object_id__in=_texts([building_id, *merged])) | Q(
        object_type="premise", object_id__in=_texts(premises)
    )
    return _page(wanted, before_id, undo=_undo_of_building(building_id))


def street_history(*, street_id: int, before_id: int | None = None) -> dict[str, Any]:
    """Changes of a street and of those merged into it, newest first."""
    if not Street.objects.filter(id=street_id).exists():
        raise UnknownPlaceError(_("There is no such street."))
    merged = Street.objects.filter(merged_into=street_id).values_list("id", flat=True)
    wanted = Q(object_type="street", object_id__in=_texts([street_id, *merged]))
    return _page(wanted, before_id, undo=_undo_of_street(street_id))


def undo_building(
    *, building_id: int, base_revision: int, actor: Actor, at: datetime, confirmed: bool = False
) -> buildings.Done:
    """Take back the last change of a building.

    All guards of a change hold for it (an address taken meanwhile, a zone left). Raises
    CannotUndoError, StalePlaceError.
    """
    entry = _last("building", building_id, _BUILDING_VERBS)
    verb = _verb(entry)
    building = Building.objects.select_related("street", "locality").get(id=building_id)
    _refuse_moved_on(_why_not_building(building, entry))
    common: dict[str, Any] = {
        "building_id": building_id,
        "base_revision": base_revision,
        "actor": actor,
        "at": at,
    }
    if verb in {"created", "brought_back"}:
        return buildings.retire_building(**common, reason=translate("undone"))
    before = entry.before or {}
    if verb == "retired":
        others = before.get("other_addresses", [])
        return buildings.bring_back_building(**common, others=others, verb=_UNDONE)
    changes = {key: before[key] for key in states.BUILDING_KEYS if key in before}
    changes.pop("locality_id", None)
    if ("lon" in changes) != ("lat" in changes):
        lon, lat = building.point.coords
        changes = {"lon": round(lon, 7), "lat": round(lat, 7), **changes}
    return buildings.change_building(**common, changes=changes, confirmed=confirmed, verb=_UNDONE)


def undo_street(
    *, street_id: int, base_revision: int, actor: Actor, at: datetime
) -> dict[str, Any]:
    """Take back the last change of a street. Raises CannotUndoError, StalePlaceError."""
    entry = _last("street", street_id, _STREET_VERBS)
    verb = _verb(entry)
    street = Street.objects.get(id=street_id)
    _refuse_moved_on(_why_not_street(street, entry))
    common: dict[str, Any] = {
        "street_id": street_id,
        "base_revision": base_revision,
        "actor": actor,
        "at": at,
    }
    if verb in {"created", "brought_back"}:
        return streets.retire_street(**common)
    if verb == "retired":
        return streets.bring_back_street(**common, verb=_UNDONE)
    before, after = entry.before or {}, entry.after or {}
    return streets.rename_street(
        **common,
        street_type=before["type"],
        name=before["name"],
        on_date=parse_date(str(after.get("until_date", ""))) or today(at),
        is_correction=True,
        verb=_UNDONE,
    )


def _page(wanted: Q, before_id: int | None, *, undo: dict[str, Any]) -> dict[str, Any]:
    rows = AuditEntry.objects.select_related("user").filter(wanted).order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    listed = list(rows[: PAGE + 1])
    return {
        "entries": [_entry_json(entry) for entry in listed[:PAGE]],
        "next": listed[PAGE - 1].id if len(listed) > PAGE else None,
        "undo": undo,
    }


def _entry_json(entry: AuditEntry) -> dict[str, Any]:
    user = entry.user
    return {
        "entry_id": entry.id,
        "at": entry.at.isoformat(),
        "who": (user.get_full_name() or user.username) if user else entry.actor_label,
        "action": entry.action.removeprefix("coverage."),
        "object": f"{entry.object_type} {entry.object_id}",
        "summary": entry.summary,
        "before": entry.before,
        "after": entry.after,
    }


def _undo_of_building(building_id: int) -> dict[str, Any]:
    building = Building.objects.select_related("street", "locality").get(id=building_id)
    entry = _newest("building", building_id)
    return _undo_json(entry, _why_not_building(building, entry))


def _undo_of_street(street_id: int) -> dict[str, Any]:
    street = Street.objects.get(id=street_id)
    entry = _newest("street", street_id)
    return _undo_json(entry, _why_not_street(street, entry))


def _undo_json(entry: AuditEntry | None, why_not: str) -> dict[str, Any]:
    return {
        "allowed": not why_not,
        "why_not": why_not,
        "action": entry.action.removeprefix("coverage.") if entry is not None else None,
    }


def _why_not_building(building: Building, entry: AuditEntry | None) -> str:
    if entry is None or _verb(entry) not in _BUILDING_VERBS:
        return _no_undo_of(entry)
    now = {**states.building_values(building), "retired": building.retired_at is not None}
    return _unless_same(entry.after or {}, now, (*states.BUILDING_KEYS, "retired"))


def _why_not_street(street: Street, entry: AuditEntry | None) -> str:
    if entry is None or _verb(entry) not in _STREET_VERBS:
        return _no_undo_of(entry)
    return _unless_same(entry.after or {}, states.street_values(street), states.STREET_KEYS)


def _no_undo_of(entry: AuditEntry | None) -> str:
    if entry is None:
        return translate("Nobody has changed it yet.")
    if _verb(entry) in {"merged", "took_over"}:
        return translate("A merge can't be undone: what hung on both is one now.")
    if _verb(entry) == _UNDONE:
        return translate("The last change was itself an undo.")
    return translate("The last change was not one of the place itself.")


def _unless_same(left: dict[str, Any], now: dict[str, Any], keys: Sequence[str]) -> str:
    """The place must still be as the change left it: an import may have been there since."""
    if any(key in left and left[key] != now.get(key) for key in keys):
        return translate("It has been changed since in another way.")
    return ""


def _refuse_moved_on(why_not: str) -> None:
    if why_not:
        raise CannotUndoError(why_not)


def _last(kind: str, object_id: int, verbs: frozenset[str]) -> AuditEntry:
    entry = _newest(kind, object_id)
    if entry is None or _verb(entry) not in verbs:
        raise CannotUndoError(_no_undo_of(entry))
    return entry


def _newest(kind: str, object_id: int) -> AuditEntry | None:
    """The last change of the place itself; notes of surveys are no part of it."""
    rows = AuditEntry.objects.filter(
        object_type=kind, object_id=str(object_id), action__startswith=f"coverage.{kind}."
    )
    return rows.order_by("-id").first()


def _verb(entry: AuditEntry | None) -> str:
    return entry.action.rpartition(".")[2] if entry is not None else ""


def _texts(ids: Any) -> list[str]:
    return [str(one) for one in ids]
