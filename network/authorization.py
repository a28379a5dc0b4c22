"""Decisions of access (pure: no Django, no clock).

Two questions. `decide`: may this service have internet now? Asked when something changed.
`resolve`: which service is it that knocks? Asked for each Access-Request.
"""

from collections.abc import Iterable
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


# Reasons that a subscriber may mend by himself in self-service, so a guest session helps.
GUEST_REASONS = frozenset(
    {AccessReason.DEBT, AccessReason.PAUSED, AccessReason.ADMIN, AccessReason.ABUSE}
)


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


def decide(facts: ServiceFacts, *, blocked_gets_guest: bool) -> Verdict:
    """FULL for an ACTIVE service with a plan, no open block and no pause; else why not.

    With several reasons the one is told that the subscriber can do least about.
    """
    reason = _reason(facts)
    if reason is AccessReason.OK:
        return Verdict(AccessState.FULL, reason)
    if blocked_gets_guest and reason in GUEST_REASONS:
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


@dataclass(frozen=True, slots=True)
class Identity:
    """Who knocks: the factors of an Access-Request, normalised. "" is an absent factor."""

    login: str = ""
    mac: str = ""
    circuit_hex: str = ""
    remote_hex: str = ""
    has_password: bool = False


@dataclass(frozen=True, slots=True)
class Factors:
    """The same factors as registered for one service."""

    subscription_id: int
    login: str
    mac: str = ""
    circuit_hex: str = ""
    remote_hex: str = ""


class Problem(StrEnum):
    """Why no service was found."""

    UNKNOWN = "UNKNOWN"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True, slots=True)
class Resolution:
    """The one service, and whether its password must still be checked; or the problem."""

    subscription_id: int | None = None
    check_password: bool = True
    problem: Problem | None = None


def resolve(identity: Identity, candidates: Iterable[Factors]) -> Resolution:
    """Find the service of an Access-Request.

    With a password: the login names the service and RADIUS checks the password. Should the
    equipment (MAC and port both) be another service's, it is a conflict: login and password of A on
    the line of B open nothing.

    Without one: the port (Option 82, put in by our own switch) and the MAC must both be those of
    one service. Either alone can be wrong or copied.
    """
    services = list(candidates)
    by_port = [one for one in services if _same_port(identity, one)]
    by_equipment = [one for one in by_port if identity.mac and identity.mac == one.mac]
    if identity.has_password:
        by_login = [one for one in services if identity.login and identity.login == one.login]
        if len(by_login) != 1:
            return Resolution(problem=Problem.UNKNOWN)
        found = by_login[0]
        if any(one.subscription_id != found.subscription_id for one in by_equipment):
            return Resolution(problem=Problem.CONFLICT)
        return Resolution(subscription_id=found.subscription_id)
    if len(by_equipment) > 1:
        return Resolution(problem=Problem.CONFLICT)
    if not by_equipment:
        return Resolution(problem=Problem.UNKNOWN)
    return Resolution(subscription_id=by_equipment[0].subscription_id, check_password=False)


def _same_port(identity: Identity, one: Factors) -> bool:
    return bool(identity.circuit_hex) and (
        (identity.circuit_hex, identity.remote_hex) == (one.circuit_hex, one.remote_hex)
    )
