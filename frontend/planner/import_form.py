"""The wizard's form: what a person chose, as the params of the job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from coverage.addressfiles.columns import FIELDS
from coverage.addressfiles.importing import BadChoiceError
from coverage.placing import queries as places

# A change of one of these makes the header another one: the columns are found out anew.
SHAPE = ("encoding", "delimiter", "sheet", "header_row")
TEXT_LIMITS = {"encoding": 20, "delimiter": 4, "sheet": 80, "street_type": 40}


@dataclass(frozen=True, slots=True)
class Choices:
    """`params` for the job; `candidates` are settlements of the name that was typed."""

    params: dict[str, Any]
    candidates: list[dict[str, Any]]
    is_reshaped: bool


def choices_of(form: QueryDict, before: Mapping[str, Any]) -> Choices:
    """What the form says; raises BadChoiceError for what no browser of ours sends."""
    params: dict[str, Any] = {name: form.get(name, "")[:most] for name, most in TEXT_LIMITS.items()}
    params["header_row"] = _row_number(form.get("header_row", ""))
    params["swap_axes"] = form.get("swap_axes") == "on"
    params["header"] = before.get("header", [])
    candidates = _take_locality(params, form)
    is_reshaped = any(params[name] != before.get(name, _empty(name)) for name in SHAPE)
    params["mapping"] = None
    if params["header"] and not is_reshaped:
        params["mapping"] = _mapping(form, params["header"])
    return Choices(params, candidates, is_reshaped)


def _empty(name: str) -> Any:
    return None if name == "header_row" else ""


def _row_number(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or len(text) > 6:
        raise BadChoiceError(_("The row of the header is a number."), field="header_row")
    return int(text)


def _mapping(form: QueryDict, header: list[str]) -> dict[str, str]:
    """Column by field; of two columns with one field the first counts."""
    mapping: dict[str, str] = {}
    for at, name in enumerate(header):
        field = form.get(f"column-{at}", "")
        if field in FIELDS and field not in mapping:
            mapping[field] = name
    return mapping


def _take_locality(params: dict[str, Any], form: QueryDict) -> list[dict[str, Any]]:
    """The settlement for places in no known boundary: by its id, else by its name."""
    text = form.get("locality", "").strip()[:120]
    chosen = form.get("locality_id", "")
    params["locality_text"], params["locality_id"] = text, None
    if not text:
        return []
    found = places.localities(text=text)
    by_id = {str(unit["locality_id"]): unit for unit in found}
    if chosen in by_id:
        params["locality_id"] = by_id[chosen]["locality_id"]
        return []
    same = [unit for unit in found if unit["name"].lower() == text.lower()]
    if len(same) == 1:
        params["locality_id"] = same[0]["locality_id"]
        return []
    if not found:
        raise BadChoiceError(_("No settlement has a name that begins so."), field="locality")
    return same or found
