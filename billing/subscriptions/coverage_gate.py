"""No service without coverage: the check that must stand behind a new subscription."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage import queries as coverage_queries
from coverage.answers import Answer, NetworkAnswer, Reason
from coverage.models import AvailabilityCheck, Building, Zone
from coverage.plant import queries as plant_queries
from project.core.errors import DomainError

OUTSIDE = frozenset({Reason.OUTSIDE_ZONE, Reason.NEAR_EDGE})
CHECK_FRESH_FOR = timedelta(days=30)

ANSWER_TEXTS = {
    Answer.AVAILABLE: _("available"),
    Answer.PLANNED: _("planned"),
    Answer.SUSPENDED: _("suspended"),
    Answer.NEEDS_SURVEY: _("needs a survey"),
    Answer.NO_COVERAGE: _("no coverage"),
}


class NoCoverageError(DomainError):
    """The network of that type does not serve the place, by the check or by what holds now."""

    code = "no_coverage"
    http_status = 409
    message = _("The network does not cover this building.")


class CheckNeededError(NoCoverageError):
    """There is no check, or it is about another building."""

    code = "check_needed"
    message = _("Check availability at this building first.")


class CheckStaleError(NoCoverageError):
    """The check is older than 30 days."""

    code = "check_stale"
    message = _("The availability check is older than 30 days. Check again.")


class CoverageChangedError(NoCoverageError):
    """What the check found and what holds now differ; `context` has both."""

    code = "coverage_changed"


class UncoveredReasonNeededError(NoCoverageError):
    """A person who may connect without coverage has given no reason."""

    code = "uncovered_reason_needed"
    message = _("There is no coverage here. Give the reason why the service is created anyway.")


@dataclass(frozen=True, slots=True)
class Ground:
    """On what a subscription stands: the winning zone now; `is_uncovered` when it was permitted."""

    zone_id: int | None
    zone_version_id: int | None
    is_uncovered: bool


def require_coverage(
    *,
    at: datetime,
    building: Building,
    network_type: str,
    check_id: int | None,
    uncovered_reason: str,
    may_uncovered: bool,
    unit: str = "",
) -> Ground:
    """The zone that serves the building now, or a NoCoverageError that says why not.

    A port reserved for this flat is a ground of its own where no port is free for others.
    With `may_uncovered` and a reason the service is let through, on whatever zone wins there.
    """
    now = _answer_now(at=at, building=building, network_type=network_type)
    problem = _problem(
        at=at, building=building, network_type=network_type, check_id=check_id, now=now
    )
    is_checked = not isinstance(problem, CheckNeededError | CheckStaleError)
    if is_checked and now is not None and now.reason is Reason.NO_FREE_PORT:
        waits = plant_queries.is_reserved_for(
            building_id=building.id, unit=unit, network_type=network_type
        )
        problem = None if waits else problem
    if problem is None:
        assert now is not None
        return Ground(zone_id=now.zone_id, zone_version_id=now.zone_version_id, is_uncovered=False)
    if not may_uncovered:
        raise problem
    if not uncovered_reason.strip():
        raise UncoveredReasonNeededError(field="uncovered_reason", because=problem.code)
    # Outside a zone the answer names the nearest one; it serves nothing here and sets no price.
    zone = now if now and now.reason not in OUTSIDE else None
    return Ground(
        zone_id=zone.zone_id if zone else None,
        zone_version_id=zone.zone_version_id if zone else None,
        is_uncovered=True,
    )


def _answer_now(*, at: datetime, building: Building, network_type: str) -> NetworkAnswer | None:
    answers = coverage_queries.answer_for_point(
        lon=building.point.x, lat=building.point.y, at=at, building_id=building.id
    )
    return next((a for a in answers if a.network_type == network_type), None)


def _problem(
    *,
    at: datetime,
    building: Building,
    network_type: str,
    check_id: int | None,
    now: NetworkAnswer | None,
) -> NoCoverageError | None:
    check = AvailabilityCheck.objects.filter(id=check_id).first() if check_id else None
    if check is None or check.building_id != building.id:
        return CheckNeededError()
    if at - check.at > CHECK_FRESH_FOR:
        return CheckStaleError(checked_at=check.at.isoformat())
    then: dict[str, Any] = next(
        (n for n in check.networks if n["network_type"] == network_type), {}
    )
    then_answer = Answer(then.get("answer", Answer.NO_COVERAGE))
    now_answer = now.answer if now else Answer.NO_COVERAGE
    same_zone = now is not None and then.get("zone_id") == now.zone_id
    if then_answer == now_answer and (same_zone or then_answer != Answer.AVAILABLE):
        if then_answer == Answer.AVAILABLE:
            return None
        return NoCoverageError(answer=now_answer.value.lower())
    return CoverageChangedError(
        _("Coverage has changed since the check of %(date)s: then %(then)s, now %(now)s.")
        % {
            "date": f"{check.at:%d.%m.%Y}",
            "then": _words(then_answer, _zone_name(then.get("zone_id"))),
            "now": _words(now_answer, now.zone_name if now else ""),
        },
        then={"answer": then_answer.value.lower(), "zone_id": then.get("zone_id")},
        now={"answer": now_answer.value.lower(), "zone_id": now.zone_id if now else None},
    )


def _words(answer: Answer, zone: str) -> str:
    return f"{ANSWER_TEXTS[answer]} ({zone})" if zone else str(ANSWER_TEXTS[answer])


def _zone_name(zone_id: int | None) -> str:
    if zone_id is None:
        return ""
    return Zone.objects.filter(id=zone_id).values_list("name", flat=True).first() or ""
