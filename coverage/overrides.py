"""What a survey found at one building, against the zones: "the fibre ends at no. 7".

An override beats geometry for one network type at one building while it is in force: until its day
where one was given ("the cable is cut till spring"), else until somebody ends it. It is never
changed: a newer one, or its end, closes it, and all of them stay as history.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from coverage.availability import answer_for_point, standing_building
from coverage.labels import address_labels
from coverage.models import Building, CoverageOverride, NetworkType
from project.core import audit, clock, outbox
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError, NotFoundError
from project.core.models import User

TOPIC = "coverage.override_changed"
REASON_CHARS = 300
LONGEST_DAYS = 3660


class BadOverrideError(DomainError):
    """A network type that is none, or no reason given."""

    code = "bad_override"
    message = _("Say in a few words what was found (at most 300 characters).")


class BadLastDateError(DomainError):
    """The last day of an override is past, or more than ten years ahead."""

    code = "bad_last_date"
    message = _("Choose today or a later day, at most ten years ahead.")


class OverrideTooEarlyError(DomainError):
    """An override of the building begins at or after this moment."""

    code = "override_later"
    http_status = 409
    message = _("This building was noted at the same moment or later. Try again.")


@transaction.atomic
def set_override(
    *,
    building_id: int,
    network_type: str,
    available: bool,
    reason: str,
    actor: Actor,
    at: datetime,
    last_date: date | None = None,
) -> int:
    """Note what holds at a building from `at` on; closes what was noted before; its id.

    `last_date`: the last day (of Kyiv) on which it holds; without one it holds until it is ended.
    Raises BadOverrideError, BadLastDateError, NotFoundError, OverrideTooEarlyError.
    """
    reason = _checked_reason(reason)
    until = _end_of(last_date, at=at) if last_date is not None else None
    if network_type not in NetworkType.values:
        raise BadOverrideError(_("Choose a network type."), field="network_type")
    building = _locked_building(building_id, at)
    before = _in_force(building_id=building.id, network_type=network_type, at=at)
    if before is not None:
        _close(before, actor=actor, at=at, reason=reason)
    made = CoverageOverride.objects.create(
        building=building,
        network_type=network_type,
        available=available,
        reason=reason,
        author_id=actor.user_id,
        valid=TimestamptzRange(at, until),
    )
    _tell("set", override=made, before=before, actor=actor, at=at, reason=reason)
    return made.id


@transaction.atomic
def end_override(*, override_id: int, reason: str, actor: Actor, at: datetime) -> None:
    """From `at` on the zones decide again; raises NotFoundError when it is not in force.

    A building that was retired or merged meanwhile keeps its notes, and they can be ended too.
    """
    reason = _checked_reason(reason)
    found = CoverageOverride.objects.filter(id=override_id).filter(_lasts(at)).first()
    if found is None:
        raise NotFoundError(_("This note is not in force."))
    Building.objects.select_for_update(of=("self",)).get(id=found.building_id)
    override = CoverageOverride.objects.select_for_update().get(id=override_id)
    if override.valid.upper is not None and override.valid.upper <= at:
        raise NotFoundError(_("This note is not in force."))
    _close(override, actor=actor, at=at, reason=reason)
    _tell("ended", override=override, before=override, actor=actor, at=at, reason=reason)


@transaction.atomic
def end_due(*, at: datetime) -> int:
    """Tell of overrides whose day has come; how many. They have ended by themselves already.

    A person who ends one always says why, so those without a word are the ones not told of yet.
    """
    over = CoverageOverride.objects.select_for_update(skip_locked=True).filter(
        valid__endswith__lte=at, end_reason=""
    )
    actor = Actor(kind=ActorKind.SYSTEM, label="schedule")
    told = 0
    for override in over.order_by("id"):
        override.end_reason = str(_("Its day has come."))
        override.save(update_fields=["end_reason"])
        _tell(
            "ended",
            override=override,
            before=override,
            actor=actor,
            at=at,
            reason=override.end_reason,
        )
        told += 1
    return told


def building_state(*, building_id: int, at: datetime) -> dict[str, Any]:
    """What the planner sees of a building: address, place, answers, overrides with history."""
    building = standing_building(building_id=building_id, at=at)
    lon, lat = building.point.coords
    answers = answer_for_point(lon=lon, lat=lat, at=at, building_id=building.id)
    rows = (
        CoverageOverride.objects.filter(Q(building=building) | Q(building__merged_into=building))
        .select_related("author", "ended_by")
        .order_by("-valid", "-id")
    )
    return {
        "building_id": building.id,
        "address": address_labels(building_ids=[building.id], with_locality=True)[building.id],
        "lon": lon,
        "lat": lat,
        "wiring": building.wiring,
        "answers": [
            {
                "network_type": answer.network_type,
                "answer": answer.answer.value,
                "reason": answer.reason.value,
                "zone_id": answer.zone_id,
                "zone_name": answer.zone_name,
                "distance_m": answer.distance_m,
            }
            for answer in answers
        ],
        "overrides": [_override_json(row, at) for row in rows],
    }


def in_force(*, at: datetime, limit: int = 500) -> list[dict[str, Any]]:
    """Overrides in force at a moment, newest first, with addresses and places for the map."""
    rows = list(
        CoverageOverride.objects.filter(valid__contains=at)
        .select_related("author", "building")
        .order_by("-valid", "-id")[:limit]
    )
    labels = address_labels(building_ids={row.building_id for row in rows})
    return [
        {
            **_override_json(row, at),
            "building_id": row.building_id,
            "address": labels[row.building_id],
            "lon": row.building.point.x,
            "lat": row.building.point.y,
        }
        for row in rows
    ]


def _override_json(row: CoverageOverride, at: datetime) -> dict[str, Any]:
    upper = row.valid.upper
    return {
        "override_id": row.id,
        "network_type": row.network_type,
        "available": row.available,
        "reason": row.reason,
        "in_force": row.valid.lower <= at and (upper is None or at < upper),
        "author": _name(row.author),
        "valid_from": row.valid.lower.isoformat() if row.valid.lower else None,
        "valid_until": upper.isoformat() if upper else None,
        "ended_by": _name(row.ended_by),
        "end_reason": row.end_reason,
    }


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.username) if user is not None else ""


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > REASON_CHARS:
        raise BadOverrideError(field="reason")
    return reason


def _locked_building(building_id: int, at: datetime) -> Building:
    """One note about a building at a time: the building's row is the lock."""
    building = standing_building(building_id=building_id, at=at)
    Building.objects.select_for_update(of=("self",)).get(id=building.id)
    return building


