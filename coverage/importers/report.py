"""What an import did, feature by feature: nothing is lost or changed without a line here."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

# Stable codes with a sentence for people. The action taken is told apart from the reason.
REASONS: dict[str, Any] = {
    "BAD_ROW": _("The row has not the expected columns."),
    "BAD_CODE": _("The code is not a KATOTTG code."),
    "BAD_CATEGORY": _("The category is not known."),
    "DUPLICATE_CODE": _("The code stands in the file twice."),
    "NO_PARENT": _("The unit above is not in the file."),
    "NOT_IN_FILE": _("The unit is in the database but no longer in the file."),
    "RENAMED": _("The name has changed; the old one is kept as an alias."),
    "NO_GEOMETRY": _("The feature has no geometry."),
    "WRONG_GEOMETRY": _("The geometry is not of the expected kind."),
    "OUTSIDE_WORLD": _("A coordinate is not a number or lies outside the world."),
    "RING_NOT_CLOSED": _("A ring does not end where it began."),
    "INVALID_GEOMETRY": _("The outline is not a correct polygon."),
    "NO_AREA_LEFT": _("Nothing with an area is left after the repair."),
    "NO_UNIT": _("No unit of this name or code is known here."),
    "SEVERAL_UNITS": _("Several units have this name here."),
    "NO_CONTAINER": _("No boundary of a unit above contains this place."),
    "OTHER_CONTAINER": _("The code and the place name different units above; the code is used."),
    "DUPLICATE_OUTLINE": _("The unit has a boundary in this file already."),
    "OTHER_SOURCE": _("What is stored comes from another source."),
    "NO_NAME": _("There is no name."),
    "NO_TYPE": _("There is no street type."),
    "STREET_HAS_NUMBER": _("The street name contains a house number."),
    "STREET_IS_NUMBER": _("The street name is only a number."),
    "STREET_RUSSIAN": _("The street name is in Russian."),
    "STREET_LOOKS_LIKE": _("The street name is rare and very like another one."),
    "BAD_NUMBER": _("The house number can't be read as one number."),
    "DUPLICATE_ADDRESS": _("Another building has this address."),
    "NO_STREET": _("The building has no street."),
    "BAD_LEVELS": _("The number of floors can't be read."),
    "BAD_FLATS": _("The number of flats can't be read."),
    "FLATS_DIFFER": _("Another number of flats is stored; it is kept."),
    "NOT_WHOLE": _("The outline is not whole in this extract."),
    "FROM_AREA": _("The address stands on a plot; its one building without an address gets it."),
    "OTHER_CITY": _("The file names another settlement than the boundary that contains the place."),
    "MOVED": _("The building has moved."),
    "ADDRESS_CHANGED": _("The address has changed."),
    "OLD_STREET_NAME": _("The street is written with an old name; its present name is taken."),
    "RETIRED": _("This building was taken off the map by a person; it stays so."),
    "NEEDS_PIN": _("The street is known, the place is not: put a pin."),
    "NO_SUCH_STREET": _("No such street is known here, and the row has no coordinates."),
    "SEVERAL_STREETS": _("Several streets have this name here: write the type."),
    "NO_NUMBER": _("There is no house number."),
    "ID_TWICE": _("Another row has this id and another address."),
    "FAR_FROM_KNOWN": _("The building with this address stands elsewhere."),
    "AXES_SWAPPED": _("Latitude and longitude seem to be swapped."),
    "BAD_COORDINATES": _("The coordinates can't be read."),
    "ENCODING_GUESSED": _("The file does not name its encoding; it was told by its letters."),
    "BROKEN_QUOTES": _("A quotation mark is not closed; the marks are read as plain signs."),
    "NO_LOCALITY": _("The place lies in no known settlement."),
    "HROMADA_STANDS_IN": _("The settlement has no boundary; its hromada stands in."),
    "DUPLICATE_ROW": _("The same row stands in the file twice."),
    "OLD_NAME_OF_SEVERAL": _("The old name belonged to several streets; people will be asked."),
    "OLD_NAME_IN_USE": _("The old name is the present name of another street."),
    "PLANT_FIELD": _("A field of the row can't be so."),
    "PLANT_PARENT": _("No node has this name."),
    "PLANT_CYCLE": _("The nodes of these rows feed each other in a ring."),
    "PLANT_ADDRESS": _("This address is not surely one building of ours."),
    "PLANT_ZONE": _("No zone has this code."),
    "SAME_NAME": _("The old and the new name are the same."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One remark: `row` counts from 1, `action` says what was done, lon/lat the place if any."""

    row: int
    code: str
    action: str
    name: str = ""
    detail: str = ""
    lon: float | None = None
    lat: float | None = None

    @property
    def reason(self) -> str:
        """The sentence for people."""
        return str(REASONS[self.code])


@dataclass(slots=True)
class Report:
    """Counts and remarks of one import of one file."""

    source: str
    counts: Counter[str] = field(default_factory=Counter)
    entries: list[Entry] = field(default_factory=list)
    parts: list["Report"] = field(default_factory=list)

    def note(self, row: int, code: str, action: str, **more: Any) -> None:
        """Add a remark; `code` is a key of REASONS."""
        assert code in REASONS, code
        self.entries.append(Entry(row=row, code=code, action=action, **more))

    def count(self, what: str, number: int = 1) -> None:
        """Add to a count."""
        self.counts[what] += number

    def as_json(self) -> dict[str, Any]:
        """The whole report, JSON-able."""
        return {
            "source": self.source,
            "counts": dict(sorted(self.counts.items())),
            "remarks": dict(sorted(Counter(entry.code for entry in self.entries).items())),
            "entries": [{**asdict(entry), "reason": entry.reason} for entry in self.entries],
            **({"parts": [part.as_json() for part in self.parts]} if self.parts else {}),
        }

    def lines(self, *, limit: int = 20) -> list[str]:
        """The report as lines of text; at most `limit` remarks of each kind."""
        counts = ", ".join(f"{name} {number}" for name, number in sorted(self.counts.items()))
        lines = [f"{self.source}: {counts or '0'}"]
        shown: Counter[str] = Counter()
        for entry in self.entries:
            shown[entry.code] += 1
            if shown[entry.code] <= limit:
                place = f" ({entry.lon:.5f} {entry.lat:.5f})" if entry.lon is not None else ""
                text = f"{entry.row}: {entry.name} {entry.reason} {entry.detail}".strip()
                lines.append(f"  {text}{place} -> {entry.action}")
        for code, number in sorted(shown.items()):
            if number > limit:
                lines.append(f"  … {code}: {number}")
        for part in self.parts:
            lines += part.lines(limit=limit)
        return lines

    def write_json(self, path: Path) -> None:
        """Write the whole report to a file."""
        text = json.dumps(self.as_json(), ensure_ascii=False, indent=1)
        path.write_text(text + "\n", encoding="utf-8")
