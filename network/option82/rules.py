"""The rules of Option 82 in the database: reading with them, and keeping them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from network.models import Option82Rule
from network.option82 import parsing
from network.option82.parsing import BadPatternError, Part, Reading, Rule, Trial
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

CHANGED = "network.option82_changed"  # registered ports are read anew
RULES_MAX = 200
SOURCES = (
    "Agent-Circuit-Id",
    "Agent-Remote-Id",
    "ADSL-Agent-Circuit-Id",
    "ADSL-Agent-Remote-Id",
    "Cisco-AVPair circuit-id-tag",
    "Cisco-AVPair remote-id-tag",
    "ERX-Dhcp-Option-82",
    "DHCP-Option",
    "NAS-Port-Id",
)


class PatternError(DomainError):
    """The rule cannot be used as it is written."""

    code = "option82_pattern"
    message = _("This pattern cannot be used.")


class SampleError(DomainError):
    """The rule does not read its own sample."""

    code = "option82_sample"
    message = _("The rule does not read its own sample.")


class TooManyRulesError(DomainError):
    """There is an end to the list that is tried for each value."""

    code = "option82_too_many"
    message = _("There are too many rules already.")


class UnknownRuleError(NotFoundError):
    """There is no such rule."""

    code = "option82_unknown"
    message = _("This rule is not there (any more).")


class SameNameError(DomainError):
    """Another rule has this name."""

    code = "option82_name"
    message = _("There is a rule with this name already.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as somebody writes it; `network.models.Option82Rule` says what the parts are."""

    name: str
    circuit: Part
    remote: Part
    modifiers: Mapping[str, Sequence[str]]
    circuit_source: str = SOURCES[0]
    remote_source: str = SOURCES[1]
    position: int = 100
    is_active: bool = True
    ignores_vlan: bool = False
    sample_circuit_hex: str = ""
    sample_remote_hex: str = ""
    note: str = ""

    @property
    def rule(self) -> Rule:
        """What it reads with."""
        return Rule(self.name, self.circuit, self.remote, self.modifiers)


def listed(*, active_only: bool = False) -> list[Option82Rule]:
    """The rules in the order in which they are tried."""
    rows = Option82Rule.objects.order_by("position", "id")
    return list(rows.filter(is_active=True) if active_only else rows)


def sources_in_use() -> list[tuple[str, str]]:
    """(circuit's, remote's) attribute of each active rule whose pattern reads it; "" where it does
    not, in the order in which rules are tried."""
    return list(
        dict.fromkeys(
            (
                row.circuit_source if row.circuit_pattern else "",
                row.remote_source if row.remote_pattern else "",
            )
            for row in listed(active_only=True)
        )
    )


def read(*, circuit_hex: str, remote_hex: str) -> Reading | None:
    """What the active rules make of these values (hex digits); one query."""
    rules = [as_rule(one) for one in listed(active_only=True)]
    return parsing.read(rules, circuit_hex=circuit_hex.lower(), remote_hex=remote_hex.lower())


def trials(*, circuit_hex: str, remote_hex: str) -> list[Trial]:
    """Each active rule tried, in order: for people who want to see why."""
    return [
        parsing.attempt(
            as_rule(one), circuit_hex=circuit_hex.lower(), remote_hex=remote_hex.lower()
        )
        for one in listed(active_only=True)
    ]


def as_rule(row: Option82Rule) -> Rule:
    """The row as the reader takes it."""
    return Rule(
        row.name,
        Part(row.circuit_form, row.circuit_pattern),
        Part(row.remote_form, row.remote_pattern),
        row.modifiers,
    )


def _why(error: BadPatternError) -> str:
    """What is wrong, for people; the words of `re` are English only, so its place is told."""
    cause = error.__cause__
    if isinstance(cause, re.error) and cause.pos is not None:
        return gettext("The pattern cannot be read; look at its character %(n)s.") % {
            "n": cause.pos + 1
        }
    if str(error) == parsing.TWICE:
        return gettext("A group stands in both patterns: which of them should count?")
    if str(error) == parsing.NO_GROUP:
        return gettext("A pattern must have a group, for example %(group)s.") % {
            "group": r"(?P<port>\d+)"
        }
    if cause is not None:
        return str(PatternError.message)
    if error.field == "modifiers":
        return gettext("There is no such group or modifier: %(what)s.") % {"what": str(error)}
    return gettext("This pattern cannot be used: %(why)s.") % {"why": str(error)}


def save(*, rule_id: int | None, wanted: Wanted, at: datetime, actor: Actor) -> int:
    """Write a rule (a new one without `rule_id`) that reads its sample; gives its id. Audited."""
    try:
        parsing.check(wanted.rule)
    except BadPatternError as error:
        raise PatternError(_why(error), field=error.field) from error
    if wanted.sample_circuit_hex or wanted.sample_remote_hex:
        trial = parsing.attempt(
            wanted.rule,
            circuit_hex=wanted.sample_circuit_hex,
            remote_hex=wanted.sample_remote_hex,
        )
        if trial.reading is None:
            raise SampleError(
                field="sample_circuit" if wanted.sample_circuit_hex else "sample_remote",
                why=trial.reason,
            )
    values = {
        "name": wanted.name,
        "is_active": wanted.is_active,
        "ignores_vlan": wanted.ignores_vlan,
        "position": wanted.position,
        "circuit_source": wanted.circuit_source,
        "circuit_form": wanted.circuit.form,
        "circuit_pattern": wanted.circuit.pattern,
        "remote_source": wanted.remote_source,
        "remote_form": wanted.remote.form,
        "remote_pattern": wanted.remote.pattern,
        "modifiers": {name: list(told) for name, told in wanted.modifiers.items()},
        "sample_circuit_hex": wanted.sample_circuit_hex,
        "sample_remote_hex": wanted.sample_remote_hex,
        "note": wanted.note,
    }
    with transaction.atomic():
        # The name is the mutex of two who save the same.
        if Option82Rule.objects.filter(name=wanted.name).exclude(id=rule_id or 0).exists():
            raise SameNameError(field="name")
        if rule_id is None and Option82Rule.objects.count() >= RULES_MAX:
            raise TooManyRulesError
        row = Option82Rule() if rule_id is None else rule_of(rule_id=rule_id)
        for name, value in values.items():
            setattr(row, name, value)
        row.changed_at = at
        row.save()
        audit.record(
            at=at,
            actor=actor,
            action="network.option82.saved",
            obj=("option82rule", row.id),
            summary=wanted.name,
            after=values,
        )
        outbox.emit(topic=CHANGED, payload={"after": 0}, at=at)
    return row.id


def delete(*, rule_id: int, at: datetime, actor: Actor) -> None:
    """Take a rule away. Audited."""
    with transaction.atomic():
        row = rule_of(rule_id=rule_id)
        audit.record(
            at=at,
            actor=actor,
            action="network.option82.deleted",
            obj=("option82rule", rule_id),
            summary=row.name,
        )
        row.delete()
        outbox.emit(topic=CHANGED, payload={"after": 0}, at=at)


def rule_of(*, rule_id: int) -> Option82Rule:
    """The rule of that id; UnknownRuleError when there is none."""
    row = Option82Rule.objects.filter(id=rule_id).first()
    if row is None:
        raise UnknownRuleError
    return row
