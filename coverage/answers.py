"""The words of an availability answer (pure: no Django). Table: states in docs/architecture.md."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Answer(StrEnum):
    """What a client is told."""

    AVAILABLE = "AVAILABLE"
    PLANNED = "PLANNED"
    SUSPENDED = "SUSPENDED"
    NEEDS_SURVEY = "NEEDS_SURVEY"
    NO_COVERAGE = "NO_COVERAGE"


class Reason(StrEnum):
    """Machine-readable cause of the answer."""

    AVAILABLE = "AVAILABLE"
    PLANNED = "PLANNED"
    BUILDING = "BUILDING"
    SUSPENDED = "SUSPENDED"
    OUTSIDE_ZONE = "OUTSIDE_ZONE"
    OVERRIDDEN = "OVERRIDDEN"
    NO_FREE_PORT = "NO_FREE_PORT"
    BUILDING_NOT_WIRED = "BUILDING_NOT_WIRED"
    TECH_LIMIT = "TECH_LIMIT"
    NEAR_EDGE = "NEAR_EDGE"
    ADDRESS_AMBIGUOUS = "ADDRESS_AMBIGUOUS"
    ADDRESS_UNKNOWN = "ADDRESS_UNKNOWN"


class MatchKind(StrEnum):
    """How the typed address was tied to a building."""

    EXACT = "EXACT"
    ALIAS = "ALIAS"
    FUZZY = "FUZZY"
    AMBIGUOUS = "AMBIGUOUS"
    STREET_ONLY = "STREET_ONLY"
    NONE = "NONE"
    BUILDING_ID = "BUILDING_ID"
    PIN = "PIN"


@dataclass(frozen=True, slots=True)
class NetworkAnswer:
    """The answer for one network type at one place; distances in metres."""

    network_type: str
    answer: Answer
    reason: Reason
    zone_id: int | None = None
    zone_version_id: int | None = None
    zone_name: str = ""
    distance_m: float | None = None
    planned_for_date: date | None = None


@dataclass(frozen=True, slots=True)
class AddressCandidate:
    """A building (or a street, `building_id` None) that the typed text may mean."""

    label: str
    street_id: int | None
    building_id: int | None
    score: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A stored check with its answer: `networks` best first, one entry per network type.

    `old_name` is set when an old street name was typed: the label of the street as it is now is
    in `address_label`.
    """

    check_id: int
    public_id: str
    answer: Answer
    reason: Reason
    match_kind: MatchKind
    confidence: float
    address_label: str
    old_name: str
    building_id: int | None
    point: tuple[float, float] | None
    networks: tuple[NetworkAnswer, ...]
    candidates: tuple[AddressCandidate, ...]


@dataclass(frozen=True, slots=True)
class AddressMatch:
    """How a typed address was tied to a building.

    `building_id` is set for EXACT and ALIAS only. `label` is the present address or street;
    `old_name` the other name that was typed ("вулиця Маршала Гречка").
    """

    kind: MatchKind
    confidence: float = 0.0
    building_id: int | None = None
    street_id: int | None = None
    label: str = ""
    old_name: str = ""
    candidates: tuple[AddressCandidate, ...] = ()
