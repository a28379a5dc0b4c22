"""Zones from a file into a draft change set: every feature is told of, nothing is published."""

import hashlib
import re
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely
from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import Zone, ZoneChange, ZoneChangeSet, ZoneStatus
from coverage.zonefiles import judging, mapping
from coverage.zonefiles.contents import Contents, Record
from coverage.zonefiles.mapping import Attributes, Options
from coverage.zonefiles.reading import BadOptionError, read_file
from coverage.zonefiles.report import Line, ZoneReport
from coverage.zoning import drafts, queries
from coverage.zoning.geometry import Problem
from coverage.zoning.shapes import to_shapely
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

ALL = "all"
Rows = Set[int] | str  # numbers of features, or ALL


class FileChangedError(DomainError):
    """The file is not the one that the person has looked at."""

    code = "zone_file_changed"
    http_status = 409
    message = _("The file has been changed since you looked at it: choose it again.")


class NothingImportedError(DomainError):
    """No feature became a draft; context: the whole report, with what is on offer."""

    code = "zone_import_nothing"
    http_status = 422
    message = _("No zone could be taken from this file as it is.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants from an import. Row sets say for which features a choice holds."""

    options: Options = field(default_factory=Options)
    encoding: str = ""
    crs: str = ""
    rows: Rows = ALL
    accept_repaired: Rows = frozenset()
    swap_axes: Rows = frozenset()
    changeset_id: int | None = None
    sha256: str = ""
    dry_run: bool = False


def import_zones(
    *, data: bytes, file_name: str, actor: Actor, at: datetime, asked: Asked | None = None
) -> ZoneReport:
    """Make drafts of a file's zones, in a change set of their own unless one is named.

    Zones are known again by their code; an unknown or absent code is a new zone. With `dry_run`
    the same report is made and nothing is stored. Raises ZoneFileError and its subclasses (the
    file as a whole), BadOptionError, FileChangedError, ChangeSetClosedError.
    """
    asked = asked or Asked()
    options = asked.options.checked()
    digest = hashlib.sha256(data).hexdigest()
    if asked.sha256 and asked.sha256 != digest:
        raise FileChangedError
    contents = read_file(data=data, encoding=asked.encoding, crs=asked.crs)
    columns = contents.columns()
    report = ZoneReport(
        source=shown_name(file_name),
        format=contents.format,
        sha256=digest,
        encoding=contents.encoding,
        crs=contents.crs,
        dry_run=asked.dry_run,
        columns=columns,
        mapping=mapping.chosen_columns(list(columns), options),
        remarks=contents.remarks,
    )
    with transaction.atomic():
        _Import(report, contents, asked, actor, at).run()
        transaction.set_rollback(asked.dry_run)
    if asked.dry_run:
        report.changeset_id = None
    return report


def refuse_empty(report: ZoneReport) -> None:
    """Raise NothingImportedError when no feature became a draft and none was there already."""
    if report.drafted or report.counts["unchanged"]:
        return
    first = next((line.problems[0] for line in report.lines_ if line.problems), None)
    message = first.message if first is not None else None
    raise NothingImportedError(message, report=report.as_json())


def shown_name(file_name: str) -> str:
    """The file's name as it may be shown and stored: no folders, no control characters."""
    last = re.split(r"[/\\]", file_name)[-1]
    return "".join(c for c in last if c.isprintable()).strip()[:100] or "zones"


def rows_of(text: str, *, name: str) -> Rows:
    """ "all", "" or numbers like "3,5,8" from a form; raises BadOptionError."""
    if text == ALL:
        return ALL
    parts = [part for part in text.replace(" ", "").split(",") if part]
    if not all(re.fullmatch(r"[0-9]{1,7}", part) for part in parts):
        raise BadOptionError(_("Give “all”, or the numbers of features with commas."), field=name)
    return frozenset(map(int, parts))


def _has(rows: Rows, row: int) -> bool:
    return rows == ALL or row in rows


class _Import:
    """One run over one file, inside one transaction."""

    def __init__(
        self, report: ZoneReport, contents: Contents, asked: Asked, actor: Actor, at: datetime
    ) -> None:
        self.report, self.contents, self.asked = report, contents, asked
        self.actor, self.at = actor, at
        self.home = judging.home()
        self.codes_seen: dict[str, int] = {}
        self.zones: dict[str, Zone] = {}
        self.changeset_id = asked.changeset_id

    def run(self) -> None:
        wanted = [r for r in self.contents.records if _has(self.asked.rows, r.row)]
        if not wanted:
            raise BadOptionError(_("The file has no feature with such a number."), field="rows")
        if self.changeset_id is not None:
            drafts.lock_changeset(changeset_id=self.changeset_id)
        found = [mapping.attributes(r.properties, self.report.mapping) for r in wanted]
        codes = {each.code for each in found if each.code}
        # All at once, in the order of ids: two imports of the same zones wait, and never crosswise.
        known = Zone.objects.select_for_update().filter(code__in=codes).order_by("id")
        self.zones = {zone.code: zone for zone in known}
        for record, said in zip(wanted, found, strict=True):
            self.report.lines_.append(self._feature(record, said))
        self.report.changeset_id = self.changeset_id
        if self.report.drafted:
            audit.record(
                at=self.at,
                actor=self.actor,
                action="coverage.zones.imported",
                obj=("zonechangeset", self.changeset_id or 0),
                summary=self.report.source,
                after={**self.report.counts, "sha256": self.report.sha256},
            )

    def _feature(self, record: Record, said: Attributes) -> Line:
        """Judge one feature and draft it if it is good or its change is accepted."""
        for note in record.notes:
            said.note(note)
        common: dict[str, Any] = {"row": record.row, "code": said.code, "layer": record.layer}
        common["name"] = said.name or said.code
        if record.problem is not None or record.geometry is None:
            text = _("The feature has no outline.")
            problem = record.problem or Problem("NO_GEOMETRY", text)
            common |= {"lon": problem.lon, "lat": problem.lat, "problems": (problem,)}
            return Line(action="refused", notes=tuple(said.notes), **common)
        swap = _has(self.asked.swap_axes, record.row)
        verdict = judging.judge(record.geometry, home=self.home, swap=swap)
        common["lon"], common["lat"] = verdict.place()
        if verdict.shape is not None:
            common["geometry"] = judging.drawn(verdict.shape)
            common["points"] = int(shapely.get_num_coordinates(verdict.shape))
        common["problems"] = verdict.problems
        repair = verdict.kind == judging.REPAIRABLE
        if verdict.kind == judging.REFUSED:
            return Line(action="refused", notes=tuple(said.notes), **common)
        if verdict.kind == judging.SWAPPED:
            return Line(action="swap_offered", notes=tuple(said.notes), **common)
        if repair and not _has(self.asked.accept_repaired, record.row):
            return Line(action="repair_offered", notes=tuple(said.notes), **common)
        common["changed"] = "repaired" if repair else "swapped" if swap else ""
        return self._draft(record, said, verdict.shape, common)

    def _draft(self, record: Record, said: Attributes, shape: Any, common: dict[str, Any]) -> Line:
        earlier = self.codes_seen.setdefault(said.code, record.row) if said.code else record.row
        if earlier != record.row:
            text = _("The code stands in the file twice (feature %(row)d); the first one counts.")
            problem = Problem("DUPLICATE_CODE", text % {"row": earlier})
            return self._refused(said, common, problem)
        changeset_id = self.changeset_id  # a change set made for a feature that fails goes with it
        try:
            with transaction.atomic():
                zone = self.zones.get(said.code) if said.code else None
                if zone is None:
                    action, zone_id = "created", self._create(record, said, shape, common)
                else:
                    action, zone_id = self._update(zone, said, shape), zone.id
                    common["name"] = said.name or zone.name
        except DomainError as error:
            self.changeset_id = changeset_id
            code = error.field or error.code
            return self._refused(said, common, Problem(code.upper(), error.message))
        except DatabaseError:
            self.changeset_id = changeset_id
            return self._refused(said, common, Problem("STORAGE", _("It can't be stored.")))
        return Line(action=action, zone_id=zone_id, notes=tuple(said.notes), **common)

    def _refused(self, said: Attributes, common: dict[str, Any], problem: Problem) -> Line:
        common |= {"problems": (*common["problems"], problem), "changed": ""}
        return Line(action="refused", notes=tuple(said.notes), **common)

    def _create(self, record: Record, said: Attributes, shape: Any, common: dict[str, Any]) -> int:
        options = self.asked.options
        if said.name is None:
            stem = self.report.source.rpartition(".")[0] or self.report.source
            said.name = said.code or f"{record.layer or stem} {record.row}"[-120:]
            said.note("NAMED_BY_US")
            common["name"] = said.name
        network_type = said.network_type or options.network_type
        if not network_type:
            text = _("The file does not say the network type: choose one.")
            raise drafts.BadZoneError(text, field="network_type")
        priority = said.priority if said.priority is not None else options.priority
        saved = drafts.create_zone(
            actor=self.actor,
            at=self.at,
            name=said.name,
            network_type=network_type,
            geometry=shape,
            status=said.status or options.status or ZoneStatus.PLANNED,
            priority=priority or 0,
            code=said.code,
            planned_for_date=said.planned_for_date,
            comment=said.comment or "",
            changeset_id=self._changeset(),
        )
        return saved.zone_id

    def _update(self, zone: Zone, said: Attributes, shape: Any) -> str:
        """A new draft of a zone; what the file does not say stays as it is on the map."""
        version = queries.current_version(zone_id=zone.id)
        drafted = queries.open_change(zone_id=zone.id, author_id=self.actor.user_id)
        base = version or drafted
        options = self.asked.options
        name = said.name or zone.name
        status = said.status or (base.status if base else options.status or ZoneStatus.PLANNED)
        priority = zone.priority if said.priority is None else said.priority
        network_type = said.network_type or zone.network_type
        comment = said.comment if said.comment is not None else (base.comment if base else "")
        planned = said.planned_for_date or (base.planned_for_date if base else None)
        others = ZoneChange.objects.filter(zone=zone, changeset__state__in=queries.OPEN_STATES)
        has_draft = others.exclude(changeset_id=self.changeset_id).exists()
        if version is not None and not has_draft:
            now = (zone.name, version.status, version.priority, zone.network_type)
            same = now == (name, status, priority, network_type)
            same = same and (version.comment, version.planned_for_date) == (comment, planned)
            if same and shapely.equals(to_shapely(version.geometry), shape):
                return "unchanged"
        if has_draft:
            text = _("An open draft of this zone is now outdated; nothing of it is lost.")
            said.notes.append(Problem("OTHER_DRAFT", text))
        drafts.save_draft(
            zone_id=zone.id,
            base_revision=zone.revision,
            actor=self.actor,
            at=self.at,
            geometry=shape,
            status=status,
            name=name,
            network_type=network_type,
            priority=priority,
            planned_for_date=planned,
            comment=comment,
            changeset_id=self._changeset(),
        )
        return "updated"

    def _changeset(self) -> int:
        if self.changeset_id is None:
            changeset = ZoneChangeSet.objects.create(
                title=str(_("Import of %(file)s") % {"file": self.report.source})[:160],
                author_id=self.actor.user_id,
                created_at=self.at,
            )
            self.changeset_id = changeset.id
        return self.changeset_id
