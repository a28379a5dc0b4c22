"""What an import of zones did, feature by feature."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.zoning.geometry import Problem

# What was done with a feature, in the order in which people want to see them.
ACTIONS: dict[str, Any] = {
    "repair_offered": _("has a fault; the repair waits for acceptance"),
    "swap_offered": _("axes seem swapped; swapping waits for acceptance"),
    "refused": _("refused"),
    "created": _("draft of a new zone"),
    "updated": _("draft of a zone that exists"),
    "unchanged": _("is on the map exactly so; nothing to do"),
}
DRAFTED = {"created", "updated"}
MAX_DRAWN_POINTS = 60_000  # all outlines of one report together


@dataclass(frozen=True, slots=True)
class Line:
    """One feature: what was done, why, and where. `changed` says how the outline was changed."""

    row: int
    action: str
    name: str = ""
    code: str = ""
    layer: str = ""
    changed: str = ""  # "repaired" or "swapped" when the person accepted that
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    lon: float | None = None
    lat: float | None = None
    zone_id: int | None = None
    geometry: dict[str, Any] | None = None
    points: int = 0

    def as_json(self, *, with_outline: bool) -> dict[str, Any]:
        """For the API and the report file."""
        return {
            "row": self.row,
            "name": self.name,
            "code": self.code,
            "layer": self.layer,
            "action": self.action,
            "changed": self.changed,
            "reason": " ".join(str(each.message) for each in self.problems),
            "problems": [problem.as_json() for problem in self.problems],
            "notes": [note.as_json() for note in self.notes],
            "lon": self.lon,
            "lat": self.lat,
            "zone_id": self.zone_id,
            "geometry": self.geometry if with_outline else None,
        }


@dataclass(slots=True)
class ZoneReport:
    """The report of one file. `columns`: with a value each; `mapping`: what was used."""

    source: str
    format: str
    sha256: str
    encoding: str = ""
    crs: str = ""
    dry_run: bool = False
    changeset_id: int | None = None
    columns: dict[str, str] = field(default_factory=dict)
    mapping: dict[str, str] = field(default_factory=dict)
    remarks: list[Problem] = field(default_factory=list)
    lines_: list[Line] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many features each action got; those without any are there with 0."""
        found = Counter(line.action for line in self.lines_)
        return {action: found[action] for action in ACTIONS}

    @property
    def drafted(self) -> int:
        """How many drafts were made."""
        return sum(line.action in DRAFTED for line in self.lines_)

    def as_json(self) -> dict[str, Any]:
        """The whole report; outlines as long as they are not too many."""
        drawn = 0
        features = []
        for line in self.lines_:
            drawn += line.points
            features.append(line.as_json(with_outline=drawn <= MAX_DRAWN_POINTS))
        return {
            "source": self.source,
            "format": self.format,
            "sha256": self.sha256,
            "encoding": self.encoding,
            "crs": self.crs,
            "dry_run": self.dry_run,
            "changeset_id": self.changeset_id,
            "columns": [{"name": name, "sample": text} for name, text in self.columns.items()],
            "mapping": self.mapping,
            "counts": self.counts,
            "remarks": [remark.as_json() for remark in self.remarks],
            "features": features,
        }

    def lines(self, *, limit: int = 20) -> list[str]:
        """The report as text; at most `limit` lines of each action."""
        counts = ", ".join(f"{name} {number}" for name, number in self.counts.items() if number)
        lines = [f"{self.source} ({self.format}): {counts}"]
        lines += [f"  {remark.message}" for remark in self.remarks]
        shown: Counter[str] = Counter()
        for line in self.lines_:
            shown[line.action] += 1
            if shown[line.action] > limit:
                continue
            place = f" ({line.lon:.5f} {line.lat:.5f})" if line.lon is not None else ""
            why = " ".join(str(each.message) for each in (*line.problems, *line.notes))
            done = f"{ACTIONS[line.action]}{f' [{line.changed}]' if line.changed else ''}"
            lines.append(f"  {line.row}: {line.name}{place} {why} -> {done}".replace("  ", " "))
        lines += [f"  … {name}: {n}" for name, n in shown.items() if n > limit]
        if self.changeset_id is not None:
            lines.append(f"  change set {self.changeset_id}: nothing is published")
        return lines

    def write_json(self, path: Path) -> None:
        """Write the whole report to a file."""
        text = json.dumps(self.as_json(), ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
