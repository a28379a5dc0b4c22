"""Buildings made, changed, taken away and brought back by planners.

Each operation is one transaction: the building, its coverage, the warnings (which are looked up on
the changed rows and take them back when nobody has confirmed), the audit entry, the news.
Locks are taken in one order: streets by id, buildings by id, premises by id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.gis.db.models.functions import Distance
from django.contrib.gis.geos import Point
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from shapely import Point as ShapelyPoint

from coverage.importers.localities import LocalityFinder
from coverage.models import Building, BuildingAddress, Street
from coverage.places import checked_point, checked_text
from coverage.placing import addressing, effects, movers, plain, states
from coverage.placing.addressing import Address
from coverage.placing.guards import (
    FAR_MOVE_M,
    BadPlaceError,
    Note,
    PlaceGoneError,
    StalePlaceError,
    UnknownPlaceError,
    ask,
    refuse_if_living,
)
from coverage.zoning import covering
from project.core import audit, outbox
from project.core.actor import Actor

TOPIC = "coverage.place_changed"
_PLACE = ("lon", "lat")
_ADDRESS = ("street_id", "number", "other_addresses")


@dataclass(frozen=True, slots=True)
class Done:
    """The building as it is now, and what was worth telling about the change."""

    building_id: int
    state: dict[str, Any]
    notes: tuple[Note, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {"building": self.state, "notes": [note.as_json() for note in self.notes]}


def create_building(
    *,
    lon: float,
    lat: float,
    actor: Actor,
    at: datetime,
    values: dict[str, Any] | None = None,
    confirmed: bool = False,
) -> Done:
    """A new building at a pin; `values` as in `change_building`.

    Without a street the place says which settlement it lies in. Raises BadPlaceError,
    BadCoordinatesError, AddressTakenError, ConfirmNeededError.
    """
    values = {name: value for name, value in (values or {}).items() if name not in _PLACE}
    lon, lat = _rounded(lon, lat)
    point = Point(lon, lat, srid=4326)
    others = addressing.read_others(values.get("other_addresses") or [])
    house = addressing.read_house(values.get("number"))
    with addressing.unique_addresses():
        streets = _lock([values.get("street_id")], others)
        street = streets.get(values["street_id"]) if values.get("street_id") else None
        for each in streets.values():
            addressing.refuse_retired(each)
        addressing.refuse_taken(_all_addresses(street, house, others), building_id=None)
        building = Building(
            street=street,
            point=point,
            locality_id=street.locality_id if street else _known_locality(lon, lat),
            location_source=Building.LocationSource.PIN,
            edited_at=at,
            **addressing.number_fields(house),
        )
        plain.set_plain(building, values)
        building.save()
        addressing.write_others(building_id=building.id, addresses=others)
        covering.rebuild(building_ids=[building.id])
        notes = effects.new_faults({}, effects.faults_of(building_id=building.id, at=at))
        ask(notes, confirmed=confirmed)
        after = states.building_values(building)
        state = states.building_state(building)
        tell("created", building=building, actor=actor, at=at, after=after)
    return Done(building.id, state, tuple(notes))


def change_building(
    *,
    building_id: int,
    base_revision: int,
    changes: dict[str, Any],
    actor: Actor,
    at: datetime,
    confirmed: bool = False,
    verb: str = "",
) -> Done:
    """Change what `changes` names: lon and lat (both), street_id, number, other_addresses, wiring,
    flats, levels, entrances, kind, access_note, location_source, location_accuracy_m.

    A pin that is dragged out of the outline takes the outline away: it belongs to another house.
    Raises StalePlaceError, PlaceGoneError, BadPlaceError, AddressTakenError, ConfirmNeededError.
    """
    given = addressing.read_others(changes.get("other_addresses") or [])
    with addressing.unique_addresses():
        now = _present(building_id)
        streets = _lock([now.street_id, changes.get("street_id")], given)
        building = lock_building(building_id=building_id, base_revision=base_revision)
        before = states.building_values(building)
        zones = effects.versions_over(building_id=building.id, at=at)
        faults = effects.faults_of(building_id=building.id, at=at)
        notes = _move(building, changes)
        if any(name in changes for name in _ADDRESS):
            _readdress(building, changes, streets, given)
        plain.set_plain(building, changes)
        after = _saved(building, before, changes, at)
        if after == before:
            return Done(building.id, states.building_state(building))
        notes += _effects(building, zones, faults, at)
        ask(notes, confirmed=confirmed)
        was, became = states.changed(before, after, states.BUILDING_KEYS)
        moved = set(became) <= {*_PLACE, "location_source", "location_accuracy_m", "footprint"}
        verb = verb or ("moved" if moved and "lon" in became | was else "edited")
        tell(verb, building=building, actor=actor, at=at, before=was, after=became)
        state = states.building_state(building)
    return Done(building.id, state, tuple(notes))


def retire_building(
    *, building_id: int, base_revision: int, actor: Actor, at: datetime, reason: str = ""
) -> Done:
    """Take a building off the map (demolished, never built); history stays.

    Its further addresses become free. Raises PlaceInUseError while a service or an open request
    is there.
    """
    reason = _reason(reason)
    with addressing.unique_addresses():
        now = _present(building_id)
        _lock([now.street_id], [])
        building = lock_building(building_id=building_id, base_revision=base_revision)
        refuse_if_living(movers.held_at(building_id=building_id))
        others = states.other_addresses(building_id=building_id)
        BuildingAddress.objects.filter(building_id=building_id).delete()
        building.retired_at = at
        touch(building)
        covering.rebuild(building_ids=[building_id])
        tell(
            "retired",
            building=building,
            actor=actor,
            at=at,
            before={"retired": False, "other_addresses": others},
            after={"retired": True, "other_addresses": [], "reason": reason},
        )
        return Done(building.id, states.building_state(building))


def bring_back_building(
    *,
    building_id: int,
    base_revision: int,
    actor: Actor,
    at: datetime,
    others: Sequence[dict[str, Any]] = (),
    verb: str = "brought_back",
) -> Done:
    """Put a retired building back on the map, with its address if that is still free.

    Raises AddressTakenError with the house that has the address now, PlaceGoneError for a merged
    one.
    """
    given = addressing.read_others(others)
    with addressing.unique_addresses():
        now = _present(building_id)
        streets = _lock([now.street_id], given)
        building = lock_building(
            building_id=building_id, base_revision=base_revision, is_retired=True
        )
        street = streets.get(building.street_id) if building.street_id else None
        house = addressing.read_house(building.number)
        addressing.refuse_taken(_all_addresses(street, house, given), building_id=building.id)
        building.retired_at = None
        touch(building)
        addressing.write_others(building_id=building.id, addresses=given)
        covering.rebuild(building_ids=[building_id])
        tell(
            verb,
            building=building,
            actor=actor,
            at=at,
            before={"retired": True},
            after={"retired": False},
        )
        return Done(building.id, states.building_state(building))


def lock_building(
    *, building_id: int, base_revision: int | None, is_retired: bool = False
) -> Building:
    """The building for writing, as the person saw it.

    Raises UnknownPlaceError, StalePlaceError (412), PlaceGoneError when it is retired (or, with
    `is_retired`, when it stands or was merged).
    """
    rows = Building.objects.select_for_update(of=("self",)).select_related("street", "locality")
    building = rows.filter(id=building_id).first()
    if building is None:
        raise UnknownPlaceError(_("There is no such building."))
    if base_revision is not None and building.revision != base_revision:
        raise StalePlaceError(current=states.building_state(building))
    if building.merged_into_id is not None:
        raise PlaceGoneError(
            _("This building was merged into another one."), merged_into=building.merged_into_id
        )
    if (building.retired_at is not None) != is_retired:
        raise PlaceGoneError(
            _("This building stands already.") if is_retired else _("This building is retired.")
        )
    return building


def touch(building: Building) -> None:
    """Save with the next revision."""
    building.revision += 1
    building.save()


def tell(
    verb: str,
    *,
    building: Building,
    actor: Actor,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """The audit entry and the news of a change."""
    label = states.building_state(building)["label"]
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.building.{verb}",
        obj=("building", building.id),
        summary=label,
        before=before,
        after=after,
    )
    payload = {"kind": "building", "id": building.id, "verb": verb}
    outbox.emit(topic=TOPIC, payload=payload, at=at)


def _present(building_id: int) -> Building:
    found = Building.objects.filter(id=building_id).only("id", "street_id").first()
    if found is None:
        raise UnknownPlaceError(_("There is no such building."))
    return found


def _lock(street_ids: Sequence[int | None], others: Sequence[Address]) -> dict[int, Street]:
    return addressing.lock_streets([*street_ids, *(address.street_id for address in others)])


def _all_addresses(street: Street | None, house: Any, others: Sequence[Address]) -> list[Address]:
    own = [Address(street.id, house)] if street is not None and house is not None else []
    if own and own[0] in others:
        raise BadPlaceError(
            _("This is the address of the building itself."), field="other_addresses"
        )
    return [*own, *others]


def _move(building: Building, changes: dict[str, Any]) -> list[Note]:
    """Set the new point; a warning when it is far from the old one."""
    if not any(name in changes for name in _PLACE):
        return []
    lon, lat = _rounded(changes.get("lon"), changes.get("lat"))
    if [lon, lat] == [round(number, 7) for number in building.point.coords]:
        return []
    point = Point(lon, lat, srid=4326)
    rows = Building.objects.filter(id=building.id).annotate(moved=Distance("point", point))
    metres = rows.values_list("moved", flat=True)[0].m
    building.point = point
    building.location_source = Building.LocationSource.PIN
    if building.footprint is not None and not building.footprint.intersects(point):
        building.footprint = None
    if building.street_id is None:
        # Where no outline says otherwise, the settlement stays what it was.
        building.locality_id = _locality_at(lon, lat) or building.locality_id
    if metres <= FAR_MOVE_M:
        return []
    return [Note("far_move", translate("The pin moves %(metres)d m.") % {"metres": round(metres)})]


def _rounded(lon: Any, lat: Any) -> tuple[float, float]:
    """A place on Earth, to the centimetre."""
    lon, lat = checked_point(lon=lon, lat=lat)
    return round(lon, 7), round(lat, 7)


def _readdress(
    building: Building,
    changes: dict[str, Any],
    streets: dict[int, Street],
    given: Sequence[Address],
) -> None:
    wanted_street = changes.get("street_id", building.street_id)
    street = streets[wanted_street] if wanted_street else None
    house = addressing.read_house(changes.get("number", building.number))
    if "other_addresses" in changes:
        others = list(given)
    else:
        others = addressing.read_others(states.other_addresses(building_id=building.id))
    if street is not None and street.id != building.street_id:
        addressing.refuse_retired(street)
    addressing.refuse_taken(_all_addresses(street, house, others), building_id=building.id)
    building.street = street
    if street is not None:
        building.locality_id = street.locality_id
    for name, value in addressing.number_fields(house).items():
        setattr(building, name, value)
    addressing.write_others(building_id=building.id, addresses=others)


def _saved(
    building: Building, before: dict[str, Any], changes: dict[str, Any], at: datetime
) -> dict[str, Any]:
    """Save when anything differs; the values afterwards."""
    after = states.building_values(building)
    if after != before:
        if any(before[name] != after[name] for name in (*_PLACE, *_ADDRESS)):
            building.edited_at = at
        touch(building)
        if any(before[name] != after[name] for name in _PLACE):
            covering.rebuild(building_ids=[building.id])
    return after


def _effects(
    building: Building, zones: frozenset[int], faults: dict[str, str], at: datetime
) -> list[Note]:
    after = effects.versions_over(building_id=building.id, at=at)
    return [
        *effects.new_faults(faults, effects.faults_of(building_id=building.id, at=at)),
        *effects.zone_notes(building_ids=[building.id], before=zones, after=after, at=at),
    ]


def _locality_at(lon: float, lat: float) -> int | None:
    found = LocalityFinder().find(ShapelyPoint(lon, lat))
    return found.unit_id if found is not None else None


def _known_locality(lon: float, lat: float) -> int:
    found = _locality_at(lon, lat)
    if found is None:
        raise BadPlaceError(
            _("This place lies in no known settlement: choose the street."), field="street_id"
        )
    return found


def _reason(text: str) -> str:
    return checked_text(text).strip()[:300]
