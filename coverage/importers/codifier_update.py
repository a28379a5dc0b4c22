"""A newer codifier held against what is there: a report first, then the update in one transaction.

A unit keeps its id for ever. It is known by its code; where the code has changed (a village that
goes to another hromada gets one), by the last five digits, which no two units of Ukraine share.
Renames leave a dated alias, gone units get the day of their end unless something still hangs on
them, and the paths below a moved unit are made anew.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, ManyToOneRel
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage.addresses.text import place_key
from coverage.importers.codifier import Row, new_ids, read_rows
from coverage.importers.codifier_report import Change, UpdateReport
from coverage.importers.report import Report
from coverage.models import AdminUnit, AdminUnitAlias
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError
from project.core.models import RoleAssignment

TOPIC = "coverage.codifier_updated"
SERIAL_DIGITS = 5
# More than this share gone at once is a cut file, or another one, not an update.
MOST_GONE = 0.1
_Category = AdminUnit.Category
CATEGORY_WORDS: dict[str, Any] = {
    _Category.OBLAST: _("oblast"),
    _Category.SPECIAL_CITY: _("city with special status"),
    _Category.RAION: _("raion"),
    _Category.HROMADA: _("hromada"),
    _Category.CITY: _("city"),
    _Category.TOWN: _("town"),
    _Category.VILLAGE: _("village"),
    _Category.SETTLEMENT: _("settlement"),
    _Category.CITY_DISTRICT: _("city district"),
}

PATHS = """
    WITH RECURSIVE tree AS (
        SELECT id, '/' || id || '/' AS path, 0 AS depth FROM coverage_adminunit
        WHERE parent_id IS NULL
        UNION ALL
        SELECT unit.id, tree.path || unit.id || '/', tree.depth + 1
        FROM coverage_adminunit unit JOIN tree ON unit.parent_id = tree.id
    )
    UPDATE coverage_adminunit unit SET path = tree.path, depth = tree.depth
    FROM tree WHERE tree.id = unit.id AND (unit.path, unit.depth) IS DISTINCT FROM
        (tree.path, tree.depth::smallint)
"""


class TooManyGoneError(DomainError):
    """The file lacks so many known units that it can't be an update of all of them."""

    code = "codifier_incomplete"
    message = _(
        "The file lacks %(gone)d of %(known)d units that are known. It is cut, or not the codifier."
    )


class OtherFileError(DomainError):
    """The file that shall be applied is not the one that was looked at."""

    code = "codifier_other_file"
    http_status = 409
    message = _("This is not the file that you have looked at. Look at it first.")


@dataclass(slots=True)
class _Plan:
    """The file's rows beside the units that they are, and what is left on either side."""

    rows: list[Row]
    units: dict[str, AdminUnit]  # by the code of the file
    new: list[Row]
    gone: list[AdminUnit]
    names: dict[int, str]


