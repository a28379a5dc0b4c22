"""Availability checks: asked, answered, stored; read again by their public id."""

import json
import uuid
from dataclasses import asdict, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from coverage import availability, labels, lookup
from coverage.answers import (
    AddressCandidate,
    AddressMatch,
    Answer,
    CheckResult,
    MatchKind,
    NetworkAnswer,
    Reason,
)
from coverage.models import AvailabilityCheck, Building
from coverage.places import checked_accuracy, checked_point, checked_text
from project.core import prepared
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

# How long a check keeps who asked and what was typed, unless the settings say otherwise.
KEPT_FOR = timedelta(days=365)
_ANONYMISED_AT_ONCE = 5_000
NETWORK_FIELDS = tuple(field.name for field in fields(NetworkAnswer))
_NO_BUILDING = {
    MatchKind.AMBIGUOUS: Reason.ADDRESS_AMBIGUOUS,
    MatchKind.FUZZY: Reason.ADDRESS_AMBIGUOUS,
    MatchKind.STREET_ONLY: Reason.ADDRESS_UNKNOWN,
    MatchKind.NONE: Reason.ADDRESS_UNKNOWN,
}


# Prepared: each question is stored, and building the statement anew takes longer than storing it.
STORE = """
    INSERT INTO coverage_availabilitycheck (public_id, at, channel, query_kind, raw_text,
        match_kind, confidence, building_id, point, accuracy_m, answer, reason, networks,
        candidates, user_id, caller_ip)
    VALUES (%(public_id)s, %(at)s, %(channel)s, %(query_kind)s, %(raw_text)s, %(match_kind)s,
        %(confidence)s, %(building_id)s::bigint,
        ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326), %(accuracy_m)s::int,
        %(answer)s, %(reason)s, %(networks)s::jsonb, %(candidates)s::jsonb, %(user_id)s::bigint,
        %(caller_ip)s::inet)
    RETURNING id
"""


class NothingAskedError(DomainError):
    """Neither an address nor a building nor a point was given."""

    code = "nothing_asked"
    message = _("Type an address or put a pin on the map.")


class UnknownCheckError(NotFoundError):
    """No check has this public id."""

    code = "unknown_check"
    message = _("There is no such check.")


def check_availability(
    *,
    at: datetime,
    channel: str,
    actor: Actor,
    text: str = "",
    building_id: int | None = None,
    lon: float | None = None,
    lat: float | None = None,
    accuracy_m: float | None = None,
) -> CheckResult:
    """Answer "can I have internet here?" and store the question with the answer.

    A building beats a pin, a pin beats the text; the text is kept as typed in every case. A fuzzy
    match is never accepted: the answer is NEEDS_SURVEY with candidates to choose from. Raises
    NothingAskedError, BadTextError, BadCoordinatesError, UnknownBuildingError.
    """
    assert channel in AvailabilityCheck.Channel.values, channel
    checked_text(text)
    asked, match, place = _understood(
        text=text, building_id=building_id, lon=lon, lat=lat, accuracy_m=accuracy_m
    )
    building = None
    if match.building_id is not None:
        place = availability.standing_place(building_id=match.building_id, at=at)
        building = place.building
        assert building is not None
        match = replace(match, building_id=building.id)
    networks: tuple[NetworkAnswer, ...] = ()
    answer, reason = Answer.NEEDS_SURVEY, _NO_BUILDING.get(match.kind)
    if place is not None:
        networks = availability.answers_for_places(places=[place], at=at)[0]
        answer, reason = availability.best_of(networks)
    assert reason is not None, match.kind
    result = CheckResult(
        check_id=0,
        public_id=str(uuid.uuid4()),
        answer=answer,
        reason=reason,
        match_kind=match.kind,
        confidence=match.confidence,
        address_label=_label_of(building) if building else match.label,
        old_name=match.old_name,
        building_id=match.building_id,
        point=(place.lon, place.lat) if place else None,
        networks=networks,
        candidates=match.candidates,
    )
    question = _Question(asked, text, channel, place.accuracy_m if place else None, match.label)
    return replace(result, check_id=_store(result, question, actor=actor, at=at))


def _understood(
    *,
    text: str,
    building_id: int | None,
    lon: float | None,
    lat: float | None,
    accuracy_m: float | None,
) -> tuple[str, AddressMatch, availability.Place | None]:
    """What is asked about: BUILDING, PIN or TEXT, the match, and the place of a pin."""
    if building_id is not None:
        known = AddressMatch(MatchKind.BUILDING_ID, confidence=1.0, building_id=building_id)
        return "BUILDING", known, None
    if lon is not None or lat is not None:
        point = checked_point(lon=_number(lon), lat=_number(lat))
        place = availability.Place(*point, checked_accuracy(accuracy_m))
        return "PIN", AddressMatch(kind=MatchKind.PIN, confidence=1.0), place
    if not text.strip():
        raise NothingAskedError(field="text")
    return "TEXT", lookup.match_address(text=text), None


