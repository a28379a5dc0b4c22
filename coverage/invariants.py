"""What must hold on the map: a standing list of rules, who breaks them and where.

Coverage brings the rules about zones and buildings (`coverage.standing_rules`), billing adds its
own in `project/wiring.py`. Each rule has a level: OFF, WARN (a line in the impact report, the
default) or BLOCK, which refuses a publication that breaks the rule anew. What was broken before
never blocks: publishing may be the way to mend it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import InvariantPolicy
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

Level = InvariantPolicy.Level
LISTED = 200
NAMED_IN_BREACH = 20


class InvariantRefusedError(DomainError):
    """Publishing would break a rule that blocks; context: `invariants` with what breaks."""

    code = "invariant_refused"
    http_status = 409
    message = _("This would break a rule of the map that is set to block publishing.")

    @classmethod
    def of(cls, breaches: "Iterable[Breach]") -> "InvariantRefusedError":
        """The error that tells the blocking ones."""
        return cls(invariants=[breach.as_json() for breach in breaches if breach.blocks])


class BadLevelError(DomainError):
    """The level is none, or the rule can't have it."""

    code = "bad_level"
    message = _("This rule can't be set so.")


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where a rule does not hold. `key` stays the same while the cause does."""

    key: str
    text: str
    lon: float
    lat: float
    building_id: int | None = None
    zone_ids: tuple[int, ...] = ()
    geometry: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "key": self.key,
            "text": self.text,
            "lon": self.lon,
            "lat": self.lat,
            "building_id": self.building_id,
            "zone_ids": list(self.zone_ids),
            "geometry": self.geometry,
        }


class Invariant(Protocol):
    """A rule. It reads only, in set-based SQL.

    `follows_zones`: a publication can break it (then it is compared before and after); else it is
    a fact about buildings, and those inside the published outlines count. `always`: publishing
    refuses it by itself, whatever the level.
    """

    name: str
    title: Any
    hint: Any
    follows_zones: bool
    always: bool

    def find(self, *, at: datetime, limit: int) -> tuple[int, list[Violation]]:
        """How many there are, and the first of them."""
        ...

    def among(self, *, at: datetime, building_ids: Sequence[int]) -> dict[str, str]:
        """Key and text of the violations at these buildings."""
        ...


@dataclass(frozen=True, slots=True)
class Breach:
    """What a publication would break: a rule, how often, and the first places in words."""

    name: str
    title: str
    blocks: bool
    count: int
    texts: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For the API and the stored report."""
        return {
            "name": self.name,
            "title": self.title,
            "blocks": self.blocks,
            "count": self.count,
            "texts": list(self.texts),
        }


@dataclass(frozen=True, slots=True)
class Watch:
    """The state before a publication, to be compared with the state after it."""

    touched: tuple[int, ...]
    covered: tuple[int, ...]
    levels: dict[str, str]
    before: dict[str, frozenset[str]] = field(default_factory=dict)

    def breaches(self, *, at: datetime) -> list[Breach]:
        """Rules that are broken now and were not before."""
        found = []
        for rule in _watched(self.levels):
            ids = self.touched if rule.follows_zones else self.covered
            now = rule.among(at=at, building_ids=ids)
            known = self.before.get(rule.name, frozenset())
            texts = [text for key, text in now.items() if key not in known]
            if texts:
                found.append(
                    Breach(
                        name=rule.name,
                        title=str(rule.title),
                        blocks=self.levels[rule.name] == Level.BLOCK,
                        count=len(texts),
                        texts=tuple(texts[:NAMED_IN_BREACH]),
                    )
                )
        return found


_rules: dict[str, Invariant] = {}


def register(rule: Invariant) -> None:
    """Add a rule (again: replace the one of that name)."""
    _rules[rule.name] = rule


def unregister(name: str) -> None:
    """Take a rule out; for tests."""
    _rules.pop(name, None)


def levels() -> dict[str, str]:
    """The level of each rule."""
    kept = dict(InvariantPolicy.objects.values_list("name", "level"))
    return {
        name: Level.BLOCK.value if rule.always else kept.get(name, Level.WARN.value)
        for name, rule in _rules.items()
    }


def standing(*, at: datetime, limit: int = LISTED) -> list[dict[str, Any]]:
    """Every rule with its level and its violations: what the planner's list shows."""
    known = levels()
    answer = []
    for rule in _rules.values():
        total, found = (0, []) if known[rule.name] == Level.OFF else rule.find(at=at, limit=limit)
        answer.append(
            {
                "name": rule.name,
                "title": str(rule.title),
                "hint": str(rule.hint),
                "level": known[rule.name],
                "always": rule.always,
                "total": total,
                "violations": [violation.as_json() for violation in found],
            }
        )
    return answer


def are_watched() -> bool:
    """Whether any rule is looked at when something is published."""
    return bool(_watched(levels()))


def watch(*, touched: Iterable[int], covered: Iterable[int], at: datetime) -> Watch:
    """Remember what is broken now at the touched buildings, before a publication changes it."""
    known = levels()
    ids = tuple(sorted(touched))
    before = {
        rule.name: frozenset(rule.among(at=at, building_ids=ids))
        for rule in _watched(known)
        if rule.follows_zones
    }
    return Watch(touched=ids, covered=tuple(sorted(covered)), levels=known, before=before)


@transaction.atomic
def set_level(*, name: str, level: str, actor: Actor, at: datetime) -> None:
    """Say how much a rule matters; raises NotFoundError, BadLevelError."""
    rule = _rules.get(name)
    if rule is None:
        raise NotFoundError(_("There is no such rule."))
    if level not in Level.values or rule.always:
        raise BadLevelError(field="level")
    before = levels()[name]
    InvariantPolicy.objects.update_or_create(name=name, defaults={"level": level})
    audit.record(
        at=at,
        actor=actor,
        action="coverage.invariant.level_set",
        obj=("invariant", name),
        summary=f"{rule.title}: {level}",
        before={"level": before},
        after={"level": level},
    )


def _watched(known: dict[str, str]) -> list[Invariant]:
    """Rules that are compared at a publication; the overlap rule has a refusal of its own."""
    return [
        rule
        for rule in _rules.values()
        if not rule.always and known.get(rule.name) != Level.OFF.value
    ]
