"""May a service have internet now? (Pure: no Django, no clock.) Asked when something changed.

Which service it is that knocks is `network.identity`'s question.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class AccessState(StrEnum):
    """What an authorization gets; "no internet" is either GUEST or REFUSED."""

    FULL = "FULL"
    GUEST = "GUEST"
    REFUSED = "REFUSED"


class AccessReason(StrEnum):
    """Why; OK goes with FULL only."""

    OK = "OK"
    TERMINATED = "TERMINATED"
    NOT_ACTIVE = "NOT_ACTIVE"
    ABUSE = "ABUSE"
    ADMIN = "ADMIN"
    PAUSED = "PAUSED"
    DEBT = "DEBT"
    NO_PLAN = "NO_PLAN"


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """What billing says of a service at one moment."""

    state: str
    is_paused: bool
    blocks: frozenset[str]
    has_plan: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """State and reason of a service's access."""

    state: AccessState
    reason: AccessReason


def decide(facts: ServiceFacts, *, guest_reasons: Collection[str]) -> Verdict:
    """FULL for an ACTIVE service with a plan, no open block and no pause; else why not.

    With several reasons the one is told that the subscriber can do least about. `guest_reasons`:
    what the guest rules of its place have an answer to.
    """
    reason = _reason(facts)
    if reason is AccessReason.OK:
        return Verdict(AccessState.FULL, reason)
    if reason in guest_reasons:
        return Verdict(AccessState.GUEST, reason)
    return Verdict(AccessState.REFUSED, reason)


def _reason(facts: ServiceFacts) -> AccessReason:
    if facts.state == "TERMINATED":
        return AccessReason.TERMINATED
    if facts.state != "ACTIVE":
        return AccessReason.NOT_ACTIVE
    for block in (AccessReason.ABUSE, AccessReason.ADMIN):
        if block in facts.blocks:
            return block
    if facts.is_paused:
        return AccessReason.PAUSED
    if facts.blocks:
        return AccessReason.DEBT
    return AccessReason.OK if facts.has_plan else AccessReason.NO_PLAN
