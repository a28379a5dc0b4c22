"""What a change of a building means for coverage and what looks wrong about it afterwards."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from coverage import impact
from coverage.impact import Level, ZoneMove
from coverage.models import BuildingCoverage, ZoneVersion
from coverage.placing.guards import Note
from coverage.standing_rules import BuildingFarFromStreet, BuildingOutsidePlace

_RULES = (BuildingOutsidePlace(), BuildingFarFromStreet())
_SHOWN = Q(zone_version__status__in=["DRAFT", "RETIRED"])


def versions_over(*, building_id: int, at: datetime) -> frozenset[int]:
    """Ids of the zone versions in force that cover the building."""
    rows = BuildingCoverage.objects.filter(
        building_id=building_id, zone_version__valid__contains=at
    ).exclude(_SHOWN)
    return frozenset(rows.values_list("zone_version_id", flat=True))


def faults_of(*, building_id: int, at: datetime) -> dict[str, str]:
    """The standing rules that the building breaks, by name, in words."""
    found: dict[str, str] = {}
    for rule in _RULES:
        said = rule.among(at=at, building_ids=[building_id])
        if said:
            found[rule.name] = next(iter(said.values()))
    return found


def new_faults(before: dict[str, str], after: dict[str, str]) -> list[Note]:
    """Warnings for rules that were kept before and are broken now."""
    return [Note(name, text) for name, text in after.items() if name not in before]


def zone_notes(
    *, building_ids: Sequence[int], before: frozenset[int], after: frozenset[int], at: datetime
) -> list[Note]:
    """Zones that these buildings leave and enter, and what the other apps say about it."""
    moves = [_move(version, building_ids, before) for version in _versions(before ^ after)]
    notes = []
    for move in moves:
        text = _("Leaves the zone “%(zone)s”.") if move.lost else _("Enters the zone “%(zone)s”.")
        code = "zone_left" if move.lost else "zone_entered"
        notes.append(Note(code, text % {"zone": move.zone_name}, Level.INFO))
    lost = [move for move in moves if move.lost]
    if lost:
        notes += [
            Note(line.probe, str(line.text), line.level)
            for line in impact.lines(changes=lost, at=at)
            if line.level is Level.WARNING
        ]
    return notes


def _versions(ids: frozenset[int]) -> list[ZoneVersion]:
    return list(ZoneVersion.objects.filter(id__in=ids).select_related("zone").order_by("zone_id"))


def _move(version: ZoneVersion, building_ids: Sequence[int], before: frozenset[int]) -> ZoneMove:
    ids = tuple(sorted(building_ids))
    leaves = version.id in before
    return ZoneMove(
        zone_id=version.zone_id,
        zone_name=version.zone.name,
        network_type=version.zone.network_type,
        old_version_id=version.id,
        old_status=version.status,
        new_status=version.status,
        old_priority=version.priority,
        new_priority=version.priority,
        gained=() if leaves else ids,
        lost=ids if leaves else (),
        kept=(),
    )
