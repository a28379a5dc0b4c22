"""Which column of a file says what of a zone, and what its words mean.

Defaults know the names that GIS programs and people use in Ukrainian, English and Russian;
the person may choose other columns. A word that is not known is never guessed: the chosen default
is used and told, or the feature is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.addresses.latin import to_latin
from coverage.models import NetworkType, ZoneStatus
from coverage.zonefiles.reading import BadOptionError
from coverage.zoning.geometry import Problem

FIELDS = ("name", "code", "network_type", "status", "priority", "planned_for_date", "comment")
# The names begin with our own; a Shapefile's names end after ten letters.
NAMES: dict[str, tuple[str, ...]] = {
    "name": ("name", "zone_name", "title", "назва", "назва_зони", "имя", "название", "nazva"),
    "code": ("code", "zone_code", "код", "код_зони", "kod"),
    "network_type": (
        "network_type", "network_ty", "network", "net_type", "technology", "tech", "тип_мережі",
        "мережа", "технологія", "тип_сети", "сеть", "технология",
    ),
    "status": ("status", "state", "статус", "стан", "состояние"),
    "priority": ("priority", "prio", "пріоритет", "приоритет"),
    "planned_for_date": (
        "planned_for_date", "planned_fo", "planned", "planned_for", "plan_date", "дата",
        "планова_дата", "план",
    ),
    "comment": (
        "comment", "comments", "description", "descriptio", "desc", "note", "notes", "коментар",
        "примітка", "опис", "комментарий", "примечание", "описание",
    ),
}  # fmt: skip
NETWORK_WORDS: dict[str, tuple[str, ...]] = {
    NetworkType.FTTB: ("fttb", "ethernet", "etth", "lan", "кручена_пара", "витая_пара"),
    NetworkType.GPON: ("gpon", "pon", "epon", "gepon", "xpon", "xgs_pon", "ftth", "оптика"),
    NetworkType.DOCSIS: ("docsis", "cable", "hfc", "catv", "кабель", "коаксіал"),
    NetworkType.WIRELESS: (
        "wireless", "wifi", "wi_fi", "radio", "fwa", "wisp", "радіо", "радио", "бездротова",
        "безпровідна",
    ),
}  # fmt: skip
STATUS_WORDS: dict[str, tuple[str, ...]] = {
    ZoneStatus.PLANNED: ("planned", "plan", "план", "планується", "заплановано", "планируется"),
    ZoneStatus.BUILDING: ("building", "under_construction", "будується", "строится", "будівництво"),
    ZoneStatus.IN_SERVICE: (
        "in_service", "active", "live", "open", "ready", "працює", "діє", "активна", "працює_зараз",
        "підключаємо", "в_роботі", "работает", "действует",
    ),
    ZoneStatus.SUSPENDED: ("suspended", "paused", "призупинено", "зупинено", "приостановлено"),
    ZoneStatus.RETIRED: ("retired", "closed", "закрито", "виведено", "закрыто"),
}  # fmt: skip
DATE_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y", "%Y%m%d")
MAX_NAME_CHARS = 120
MAX_COMMENT_CHARS = 300

NOTES: dict[str, Any] = {
    "HEIGHT_DROPPED": _("Heights and measures were dropped."),
    "LINES_DROPPED": _("Points and lines beside the area were dropped."),
    "NAMED_BY_US": _("It has no name in the file and was given one."),
    "NAME_CUT": _("The name was cut to 120 characters."),
    "COMMENT_CUT": _("The comment was cut to 300 characters."),
    "CODE_CHANGED": _("The code was put into small Latin letters, digits and hyphens."),
    "UNKNOWN_NETWORK": _("The network “%(value)s” is not known and was not taken over."),
    "UNKNOWN_STATUS": _("The status “%(value)s” is not known and was not taken over."),
    "BAD_PRIORITY": _("“%(value)s” is no priority from -100 to 100 and was not taken over."),
    "BAD_DATE": _("“%(value)s” is not read as a date and was left out."),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the person chose: columns by field, and values where the file has none."""

    columns: Mapping[str, str] = field(default_factory=dict)
    network_type: str = ""
    status: str = ""
    priority: int | None = None

    def checked(self) -> "Options":
        """The same; raises BadOptionError for what can't be."""
        unknown = [name for name in self.columns if name not in FIELDS]
        if unknown or not all(isinstance(value, str) for value in self.columns.values()):
            raise BadOptionError(_("The choice of columns can't be read."), field="mapping")
        if self.network_type and self.network_type not in NetworkType.values:
            raise BadOptionError(_("Choose a network type."), field="network_type")
        if self.status and self.status not in STATUS_WORDS:
            raise BadOptionError(_("Choose a status."), field="status")
        if self.priority is not None and not -100 <= self.priority <= 100:
            raise BadOptionError(_("Priority is a number from -100 to 100."), field="priority")
        return self


