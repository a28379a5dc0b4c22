"""Words of the import of addresses: formats, columns, what was done with a row."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

FORMATS: dict[str, Any] = {
    "OSM": _("OpenStreetMap extract (.osm.pbf)"),
    "GEOJSON": _("GeoJSON with buildings"),
    "CSV": _("CSV table"),
    "XLSX": _("Excel table"),
}
FIELDS: dict[str, Any] = {
    "address": _("whole address"),
    "oblast": _("oblast"),
    "raion": _("raion"),
    "hromada": _("hromada"),
    "locality": _("settlement"),
    "katottg": _("KATOTTG code"),
    "street_type": _("type of street"),
    "street": pgettext_lazy("column", "street"),
    "house": pgettext_lazy("column", "house"),
    "korpus": _("korpus"),
    "lat": _("latitude"),
    "lon": _("longitude"),
    "point": _("both coordinates"),
    "flats": _("number of flats"),
    "levels": _("floors"),
    "external_id": _("id at the source"),
}
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1251": "Windows-1251",
    "cp866": "CP866 (DOS)",
    "koi8_u": "KOI8-U",
    "utf-16": "UTF-16",
}
DELIMITERS: dict[str, Any] = {
    ";": _("semicolon ;"),
    ",": _("comma ,"),
    "tab": _("tab"),
    "|": _("bar |"),
}
OUTCOMES: dict[str, tuple[str, Any]] = {
    "NEW": ("online", _("new building")),
    "KNOWN": ("plan", _("known building")),
    "WAITS": ("pending", _("waits for a pin")),
}
# (tone, word) by the name of a count, in the order in which they are shown.
COUNTS: dict[str, tuple[str, Any]] = {
    "created": ("online", _("buildings made")),
    "updated": ("plan", _("buildings renewed")),
    "unchanged": ("off", _("as they were")),
    "waiting for a pin": ("pending", _("wait for a pin")),
    "further addresses": ("online", _("further addresses of corner houses")),
    "streets created": ("online", _("streets made")),
    "boundaries set": ("online", _("boundaries of settlements and hromadas drawn")),
    "pins no longer needed": ("plan", _("waited for a pin, settled now")),
}
JOB_OUTCOMES = {name.replace(" ", "_"): COUNTS[name] for name in list(COUNTS)[:4]}
ACTIONS: dict[str, Any] = {
    "SKIPPED": _("left out"),
    "LEFT_OUT": _("this value is left out"),
    "KEPT_WITHOUT_NUMBER": _("kept without a number"),
    "KEPT_WITHOUT_STREET": _("kept without a street"),
    "KEPT_AS_WRITTEN": _("kept as written"),
    "WAITS_FOR_PIN": _("waits for a pin"),
    "MERGED": _("counted once"),
    "TOLD": _("read all the same"),
    "UPDATED": _("renewed"),
    "EMPTY_FILLED": _("only what was empty is filled"),
    "STORED_KEPT": _("the stored value stays"),
    "PLACE_KEPT": _("the place decides"),
    "PRESENT_NAME_TAKEN": _("the present name is taken"),
    "TAKEN": _("taken"),
    "REPAIRED": _("repaired"),
    "REPAIRED_PLEASE_CHECK": _("repaired: please check"),
    "CLOSED_STRAIGHT": _("closed by a straight line"),
    "RING_DROPPED": _("this ring is left out"),
}
# Remarks that ask a person to do something go first.
URGENT = ("AXES_SWAPPED", "FAR_FROM_KNOWN", "NO_LOCALITY", "NO_UNIT", "SEVERAL_UNITS", "NEEDS_PIN")
