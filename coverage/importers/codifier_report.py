"""What an update of the codifier would change or has changed, unit by unit."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from coverage.importers.report import Report

KINDS = ("CREATED", "RENAMED", "RECODED", "MOVED", "CATEGORY", "GONE", "RETURNED")


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `blocked`: told, but not done, because of what hangs on the unit."""

    kind: str
    code: str
    name: str
    text: str
    unit_id: int | None = None
    blocked: bool = False
    uses: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class UpdateReport:
    """What differs, and whether it has been applied."""

    source: str
    sha256: str
    as_of: date
    read: Report
    changes: list[Change] = field(default_factory=list)
    applied: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many changes of each kind."""
        found = Counter(change.kind for change in self.changes)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    def as_json(self, *, limit: int | None = None) -> dict[str, Any]:
        """The whole report, or its first `limit` changes (those that are not done come first)."""
        listed = sorted(self.changes, key=lambda change: not change.blocked)[:limit]
        return {
            "source": self.source,
            "sha256": self.sha256,
            "as_of": self.as_of.isoformat(),
            "rows": self.read.counts["rows"],
            "counts": self.counts,
            "changes": [change.as_json() for change in listed],
            "left_out": len(self.changes) - len(listed),
            "remarks": [
                {"row": entry.row, "text": f"{entry.name} {entry.reason} {entry.detail}".strip()}
                for entry in self.read.entries[:limit]
            ],
            "applied": self.applied,
        }

    def lines(self, *, limit: int = 20) -> list[str]:
        """The report for people; at most `limit` changes of each kind."""
        told = ", ".join(f"{kind} {number}" for kind, number in self.counts.items())
        lines = [f"{self.source}: {self.read.counts['rows']} rows; {told or 'no differences'}"]
        shown: Counter[str] = Counter()
        for change in sorted(self.changes, key=lambda each: KINDS.index(each.kind)):
            shown[change.kind] += 1
            if shown[change.kind] <= limit:
                mark = "!" if change.blocked else " "
                lines.append(f"{mark} {change.kind} {change.code} {change.name}: {change.text}")
        for kind, number in shown.items():
            if number > limit:
                lines.append(f"  … {kind}: {number}")
        return lines + self.read.lines(limit=limit)[1:]
