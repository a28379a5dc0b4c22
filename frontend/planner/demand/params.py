"""The filter of the demand map as it stands in the address; nonsense is refused with its field."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from coverage.demand.wanted import BadDemandFilterError, DemandFilter
from frontend.planner.demand.queries import STEPS
from project.core.clock import KYIV

DEFAULT_DAYS = 182
MAX_DAYS = 5 * 366
YEARS = range(2000, 2200)
MAX_ID = 2**63 - 1


@dataclass
class DemandParams:
    """What was asked for: the filter, the step of time, and faults by field (then `wanted` is the
    default)."""

    wanted: DemandFilter
    step: str
    from_date: date
    until_date: date  # the last day, as people write a period
    typed: dict[str, str]
    errors: dict[str, Any] = field(default_factory=dict)


def read_params(query: QueryDict, *, today: date) -> DemandParams:
    """The parameters of the page; with a fault the default filter and what was typed."""
    typed = {name: query.get(name, "")[:40] for name in (*_TEXTS, "from", "until", "cells", "step")}
    try:
        return _read(typed, today)
    except BadDemandFilterError as error:
        fallback = _read(dict.fromkeys(typed, ""), today)
        fallback.errors = {error.field: error.message}
        fallback.typed = typed
        return fallback


_TEXTS = ("network", "answer", "reason", "channel", "locality")


def _read(typed: dict[str, str], today: date) -> DemandParams:
    until = _day(typed["until"], "until") or today
    first = _day(typed["from"], "from") or until - timedelta(days=DEFAULT_DAYS)
    if first > until:
        raise BadDemandFilterError(_("The period ends before it begins."), field="until")
    if (until - first).days > MAX_DAYS:
        raise BadDemandFilterError(_("The period is longer than five years."), field="from")
    step = typed["step"] or "month"
    if step not in STEPS:
        raise BadDemandFilterError(field="step")
    wanted = DemandFilter(
        from_at=_midnight(first),
        until_at=_midnight(until + timedelta(days=1)),
        width_m=_number(typed["cells"] or "250", "cells"),
        network_type=typed["network"],
        answer=typed["answer"],
        reason=typed["reason"],
        channel=typed["channel"],
        locality_id=_number(typed["locality"], "locality") if typed["locality"] else None,
    )
    return DemandParams(wanted, step, first, until, typed)


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise BadDemandFilterError(_("This is not a date."), field=name) from error
    if day.year not in YEARS:
        raise BadDemandFilterError(_("This is not a date."), field=name)
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=KYIV)


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_ID):
        raise BadDemandFilterError(field=name)
    return int(text)
