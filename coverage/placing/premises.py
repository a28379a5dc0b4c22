"""Flats and units of a building: listed, added by ranges, renamed, retired; no service is lost."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage.models import Building, Premise
from coverage.places import checked_text
from coverage.placing import movers, states
from coverage.placing.buildings import lock_building
from coverage.placing.guards import (
    BadPlaceError,
    PlaceInUseError,
    StalePlaceError,
    UnknownPlaceError,
)
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

MAX_UNITS = 1000
FLOORS = range(-5, 201)
_RANGE = re.compile(r"^(\d{1,5})\s*[-–—]\s*(\d{1,5})$")


class UnitTakenError(DomainError):
    """The building has a unit of that name; context: `premise_id`."""

    code = "unit_taken"
    http_status = 409
    message = _("This building has such a unit already.")


def clean_unit(text: str) -> str:
    """A unit as it is stored and compared: no spaces, capital letters, at most 16 characters."""
    return "".join(checked_text(text).split()).upper()[:16]


def premise_of(*, building: Building, unit: str) -> Premise:
    """The unit of a building in which something is sold; a retired one is in use again."""
    premise, _made = Premise.objects.get_or_create(building=building, unit=clean_unit(unit))
    if premise.retired_at is not None:
        premise.retired_at = None
        premise.save(update_fields=["retired_at"])
    return premise


def read_units(text: str) -> list[str]:
    """Units of "1-36, 40, 42А": each once, in order; raises BadPlaceError."""
    found: dict[str, None] = {}
    text = re.sub(r"\s*([-–—])\s*", r"\1", checked_text(text))
    for part in re.split(r"[,;\s]+", text):
        if not part:
            continue
        span = _RANGE.match(part)
        if span is None:
            if re.search(r"[-–—]", part) or len(part) > 16:
                raise BadPlaceError(
                    _("Write units as 1-36, 40, 42А; “%(part)s” is not clear.")
                    % {"part": part[:20]},
                    field="units",
                )
            found[clean_unit(part)] = None
            continue
        first, last = int(span[1]), int(span[2])
        if first > last or last - first >= MAX_UNITS:
            raise BadPlaceError(
                _("A range goes from the smaller number to the larger, at most %(most)d units.")
                % {"most": MAX_UNITS},
                field="units",
            )
        found.update(dict.fromkeys(str(number) for number in range(first, last + 1)))
    if not found or len(found) > MAX_UNITS:
        raise BadPlaceError(
            _("Give from 1 to %(most)d units.") % {"most": MAX_UNITS}, field="units"
        )
    return list(found)


def list_premises(*, building_id: int) -> list[dict[str, Any]]:
    """All units of a building, retired ones too, by entrance and number; with services counted."""
    rows = sorted(Premise.objects.filter(building_id=building_id), key=_order)
    living = movers.living_in(premise_ids=[row.id for row in rows])
    return [states.premise_state(row, living=living.get(row.id, 0)) for row in rows]


def add_premises(
    *,
    building_id: int,
    units: str,
    actor: Actor,
    at: datetime,
    entrance: str = "",
) -> dict[str, Any]:
    """Add the units of "1-36" with their entrance; {"added", "known"}.

    Units that are there keep their id; without an entrance they get this one, and retired ones are
    in use again.
    """
    wanted = read_units(units)
    entrance = _entrance(entrance)
    with transaction.atomic():
        building = lock_building(building_id=building_id, base_revision=None)
        known = {row.unit: row for row in _locked(building_id=building_id, unit__in=wanted)}
        Premise.objects.bulk_create(
            Premise(building=building, unit=unit, entrance=entrance)
            for unit in wanted
            if unit not in known
        )
        for row in known.values():
            row.entrance = row.entrance or entrance
            row.retired_at = None
        Premise.objects.bulk_update(known.values(), ["entrance", "retired_at"])
        added = [unit for unit in wanted if unit not in known]
        _tell_building(
            "premises_added",
            building,
            actor=actor,
            at=at,
            after={"units": units.strip()[:200], "entrance": entrance, "added": len(added)},
        )
    return {"added": len(added), "known": len(known)}


def change_premise(
    *, premise_id: int, seen: dict[str, Any], changes: dict[str, Any], actor: Actor, at: datetime
) -> dict[str, Any]:
    """Change unit, entrance or floor of a premise; its id and what hangs on it stay.

    `seen`: unit, entrance and floor as the person saw them. Raises StalePlaceError when they are
    others now, UnitTakenError.
    """
    with transaction.atomic():
        premise = _lock(premise_id)
        _refuse_stale(premise, seen)
        before = states.premise_values(premise)
        if "unit" in changes:
            unit = clean_unit(str(changes["unit"]))
            if not unit and premise.unit:
                raise BadPlaceError(_("Give the number of the unit."), field="unit")
            rival = Premise.objects.filter(building_id=premise.building_id, unit=unit)
            other = rival.exclude(id=premise.id).first()
            if other is not None:
                raise UnitTakenError(field="unit", premise_id=other.id)
            premise.unit = unit
        if "entrance" in changes:
            premise.entrance = _entrance(str(changes["entrance"]))
        if "floor" in changes:
            premise.floor = _floor(changes["floor"])
        return _saved(premise, before, "edited", actor=actor, at=at)


def retire_premise(
    *, premise_id: int, actor: Actor, at: datetime, is_retired: bool = True
) -> dict[str, Any]:
    """Take a unit off the lists (PlaceInUseError while a service is there), or put it back."""
    with transaction.atomic():
        premise = _lock(premise_id)
        before = states.premise_values(premise)
        living = movers.living_in(premise_ids=[premise_id]).get(premise_id, 0)
        if is_retired and living:
            text = translate("Services in this unit: %(count)d. Move or end them first.")
            raise PlaceInUseError(text % {"count": living}, living=living)
        premise.retired_at = (premise.retired_at or at) if is_retired else None
        verb = "retired" if is_retired else "brought_back"
        return _saved(premise, before, verb, actor=actor, at=at)


def _saved(
    premise: Premise, before: dict[str, Any], verb: str, *, actor: Actor, at: datetime
) -> dict[str, Any]:
    after = states.premise_values(premise)
    if after != before:
        premise.save()
        was, became = states.changed(before, after, states.PREMISE_KEYS)
        extra = {"building_id": premise.building_id}
        audit.record(
            at=at,
            actor=actor,
            action=f"coverage.premise.{verb}",
            obj=("premise", premise.id),
            summary=premise.unit,
            before={**extra, **was},
            after={**extra, **became},
        )
    living = movers.living_in(premise_ids=[premise.id])
    return states.premise_state(premise, living=living.get(premise.id, 0))


def _tell_building(
    verb: str, building: Building, *, actor: Actor, at: datetime, after: dict[str, Any]
) -> None:
    label = states.building_state(building)["label"]
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.building.{verb}",
        obj=("building", building.id),
        summary=label,
        after=after,
    )


def _lock(premise_id: int) -> Premise:
    """The premise under the lock of its building, so that no merge moves it meanwhile."""
    found = Premise.objects.filter(id=premise_id).values_list("building_id", flat=True).first()
    if found is None:
        raise UnknownPlaceError(_("There is no such unit."))
    lock_building(building_id=found, base_revision=None)
    return next(iter(_locked(id=premise_id)))


def _locked(**wanted: Any) -> Iterable[Premise]:
    return Premise.objects.select_for_update().filter(**wanted).order_by("id")


def _refuse_stale(premise: Premise, seen: dict[str, Any]) -> None:
    now = states.premise_values(premise)
    if any(now[name] != value for name, value in seen.items() if name in now):
        raise StalePlaceError(current=states.premise_state(premise, living=0))


def _entrance(text: str) -> str:
    entrance = "".join(checked_text(text).split()).upper()
    if len(entrance) > 8:
        raise BadPlaceError(_("An entrance has at most 8 characters."), field="entrance")
    return entrance


def _floor(value: Any) -> int | None:
    if value is None or value == "":
        return None
    try:
        floor = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadPlaceError(_("Give a whole number."), field="floor") from error
    if floor not in FLOORS:
        raise BadPlaceError(_("Give a floor from -5 to 200."), field="floor")
    return floor


def _order(row: Premise) -> tuple[int, str, int, str]:
    entrance = int(row.entrance) if row.entrance.isascii() and row.entrance.isdigit() else 10**6
    digits = re.match(r"\d{1,9}", row.unit)
    return (
        entrance if row.entrance else -1,
        row.entrance,
        int(digits[0]) if digits else 0,
        row.unit,
    )
