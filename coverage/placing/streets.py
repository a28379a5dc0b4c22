"""Streets made, renamed, retyped, merged and taken away by planners.

A street keeps its id for ever: a rename changes its name and leaves the old one as a dated alias,
so that old answers, letters and people's memory still lead to it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage.addresses import StreetName, parse_street
from coverage.addresses.streettypes import TYPES
from coverage.addresses.text import RUSSIAN_LETTERS, is_latin
from coverage.labels import address_labels
from coverage.models import AdminUnit, Building, BuildingAddress, Street, StreetAlias
from coverage.places import checked_text
from coverage.placing import states
from coverage.placing.buildings import TOPIC
from coverage.placing.guards import (
    BadPlaceError,
    PlaceGoneError,
    PlaceInUseError,
    StalePlaceError,
    UnknownPlaceError,
)
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError

SOURCE = "PLANNER"


class StreetExistsError(DomainError):
    """The locality has a street of that type and name; context: `street`."""

    code = "street_exists"
    http_status = 409
    message = _("There is such a street here already.")


class AddressCollisionError(DomainError):
    """Both streets have houses of these numbers; context: `collisions`."""

    code = "address_collision"
    http_status = 409
    message = _("Both streets have houses with the same numbers. Merge those houses first.")


def create_street(
    *, locality_id: int, street_type: str, name: str, actor: Actor, at: datetime
) -> dict[str, Any]:
    """A new street of a settlement; its state. Raises BadPlaceError, StreetExistsError."""
    read = _read(street_type, name)
    if not AdminUnit.objects.filter(id=locality_id, valid_until__isnull=True).exists():
        raise UnknownPlaceError(_("There is no such settlement."), field="locality_id")
    with _unique(locality_id, read):
        street = Street.objects.create(locality_id=locality_id, source=SOURCE, **_name_fields(read))
        _tell("created", street, actor=actor, at=at, after=states.street_values(street))
    return states.street_state(street)


def rename_street(
    *,
    street_id: int,
    base_revision: int,
    street_type: str,
    name: str,
    on_date: date,
    actor: Actor,
    at: datetime,
    is_correction: bool = False,
    verb: str = "renamed",
) -> dict[str, Any]:
    """Give a street another name or type; its state.

    The old name becomes an alias that ended on `on_date`, unless it was only a slip
    (`is_correction`). Raises StalePlaceError, BadPlaceError, StreetExistsError.
    """
    read = _read(street_type, name)
    locality_id = _locality_of(street_id)
    with _unique(locality_id, read, besides=street_id):
        street = lock_street(street_id=street_id, base_revision=base_revision)
        before = states.street_values(street)
        if (street.type, street.name) == (read.type, read.name):
            return states.street_state(street)
        is_same_identity = (street.type, street.name_norm) == (read.type, read.name_norm)
        if not is_correction and not is_same_identity:
            _keep_name(street, street, on_date)
        for field, value in _name_fields(read).items():
            setattr(street, field, value)
        _touch(street)
        StreetAlias.objects.filter(street=street, type=read.type, name_norm=read.name_norm).delete()
        after = {**states.street_values(street), "until_date": on_date.isoformat()}
        _tell(verb, street, actor=actor, at=at, before=before, after=after)
    return states.street_state(street)


def retire_street(
    *, street_id: int, base_revision: int, actor: Actor, at: datetime
) -> dict[str, Any]:
    """Take a street off the lists. Raises PlaceInUseError while a building has its address."""
    with transaction.atomic():
        street = lock_street(street_id=street_id, base_revision=base_revision)
        count = houses_of(street_id=street_id).count()
        if count:
            text = translate("Buildings with an address in this street: %(count)d.")
            raise PlaceInUseError(text % {"count": count}, buildings=count)
        street.retired_at = at
        _touch(street)
        _tell(
            "retired",
            street,
            actor=actor,
            at=at,
            before={"retired": False},
            after={"retired": True},
        )
    return states.street_state(street)


def bring_back_street(
    *, street_id: int, base_revision: int, actor: Actor, at: datetime, verb: str = "brought_back"
) -> dict[str, Any]:
    """Put a retired street back on the lists; a merged one stays merged."""
    with transaction.atomic():
        street = lock_street(street_id=street_id, base_revision=base_revision, is_retired=True)
        street.retired_at = None
        _touch(street)
        _tell(verb, street, actor=actor, at=at, before={"retired": True}, after={"retired": False})
    return states.street_state(street)


def merge_streets(
    *,
    loser_id: int,
    winner_id: int,
    loser_revision: int | None,
    winner_revision: int | None,
    on_date: date,
    actor: Actor,
    at: datetime,
    dry_run: bool = False,
) -> dict[str, Any]:
    """All houses of the loser get the winner's name; the loser's names become aliases.

    With `dry_run` nothing is kept and collisions are told instead of raised. Sent again it does
    nothing. Raises AddressCollisionError with the pairs of houses, StalePlaceError.
    """
    if loser_id == winner_id:
        raise BadPlaceError(_("Choose two different streets."), field="winner_id")
    with transaction.atomic():
        known = {s.id: s for s in Street.objects.filter(id__in=[loser_id, winner_id])}
        if len(known) < 2:
            raise UnknownPlaceError(_("There is no such street."))
        if known[loser_id].merged_into_id == winner_id:
            return _merged(known[winner_id], 0, [], already=True)
        revisions = {loser_id: loser_revision, winner_id: winner_revision}
        locked = {
            street_id: lock_street(street_id=street_id, base_revision=revisions[street_id])
            for street_id in sorted(revisions)
        }
        loser, winner = locked[loser_id], locked[winner_id]
        if loser.locality_id != winner.locality_id:
            raise BadPlaceError(_("Streets of one settlement only can be merged."))
        pairs = collisions(loser_id=loser_id, winner_id=winner_id)
        if pairs and not dry_run:
            raise AddressCollisionError(collisions=pairs)
        count = houses_of(street_id=loser_id).count()
        if not pairs:
            _move_houses(loser, winner, on_date)
            _tell_merge(loser, winner, count, actor=actor, at=at)
        report = _merged(winner, count, pairs, already=False)
        transaction.set_rollback(dry_run)
    return report


def collisions(*, loser_id: int, winner_id: int) -> list[dict[str, Any]]:
    """Pairs of standing houses that would have one address, in the order of houses."""
    numbers = [_numbers(street_id) for street_id in (loser_id, winner_id)]
    shared = [number for number in numbers[0] if number in numbers[1]]
    pairs = [
        (number, numbers[0][number], numbers[1][number])
        for number in shared
        if numbers[0][number] != numbers[1][number]
    ]
    ids = [building for _number, *both in pairs for building in both]
    labels = address_labels(building_ids=ids)
    revisions = dict(Building.objects.filter(id__in=ids).values_list("id", "revision"))
    return [
        {
            "number": number,
            **{
                side: {
                    "building_id": building,
                    "label": labels[building],
                    "revision": revisions[building],
                }
                for side, building in (("loser", mine), ("winner", theirs))
            },
        }
        for number, mine, theirs in pairs
    ]


def houses_of(*, street_id: int) -> Any:
    """Standing buildings with an address in the street, of their own or a further one."""
    further = BuildingAddress.objects.filter(building=OuterRef("id"), street_id=street_id)
    return Building.objects.filter(
        Q(street_id=street_id) | Exists(further), retired_at__isnull=True
    )


def lock_street(*, street_id: int, base_revision: int | None, is_retired: bool = False) -> Street:
    """The street for writing, as the person saw it (see `buildings.lock_building`)."""
    rows = Street.objects.select_for_update(of=("self",)).select_related("locality")
    street = rows.filter(id=street_id).first()
    if street is None:
        raise UnknownPlaceError(_("There is no such street."))
    if base_revision is not None and street.revision != base_revision:
        raise StalePlaceError(current=states.street_state(street))
    if street.merged_into_id is not None:
        raise PlaceGoneError(
            _("This street was merged into another one."), merged_into=street.merged_into_id
        )
    if (street.retired_at is not None) != is_retired:
        raise PlaceGoneError(
            _("This street is in use already.") if is_retired else _("This street is retired.")
        )
    return street


def _read(street_type: str, name: str) -> StreetName:
    """Type and name apart; raises BadPlaceError with a clear word."""
    if street_type not in TYPES:
        raise BadPlaceError(_("Choose the type of the street."), field="type")
    written = checked_text(name).strip()
    read = parse_street(f"{street_type} {written}")
    if not written or not read.type or not any(char.isalpha() for char in read.name):
        raise BadPlaceError(_("Give the name of the street, without its type."), field="name")
    if len(read.name) > 160 or len(read.name_norm) > 160:
        raise BadPlaceError(_("At most %(most)d characters.") % {"most": 160}, field="name")
    if is_latin(written) or RUSSIAN_LETTERS.search(read.name):
        raise BadPlaceError(_("Write the name in Ukrainian."), field="name")
    return read


def _name_fields(read: StreetName) -> dict[str, str]:
    return {
        "type": read.type,
        "name": read.name,
        "name_norm": read.name_norm,
        "search_key": read.search_key,
    }


@contextmanager
def _unique(locality_id: int, read: StreetName, *, besides: int | None = None) -> Iterator[None]:
    """A transaction in which no other street of the settlement has that type and name."""
    rivals = Street.objects.filter(
        locality_id=locality_id,
        type=read.type,
        name_norm=read.name_norm,
        merged_into__isnull=True,
    ).exclude(id=besides or 0)
    try:
        with transaction.atomic():
            rival = rivals.select_related("locality").first()
            if rival is not None:
                raise StreetExistsError(field="name", street=states.street_state(rival))
            yield
    except IntegrityError as error:
        if "coverage_street_identity" in str(error):
            raise StreetExistsError(field="name") from error
        raise


def _locality_of(street_id: int) -> int:
    found = Street.objects.filter(id=street_id).values_list("locality_id", flat=True).first()
    if found is None:
        raise UnknownPlaceError(_("There is no such street."))
    return found


def _keep_name(street: Street, of: Street, until: date) -> None:
    """The name of `of` leads to `street` from now on, as one that ended on that day."""
    StreetAlias.objects.update_or_create(
        street=street,
        type=of.type,
        name_norm=of.name_norm,
        defaults={
            "name": of.name,
            "search_key": of.search_key,
            "kind": StreetAlias.Kind.OLD,
            "until_date": until,
            "source": SOURCE,
        },
    )


def _numbers(street_id: int) -> dict[str, int]:
    """Numbers of the street's standing houses, in the order of houses: number → building."""
    own = Building.objects.filter(
        street_id=street_id, number__isnull=False, retired_at__isnull=True
    ).order_by("number_sort", "id")
    found = {str(number): building for building, number in own.values_list("id", "number")}
    further = BuildingAddress.objects.filter(
        street_id=street_id, building__retired_at__isnull=True
    ).order_by("id")
    for building, number in further.values_list("building_id", "number"):
        found.setdefault(number, building)
    return found