def update_codifier(
    *,
    path: Path,
    as_of: date,
    actor: Actor,
    at: datetime,
    dry_run: bool = False,
    sha256: str = "",
    source: str = "",
    may_lack_many: bool = False,
) -> UpdateReport:
    """Bring AdminUnit up to a newer file; with `dry_run` only tell what would be done.

    `as_of`: the day on which old names and gone units ended. `sha256`: of the file that was looked
    at before. Raises ImportFileError, TooManyGoneError, OtherFileError.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if sha256 and sha256 != digest:
        raise OtherFileError
    report = UpdateReport(source or path.name, digest, as_of, Report(source=source or path.name))
    rows = read_rows(path, report.read)
    with transaction.atomic():
        if not dry_run:
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE coverage_adminunit IN SHARE ROW EXCLUSIVE MODE")
        plan = _plan(rows)
        known = len(plan.units) + len(plan.gone)
        if known and len(plan.gone) > MOST_GONE * known and not may_lack_many:
            message = TooManyGoneError.message % {"gone": len(plan.gone), "known": known}
            raise TooManyGoneError(message, gone=len(plan.gone), known=known)
        report.changes = _differences(plan, as_of)
        if not dry_run and report.changes:
            _apply(plan, report)
            _tell(report, actor=actor, at=at)
            report.applied = True
    return report


def _plan(rows: list[Row]) -> _Plan:
    stored = AdminUnit.objects.filter(katottg__isnull=False).defer("geom", "centroid")
    by_code = {str(unit.katottg): unit for unit in stored}
    in_file = {row.code for row in rows}
    by_serial = {
        code[-SERIAL_DIGITS:]: unit for code, unit in by_code.items() if code not in in_file
    }
    units: dict[str, AdminUnit] = {}
    new: list[Row] = []
    for row in rows:
        unit = by_code.get(row.code) or by_serial.get(row.code[-SERIAL_DIGITS:])
        is_same = unit is not None and (
            unit.katottg == row.code
            or row.category == unit.category
            or place_key(row.name) == unit.search_key
        )
        if unit is not None and is_same:
            units[row.code] = unit
        else:
            new.append(row)
    taken = {unit.id for unit in units.values()}
    gone = [unit for unit in by_code.values() if unit.id not in taken and unit.valid_until is None]
    names = {unit.id: unit.name for unit in by_code.values()}
    return _Plan(rows, units, new, gone, names)


def _differences(plan: _Plan, as_of: date) -> list[Change]:
    names = {row.code: row.name for row in plan.rows}
    found = [Change("CREATED", row.code, row.name, _in_unit(row, names)) for row in plan.new]
    moved: list[tuple[AdminUnit, str]] = []
    for row in plan.rows:
        unit = plan.units.get(row.code)
        if unit is None:
            continue
        told: dict[str, Any] = {"code": row.code, "name": row.name, "unit_id": unit.id}
        if unit.name != row.name:
            text = translate("was %(name)s") % {"name": unit.name}
            found.append(Change("RENAMED", text=text, **told))
        if unit.katottg != row.code:
            found.append(Change("RECODED", text=f"{unit.katottg} → {row.code}", **told))
        if unit.category != row.category:
            old, new = (CATEGORY_WORDS[kind] for kind in (unit.category, row.category))
            found.append(Change("CATEGORY", text=f"{old} → {new}", **told))
        if unit.valid_until is not None:
            text = translate("had ended on %(day)s") % {"day": unit.valid_until.isoformat()}
            found.append(Change("RETURNED", text=text, **told))
        if unit.parent_id != _parent_id(plan, row):
            moved.append((unit, row.code))
    found += _moves(plan, moved, names)
    return found + _gone(plan, as_of)


def _in_unit(row: Row, names: dict[str, str]) -> str:
    kind = CATEGORY_WORDS[row.category]
    above = names.get(row.parent_code, "")
    return f"{kind}, {above}" if above else str(kind)


def _parent_id(plan: _Plan, row: Row) -> int | None:
    """The unit above, None for an oblast and for one that is not there yet (-1)."""
    if not row.parent_code:
        return None
    unit = plan.units.get(row.parent_code)
    return unit.id if unit is not None else -1


def _moves(plan: _Plan, moved: list[tuple[AdminUnit, str]], names: dict[str, str]) -> list[Change]:
    """Where they go, and how many buildings go with them: their prices by place may change."""
    rows = {row.code: row for row in plan.rows}
    found = []
    for unit, code in moved:
        inside = AdminUnit.objects.filter(path__startswith=unit.path)
        count = inside.aggregate(n=Count("buildings"))["n"]
        old = plan.names.get(unit.parent_id or 0, "—")
        text = f"{old} → {names.get(rows[code].parent_code, '—')}"
        if count:
            text += translate("; buildings that go along: %(count)d") % {"count": count}
        uses = {"coverage.Building": count} if count else {}
        found.append(Change("MOVED", code, rows[code].name, text, unit.id, uses=uses))
    return found


def _gone(plan: _Plan, as_of: date) -> list[Change]:
    """Gone units end, except those on which something hangs, and the units above such."""
    uses = _uses([unit.id for unit in plan.gone])
    roles = Counter(
        RoleAssignment.objects.filter(
            locality_code__in=[unit.katottg or "" for unit in plan.gone]
        ).values_list("locality_code", flat=True)
    )
    held = {unit.id for unit in plan.gone if unit.id in uses or roles[unit.katottg or ""]}
    above = {int(part) for unit in plan.gone if unit.id in held for part in _ids(unit.path)}
    found = []
    for unit in plan.gone:
        mine = dict(uses.get(unit.id, {}))
        if roles[unit.katottg or ""]:
            mine["core.RoleAssignment"] = roles[unit.katottg or ""]
        is_early = unit.valid_from is not None and unit.valid_from >= as_of
        blocked = unit.id in above or is_early
        if mine:
            text = translate("stays open, in use: %(what)s") % {"what": _uses_text(mine)}
        elif blocked:
            text = translate("stays open: a unit in it is in use, or it began later")
        else:
            text = translate("ends on %(day)s") % {"day": as_of.isoformat()}
        found.append(Change("GONE", unit.katottg or "", unit.name, text, unit.id, blocked, mine))
    return found


def _ids(path: str) -> list[str]:
    return [part for part in path.split("/") if part.isdigit()]


def _uses(unit_ids: list[int]) -> dict[int, dict[str, int]]:
    """What points at these units, by model: whatever app it belongs to, Django knows of it."""
    found: dict[int, dict[str, int]] = {}
    for relation in AdminUnit._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel):
            continue
        model, name = relation.related_model, relation.field.name
        if model in (AdminUnit, AdminUnitAlias):
            continue
        rows = model._default_manager.filter(**{f"{name}__in": unit_ids})
        for unit_id, count in rows.values_list(name).annotate(Count("pk")):
            found.setdefault(unit_id, {})[model._meta.label] = count
    return found


def _uses_text(uses: dict[str, int]) -> str:
    """In words: houses and streets by name, the rest as records of other modules."""
    own = {"coverage.Building": _("buildings"), "coverage.Street": _("streets")}
    told = [f"{own[label]} {count}" for label, count in uses.items() if label in own]
    rest = sum(count for label, count in uses.items() if label not in own)
    if rest:
        told.append(translate("prices, rights and other records %(count)d") % {"count": rest})
    return ", ".join(told)


def _apply(plan: _Plan, report: UpdateReport) -> None:
    """Write what differs; the paths of all that moved come last, from the parents."""
    ids = {code: unit.id for code, unit in plan.units.items()}
    ids.update(zip((row.code for row in plan.new), new_ids(len(plan.new)), strict=True))
    AdminUnit.objects.bulk_create(
        [
            AdminUnit(
                id=ids[row.code],
                katottg=row.code,
                category=row.category,
                name=row.name,
                search_key=place_key(row.name),
                parent_id=ids[row.parent_code] if row.parent_code else None,
                path=f"/new/{row.code}/",
                depth=0,
                valid_from=report.as_of,
            )
            for row in plan.new
        ],
        batch_size=2000,
    )
    _keep_old_names(plan, report.as_of)
    changed = []
    recoded: dict[str, str] = {}
    for row in plan.rows:
        unit = plan.units.get(row.code)
        if unit is None:
            continue
        parent_id = ids[row.parent_code] if row.parent_code else None
        now = (row.code, row.category, row.name, parent_id, None)
        if (unit.katottg, unit.category, unit.name, unit.parent_id, unit.valid_until) == now:
            continue
        if unit.katottg != row.code:
            recoded[str(unit.katottg)] = row.code
        unit.katottg, unit.category, unit.name, unit.parent_id, unit.valid_until = now
        unit.search_key = place_key(row.name)
        changed.append(unit)
    # Codes first, out of each other's way: two units may have changed places.
    AdminUnit.objects.filter(katottg__in=recoded).update(katottg=None)
    AdminUnit.objects.bulk_update(
        changed,
        ["katottg", "category", "name", "search_key", "parent", "valid_until"],
        batch_size=500,
    )
    for old, new in recoded.items():
        RoleAssignment.objects.filter(locality_code=old).update(locality_code=new)
    ended = [c.unit_id or 0 for c in report.changes if c.kind == "GONE" and not c.blocked]
    AdminUnit.objects.filter(id__in=ended).update(valid_until=report.as_of)
    with connection.cursor() as cursor:
        cursor.execute(PATHS)


def _keep_old_names(plan: _Plan, as_of: date) -> None:
    aliases = [
        AdminUnitAlias(
            unit_id=unit.id, name=unit.name, search_key=unit.search_key, until_date=as_of
        )
        for row in plan.rows
        if (unit := plan.units.get(row.code)) is not None and unit.search_key != place_key(row.name)
    ]
    AdminUnitAlias.objects.bulk_create(
        aliases,
        update_conflicts=True,
        unique_fields=["unit", "search_key"],
        update_fields=["name", "until_date"],
    )


def _tell(report: UpdateReport, *, actor: Actor, at: datetime) -> None:
    after = {
        "source": report.source,
        "sha256": report.sha256,
        "as_of": report.as_of.isoformat(),
        "counts": report.counts,
    }
    audit.record(
        at=at,
        actor=actor,
        action="coverage.codifier.updated",
        obj=("codifier", report.sha256[:16]),
        summary=f"{report.source}: {json.dumps(report.counts)}",
        after=after,
    )
    outbox.emit(topic=TOPIC, payload=after, at=at)