class _Question(NamedTuple):
    """What is kept of a question beside its answer; `label`: the street as it was understood."""

    kind: str
    text: str
    channel: str
    accuracy_m: int | None
    label: str


def _store(result: CheckResult, question: _Question, *, actor: Actor, at: datetime) -> int:
    """Keep the question with its answer; the id of the check."""
    lon, lat = result.point or (None, None)
    values: dict[str, Any] = {
        "public_id": result.public_id,
        "at": at,
        "channel": question.channel,
        "query_kind": question.kind,
        "raw_text": question.text,
        "match_kind": result.match_kind.value,
        "confidence": result.confidence,
        "building_id": result.building_id,
        "lon": lon,
        "lat": lat,
        "accuracy_m": question.accuracy_m,
        "answer": result.answer.value,
        "reason": result.reason.value,
        "networks": json.dumps([_network_json(network) for network in result.networks]),
        "candidates": json.dumps(
            {
                "label": question.label,
                "old_name": result.old_name,
                "items": [asdict(candidate) for candidate in result.candidates],
            }
        ),
        "user_id": actor.user_id,
        "caller_ip": actor.ip,
    }
    check_id: int = prepared.rows(STORE, values)[0][0]
    return check_id


def reason_without_building(kind: MatchKind) -> Reason:
    """Why nobody can say anything yet, where the text was not tied to one building."""
    return _NO_BUILDING[kind]


def check_result(*, public_id: str) -> CheckResult:
    """A stored check as it was answered; raises UnknownCheckError."""
    try:
        wanted = uuid.UUID(str(public_id))
    except ValueError as error:
        raise UnknownCheckError from error
    stored = AvailabilityCheck.objects.filter(public_id=wanted).first()
    if stored is None:
        raise UnknownCheckError
    return result_of(stored)


def anonymise_checks(*, at: datetime, kept_for: timedelta = KEPT_FOR) -> int:
    """Forget who asked, and in what words, in checks older than `kept_for`; how many they were.

    What was answered for which building stays: it explains a tariff and feeds the demand map. Runs
    in batches, each a transaction of its own, so that nobody waits for it.
    """
    old = AvailabilityCheck.objects.filter(at__lt=at - kept_for, anonymised_at__isnull=True)
    done = 0
    while ids := list(old.order_by("id").values_list("id", flat=True)[:_ANONYMISED_AT_ONCE]):
        done += AvailabilityCheck.objects.filter(id__in=ids).update(
            raw_text="", caller_ip=None, anonymised_at=at
        )
    return done


def result_of(stored: AvailabilityCheck) -> CheckResult:
    """The stored row in the words of `coverage.answers`."""
    match = stored.candidates if isinstance(stored.candidates, dict) else {}
    label = match.get("label", "")
    if stored.building_id is not None:
        label = labels.address_labels(building_ids=[stored.building_id])[stored.building_id]
    return CheckResult(
        check_id=stored.id,
        public_id=str(stored.public_id),
        answer=Answer(stored.answer),
        reason=Reason(stored.reason),
        match_kind=MatchKind(stored.match_kind),
        confidence=stored.confidence,
        address_label=label,
        old_name=match.get("old_name", ""),
        building_id=stored.building_id,
        point=(stored.point.x, stored.point.y) if stored.point else None,
        networks=tuple(_network(value) for value in stored.networks),
        candidates=tuple(AddressCandidate(**value) for value in match.get("items", [])),
    )


def _label_of(building: Building) -> str:
    street = building.street
    return labels.house_label(
        number=building.number,
        street_type=street.type if street else None,
        street_name=street.name if street else None,
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _network_json(network: NetworkAnswer) -> dict[str, Any]:
    # Not `asdict`: it copies deeply, and there is nothing deep here.
    values = {name: getattr(network, name) for name in NETWORK_FIELDS}
    day = network.planned_for_date
    return {**values, "planned_for_date": day.isoformat() if day else None}


def _network(values: dict[str, Any]) -> NetworkAnswer:
    day = values.get("planned_for_date")
    return NetworkAnswer(
        **{
            **values,
            "answer": Answer(values["answer"]),
            "reason": Reason(values["reason"]),
            "planned_for_date": date.fromisoformat(day) if day else None,
        }
    )