def _end_of(last_date: date, *, at: datetime) -> datetime:
    """The midnight that ends a day of Kyiv; raises BadLastDateError."""
    if not 0 <= (last_date - clock.today(at)).days <= LONGEST_DAYS:
        raise BadLastDateError(field="last_date")
    return datetime.combine(last_date + timedelta(days=1), time(), tzinfo=clock.KYIV)


def _lasts(at: datetime) -> Q:
    """Not ended yet at that moment (one that begins later as well: the caller refuses it)."""
    return Q(valid__endswith=None) | Q(valid__endswith__gt=at)


def _in_force(*, building_id: int, network_type: str, at: datetime) -> CoverageOverride | None:
    rows = CoverageOverride.objects.filter(building_id=building_id, network_type=network_type)
    return rows.filter(_lasts(at)).first()


def _close(override: CoverageOverride, *, actor: Actor, at: datetime, reason: str) -> None:
    lower = override.valid.lower
    if lower is not None and lower >= at:
        raise OverrideTooEarlyError
    override.valid = TimestamptzRange(lower, at)
    override.ended_by_id, override.end_reason = actor.user_id, reason
    override.save(update_fields=["valid", "ended_by", "end_reason"])


def _tell(
    verb: str,
    *,
    override: CoverageOverride,
    before: CoverageOverride | None,
    actor: Actor,
    at: datetime,
    reason: str,
) -> None:
    address = address_labels(building_ids=[override.building_id])[override.building_id]
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.override.{verb}",
        obj=("building", override.building_id),
        summary=f"{address}, {override.network_type}: {reason}",
        before={"available": before.available, "reason": before.reason} if before else None,
        after=(
            {"network_type": override.network_type, "available": override.available}
            if verb == "set"
            else None
        ),
    )
    outbox.emit(
        topic=TOPIC,
        payload={
            "building_id": override.building_id,
            "network_type": override.network_type,
            "available": override.available if verb == "set" else None,
        },
        at=at,
    )