def _move_houses(loser: Street, winner: Street, on_date: date) -> None:
    """Buildings, further addresses and names of the loser; no number of them collides."""
    at_winner = BuildingAddress.objects.filter(street=winner)
    at_loser = BuildingAddress.objects.filter(street=loser)
    # A corner house of both streets has the same number in both: it keeps one of the two.
    own = Building.objects.filter(id=OuterRef("building_id"), number=OuterRef("number"))
    at_loser.filter(Exists(own.filter(street__in=[loser, winner]))).delete()
    at_winner.filter(Exists(own.filter(street=loser))).delete()
    at_loser.filter(number__in=at_winner.values("number")).delete()
    at_loser.update(street=winner)
    Building.objects.filter(street=loser).update(street=winner, revision=F("revision") + 1)
    known = set(StreetAlias.objects.filter(street=winner).values_list("type", "name_norm"))
    known.add((winner.type, winner.name_norm))
    for alias in StreetAlias.objects.filter(street=loser).order_by("id"):
        if (alias.type, alias.name_norm) not in known:
            StreetAlias.objects.filter(id=alias.id).update(street=winner)
    if (loser.type, loser.name_norm) not in known:
        _keep_name(winner, loser, on_date)
    if winner.geom is None and loser.geom is not None:
        winner.geom = loser.geom
    Street.objects.filter(merged_into=loser).update(merged_into=winner)


def _tell_merge(loser: Street, winner: Street, count: int, *, actor: Actor, at: datetime) -> None:
    before = states.street_values(loser)
    loser.retired_at, loser.merged_into = at, winner
    _touch(loser)
    _touch(winner)
    after = {"retired": True, "merged_into": winner.id, "street": states.label_of(winner)}
    _tell("merged", loser, actor=actor, at=at, before=before, after=after)
    took = {"merged": states.label_of(loser), "buildings": count}
    _tell("took_over", winner, actor=actor, at=at, before={"loser": loser.id}, after=took)


def _merged(
    winner: Street, count: int, pairs: list[dict[str, Any]], *, already: bool
) -> dict[str, Any]:
    return {
        "street": states.street_state(winner),
        "buildings": count,
        "collisions": pairs,
        "already": already,
    }


def _touch(street: Street) -> None:
    street.revision += 1
    street.save()


def _tell(
    verb: str,
    street: Street,
    *,
    actor: Actor,
    at: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.street.{verb}",
        obj=("street", street.id),
        summary=states.label_of(street),
        before=before,
        after=after,
    )
    outbox.emit(topic=TOPIC, payload={"kind": "street", "id": street.id, "verb": verb}, at=at)
