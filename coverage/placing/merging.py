"""Two records of one building become one: the winner takes all that hangs on the loser.

Everything moves in one transaction, and the loser stays as a retired row that names the winner.
Pointing at the loser and resolving later was the other way: then every query of every app that
counts, charges or looks for a building would have to know of duplicates for ever, and one that
forgets shows half of the truth. So rows move, and `merged_into` only answers those who still hold
the old id (a link, a file, an entry of the audit log). It always names a building that is not
merged itself, so that one step resolves it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.db.models.functions import Distance
from django.db import transaction
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage.impact import Level
from coverage.models import Building, BuildingAddress, Premise
from coverage.placing import addressing, effects, movers, states
from coverage.placing.addressing import Address
from coverage.placing.buildings import lock_building, tell, touch
from coverage.placing.guards import BadPlaceError, Note, UnknownPlaceError, ask
from coverage.placing.overridden import move_overrides
from coverage.zoning import covering
from project.core.actor import Actor
from project.core.errors import DomainError

FAR_APART_M = 100
_FILLED = ("flats", "levels", "entrances")


class LeftBehindError(DomainError):
    """Something points at the duplicate that no module can move; context: `relations`."""

    code = "left_behind"
    http_status = 409
    message = _("Something hangs on this building that can't be moved yet.")


@dataclass(frozen=True, slots=True)
class Merged:
    """What the merge moved (or would move), and the building that stays."""

    winner_id: int
    state: dict[str, Any]
    moved: list[dict[str, Any]]
    premises_joined: list[str]
    overrides_ended: int
    notes: tuple[Note, ...]
    already: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "building": self.state,
            "moved": self.moved,
            "premises_joined": self.premises_joined,
            "overrides_ended": self.overrides_ended,
            "notes": [note.as_json() for note in self.notes],
            "already": self.already,
        }


def resolve(*, building_id: int) -> int:
    """The building that stands for this one now; raises UnknownPlaceError."""
    row = Building.objects.filter(id=building_id).values_list("id", "merged_into_id").first()
    if row is None:
        raise UnknownPlaceError(_("There is no such building."))
    return row[1] or row[0]


def merge_buildings(
    *,
    loser_id: int,
    winner_id: int,
    loser_revision: int | None,
    winner_revision: int | None,
    actor: Actor,
    at: datetime,
    keep_address: bool = True,
    confirmed: bool = False,
    dry_run: bool = False,
) -> Merged:
    """Move all that hangs on the loser to the winner, and retire the loser.

    Sent again it does nothing (`already`). `keep_address`: the loser's address leads to the winner
    from now on. `dry_run` does it all and takes it back: what is told is what will be done.
    Raises StalePlaceError, PlaceGoneError, LeftBehindError, ConfirmNeededError.
    """
    if loser_id == winner_id:
        raise BadPlaceError(_("Choose two different buildings."), field="winner_id")
    with addressing.unique_addresses():
        known = {b.id: b for b in Building.objects.filter(id__in=[loser_id, winner_id])}
        if len(known) < 2:
            raise UnknownPlaceError(_("There is no such building."))
        if known[loser_id].merged_into_id == winner_id:
            state = states.building_state(known[winner_id])
            return Merged(winner_id, state, [], [], 0, (), already=True)
        addressing.lock_streets(building.street_id for building in known.values())
        revisions = {loser_id: loser_revision, winner_id: winner_revision}
        locked = {
            building_id: lock_building(
                building_id=building_id, base_revision=revisions[building_id]
            )
            for building_id in sorted(revisions)
        }
        merged = _merge(locked[loser_id], locked[winner_id], keep_address, actor=actor, at=at)
        if not dry_run:
            ask(merged.notes, confirmed=confirmed)
        transaction.set_rollback(dry_run)
    return merged


def _merge(
    loser: Building, winner: Building, keep_address: bool, *, actor: Actor, at: datetime
) -> Merged:
    left = movers.left_behind(building_id=loser.id)
    if left:
        raise LeftBehindError(relations=left)
    notes = _differences(loser, winner, at)
    before = {
        "winner": states.building_values(winner),
        "loser": states.building_values(loser),
    }
    held = [one.as_json() for one in movers.held_at(building_id=loser.id)]
    twins, joined, premises_moved = _move_premises(loser, winner, at)
    for mover in movers.registered():
        mover.move(loser_id=loser.id, winner_id=winner.id, premises=twins)
    overrides_moved, ended = move_overrides(
        loser_id=loser.id, winner_id=winner.id, actor=actor, at=at
    )
    _retire(loser, winner, at)
    _take_addresses(loser, winner, keep_address)
    _fill(winner, loser)
    covering.rebuild(building_ids=[loser.id, winner.id])
    own = [
        ("premises", translate("Premises"), premises_moved),
        ("overrides", translate("Notes of surveys"), overrides_moved),
    ]
    moved = held + [
        {"name": name, "title": title, "count": count, "living": 0}
        for name, title, count in own
        if count
    ]
    state = states.building_state(winner)
    after = {"merged_into": winner.id, "moved": moved, "address": state["label"]}
    tell("merged", building=loser, actor=actor, at=at, before=before["loser"], after=after)
    was, became = states.changed(
        before["winner"], states.building_values(winner), states.BUILDING_KEYS
    )
    tell(
        "took_over",
        building=winner,
        actor=actor,
        at=at,
        before={**was, "loser": {"building_id": loser.id, **before["loser"]}},
        after={**became, "moved": moved, "premises_joined": joined},
    )
    return Merged(winner.id, state, moved, joined, ended, tuple(notes))


def _differences(loser: Building, winner: Building, at: datetime) -> list[Note]:
    """What speaks against these two being one building."""
    notes = []
    rows = Building.objects.filter(id=loser.id).annotate(apart=Distance("point", winner.point))
    metres = rows.values_list("apart", flat=True)[0].m
    if metres > FAR_APART_M:
        text = translate("The two pins are %(metres)d m apart.") % {"metres": round(metres)}
        notes.append(Note("far_apart", text))
    if loser.locality_id != winner.locality_id:
        text = translate("They lie in different settlements: %(one)s and %(other)s.")
        names = {"one": loser.locality.name, "other": winner.locality.name}
        notes.append(Note("other_locality", text % names))
    if loser.number and winner.number and loser.number_int != winner.number_int:
        text = translate("Their numbers differ: %(one)s and %(other)s.")
        notes.append(
            Note(
                "other_number",
                text % {"one": loser.number, "other": winner.number},
                Level.WARNING if loser.street_id == winner.street_id else Level.INFO,
            )
        )
    over = [effects.versions_over(building_id=b.id, at=at) for b in (loser, winner)]
    notes += effects.zone_notes(building_ids=[loser.id], before=over[0], after=over[1], at=at)
    return notes


def _move_premises(
    loser: Building, winner: Building, at: datetime
) -> tuple[dict[int, int], list[str], int]:
    """Premises move; where the winner has that unit already, the two are one: old → its twin.

    A twin that was retired is in use again when the loser's was.
    """
    mine = {
        premise.unit: premise
        for premise in Premise.objects.select_for_update().filter(building=winner).order_by("id")
    }
    twins: dict[int, int] = {}
    joined: list[str] = []
    moving: list[int] = []
    for premise in Premise.objects.select_for_update().filter(building=loser).order_by("id"):
        twin = mine.get(premise.unit)
        if twin is None:
            moving.append(premise.id)
            continue
        twins[premise.id] = twin.id
        joined.append(premise.unit)
        if premise.retired_at is None and twin.retired_at is not None:
            Premise.objects.filter(id=twin.id).update(retired_at=None)
        Premise.objects.filter(id=premise.id, retired_at__isnull=True).update(retired_at=at)
    Premise.objects.filter(id__in=moving).update(building=winner)
    return twins, [unit for unit in joined if unit], len(moving)


def _retire(loser: Building, winner: Building, at: datetime) -> None:
    loser.retired_at = at
    loser.merged_into = winner
    touch(loser)
    # One step resolves: whoever was merged into the loser is the winner's now.
    Building.objects.filter(merged_into_id=loser.id).exclude(id=winner.id).update(
        merged_into=winner
    )


def _take_addresses(loser: Building, winner: Building, keep_address: bool) -> None:
    """The loser's further addresses, and its own, lead to the winner."""
    taken = None
    if winner.street_id is None and loser.street_id is not None:
        taken = loser.number or winner.number
        winner.street_id, winner.locality_id = loser.street_id, loser.locality_id
    elif winner.number is None and winner.street_id == loser.street_id:
        taken = loser.number
    if taken:
        for name, value in addressing.number_fields(addressing.read_house(taken)).items():
            setattr(winner, name, value)
    own = (winner.street_id, winner.number)
    for row in BuildingAddress.objects.filter(building=loser):
        if (row.street_id, row.number) == own:
            row.delete()
        else:
            BuildingAddress.objects.filter(id=row.id).update(building=winner)
    if keep_address and loser.street_id and loser.number:
        house = addressing.read_house(loser.number)
        assert house is not None
        address = Address(loser.street_id, house)
        if (address.street_id, house.canonical) != own and addressing.holder_of(address) is None:
            BuildingAddress.objects.create(
                building=winner, street_id=address.street_id, number=house.canonical
            )


def _fill(winner: Building, loser: Building) -> None:
    """What the winner does not know, the loser may."""
    for name in _FILLED:
        if getattr(winner, name) is None:
            setattr(winner, name, getattr(loser, name))
    winner.kind = winner.kind or loser.kind
    winner.access_note = winner.access_note or loser.access_note
    if winner.wiring == Building.Wiring.UNKNOWN:
        winner.wiring = loser.wiring
    outline = loser.footprint
    if winner.footprint is None and outline is not None and outline.intersects(winner.point):
        winner.footprint = outline
    touch(winner)
