"""Attributes of a building that stand for themselves: floors, flats, entrances, wiring, notes."""

import json
from typing import Any, cast

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.utils.translation import gettext_lazy as _

from coverage.models import Building
from coverage.places import checked_accuracy, checked_text
from coverage.placing.guards import BadPlaceError

LIMITS = {"flats": 5000, "levels": 200, "entrances": 100}
TEXTS = {"kind": 40, "access_note": 300}


def set_plain(building: Building, values: dict[str, Any]) -> None:
    """Attributes that stand for themselves."""
    for name, most in LIMITS.items():
        if name in values:
            setattr(building, name, _whole(values[name], name, most))
    for name, most in TEXTS.items():
        if name in values:
            text = checked_text(str(values[name] or "")).strip()
            if len(text) > most:
                raise BadPlaceError(_("At most %(most)d characters.") % {"most": most}, field=name)
            setattr(building, name, text)
    if "wiring" in values:
        if values["wiring"] not in Building.Wiring.values:
            raise BadPlaceError(_("Say whether our cable is inside."), field="wiring")
        building.wiring = values["wiring"]
    if values.get("location_source"):
        if values["location_source"] not in Building.LocationSource.values:
            raise BadPlaceError(_("Say where the place comes from."), field="location_source")
        building.location_source = values["location_source"]
    if values.get("location_accuracy_m") is not None:
        building.location_accuracy_m = checked_accuracy(values["location_accuracy_m"]) or 0
    if "footprint" in values:  # undo only: the API does not take outlines
        outline = values["footprint"]
        building.footprint = (
            cast(MultiPolygon, GEOSGeometry(json.dumps(outline), srid=4326)) if outline else None
        )


def _whole(value: Any, name: str, most: int) -> int | None:
    if value is None or value == "":
        return None
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadPlaceError(_("Give a whole number."), field=name) from error
    if not 0 <= number <= most:
        raise BadPlaceError(_("Give a number from 0 to %(most)d.") % {"most": most}, field=name)
    return number