@dataclass(slots=True)
class Attributes:
    """What a feature says of its zone; None where it says nothing. `notes` are told."""

    name: str | None = None
    code: str = ""
    network_type: str | None = None
    status: str | None = None
    priority: int | None = None
    planned_for_date: date | None = None
    comment: str | None = None
    notes: list[Problem] = field(default_factory=list)

    def note(self, code: str, value: str = "") -> None:
        """Tell what was changed."""
        text = NOTES[code]
        self.notes.append(Problem(code, text % {"value": value[:60]} if value else text))


def default_columns(columns: list[str]) -> dict[str, str]:
    """The column of each field, where one is recognised by its name."""
    by_key = {_key(column): column for column in reversed(columns)}
    found: dict[str, str] = {}
    for name, known in NAMES.items():
        column = next((by_key[key] for key in known if key in by_key), None)
        if column is not None:
            found[name] = column
    return found


def chosen_columns(columns: list[str], options: Options) -> dict[str, str]:
    """Defaults with what the person chose over them ("" is: none); BadOptionError if not there."""
    missing = [value for value in options.columns.values() if value and value not in columns]
    if missing:
        text = _("The file has no column “%(name)s”.")
        raise BadOptionError(text % {"name": missing[0][:80]}, field="mapping")
    both = {**default_columns(columns), **options.columns}
    return {name: column for name, column in both.items() if column}


def attributes(values: Mapping[str, str], columns: Mapping[str, str]) -> Attributes:
    """What the columns say; defaults are not filled in here."""
    found = Attributes()
    given = {name: _value(values, column) for name, column in columns.items()}
    name = re.sub(r"[\r\n\t]+", " ", given.get("name", ""))
    if len(name) > MAX_NAME_CHARS:
        found.note("NAME_CUT")
    found.name = name[:MAX_NAME_CHARS].strip() or None
    if given.get("code"):
        found.code = code_of(given["code"])
        if found.code != given["code"]:
            found.note("CODE_CHANGED")
    found.network_type = _word(found, given.get("network_type"), NETWORK_WORDS, "UNKNOWN_NETWORK")
    found.status = _word(found, given.get("status"), STATUS_WORDS, "UNKNOWN_STATUS")
    found.priority = _priority(found, given.get("priority", ""))
    found.planned_for_date = _date(found, given.get("planned_for_date", ""))
    comment = given.get("comment", "")
    if len(comment) > MAX_COMMENT_CHARS:
        found.note("COMMENT_CUT")
    found.comment = comment[:MAX_COMMENT_CHARS].strip() if "comment" in columns else None
    return found


def code_of(text: str) -> str:
    """A code as zones have it: small Latin letters, digits, hyphens, at most 40."""
    return re.sub(r"[^a-z0-9]+", "-", to_latin(text.lower())).strip("-")[:40].strip("-")


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "_", text.strip().casefold()).strip("_")


def _value(values: Mapping[str, str], column: str) -> str:
    """The value of a column; a long one lies in pieces: comment, comment_2, comment_3 …"""
    whole = values.get(column, "")
    number = 2
    while f"{column}_{number}" in values:
        whole += values[f"{column}_{number}"]
        number += 1
    return whole.strip()


def _word(
    found: Attributes, given: str | None, words: dict[str, tuple[str, ...]], unknown: str
) -> str | None:
    if not given:
        return None
    key = _key(given)
    value = next((value for value, known in words.items() if key in known), None)
    if value is None:
        found.note(unknown, given)
    return value


def _priority(found: Attributes, given: str) -> int | None:
    if not given:
        return None
    match = re.fullmatch(r"\s*([+-]?\d{1,3})(?:[.,]0*)?\s*", given, re.ASCII)
    if match is None or not -100 <= int(match[1]) <= 100:
        found.note("BAD_PRIORITY", given)
        return None
    return int(match[1])


def _date(found: Attributes, given: str) -> date | None:
    if not given:
        return None
    for form in DATE_FORMATS:
        try:
            read = datetime.strptime(given[:10].strip(), form).date()
        except ValueError:
            continue
        if 1990 <= read.year < 2200:
            return read
    found.note("BAD_DATE", given)
    return None
