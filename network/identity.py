"""Which service knocks (pure: no Django, no clock).

The same rules stand in `sql/radius_resolve.sql` for the fast path; a property test holds the two
together. Change both.

Three factors: the login (User-Name), the MAC, the port (circuit id and remote id of Option 82, put
in by the provider's own switch). A service counts as found by the rule of its mode; of several
found the one with more factors wins, and a tie is a conflict.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Mode(StrEnum):
    """How services are told apart; the most specific setting wins (service, zone, BRAS, all).

    AUTO: who sends a password is known by login and password, who sends none by MAC and port.
    """

    AUTO = "AUTO"
    LOGIN = "LOGIN"
    MAC = "MAC"
    OPTION82 = "OPTION82"
    TWO_OF_THREE = "TWO_OF_THREE"


class Factor(StrEnum):
    """What can match or fail to."""

    LOGIN = "LOGIN"
    PASSWORD = "PASSWORD"  # noqa: S105
    MAC = "MAC"
    PORT = "PORT"


class Problem(StrEnum):
    """Why no service was found.

    UNKNOWN: nobody has these factors. CONFLICT: they lead to several services. NEW_MAC: one service
    is meant, but its equipment is new (a new router). WRONG_PORT: its equipment is on a line that
    is not its own. NO_PASSWORD: the mode wants a password and there is none. TOO_FEW: the BRAS does
    not send what the mode needs.
    """

    UNKNOWN = "UNKNOWN"
    CONFLICT = "CONFLICT"
    NEW_MAC = "NEW_MAC"
    WRONG_PORT = "WRONG_PORT"
    NO_PASSWORD = "NO_PASSWORD"  # noqa: S105
    TOO_FEW = "TOO_FEW"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who knocks: the factors of an Access-Request, normalised. "" is an absent factor.

    `port_keys` is its line as rules read it, where no service has the port as it stands; of
    `is_port_ambiguous` rules read different lines, so nobody is let in by it.
    """

    login: str = ""
    mac: str = ""
    circuit_hex: str = ""
    remote_hex: str = ""
    has_password: bool = False
    port_keys: tuple[str, ...] = ()
    is_port_ambiguous: bool = False

    def stands_at(self, one: "Factors") -> bool:
        """Whether it comes from the registered port of this service."""
        if not self.circuit_hex:
            return False
        is_raw = (self.circuit_hex, self.remote_hex) == (one.circuit_hex, one.remote_hex)
        return is_raw or (one.port_key != "" and one.port_key in self.port_keys)


@dataclass(frozen=True, slots=True)
class Factors:
    """The same factors as registered for one service, and how it wants to be told."""

    subscription_id: int
    login: str
    mac: str = ""
    circuit_hex: str = ""
    remote_hex: str = ""
    mode: Mode = Mode.AUTO
    port_key: str = ""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The service that was found, or the problem.

    `nearest_id` is the service that comes nearest when none was found (for the record and for
    people, not for access); `missed` what did not match of it. `check_password`: the password must
    be that service's too, also before it is let in as a guest.
    """

    subscription_id: int | None = None
    check_password: bool = False
    problem: Problem | None = None
    nearest_id: int | None = None
    missed: tuple[Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class _Match:
    one: Factors
    login: bool
    mac: bool
    port: bool

    @property
    def score(self) -> int:
        return self.login + self.mac + self.port

    def is_found(self, *, has_password: bool) -> bool:
        match self.one.mode:
            case Mode.LOGIN:
                return self.login and has_password
            case Mode.MAC:
                return self.mac
            case Mode.OPTION82:
                return self.port
            case Mode.TWO_OF_THREE:
                return self.score >= 2
        return self.login if has_password else self.mac and self.port


USES: dict[Mode, frozenset[Factor]] = {
    Mode.LOGIN: frozenset({Factor.LOGIN}),
    Mode.MAC: frozenset({Factor.MAC}),
    Mode.OPTION82: frozenset({Factor.PORT}),
    Mode.TWO_OF_THREE: frozenset({Factor.LOGIN, Factor.MAC, Factor.PORT}),
}


def resolve(identity: Identity, candidates: Iterable[Factors]) -> Resolution:
    """Find the service of an Access-Request.

    A found service loses to another one that has as many factors (two at least), and to the owner
    of the login: login and password of A on the line of B open neither.

    A login without a password counts as a factor only in TWO_OF_THREE: there the BRAS made up the
    User-Name, since whoever types one is asked for a password too.

    A port that rules read differently is not used: where it would matter, it is a conflict.
    """
    matches = _matches(identity, candidates)
    found = _resolved(identity, matches)
    if identity.is_port_ambiguous:
        plain = replace(identity, port_keys=())
        if found != _resolved(plain, _matches(plain, [one.one for one in matches])):
            return _problem(Problem.CONFLICT, identity, matches[0], matches)
    return found


def _matches(identity: Identity, candidates: Iterable[Factors]) -> list[_Match]:
    """The services that share a factor, the nearest one first."""
    matches = [match for one in candidates if (match := _match(identity, one)).score]
    return sorted(matches, key=lambda m: (-m.score, not m.port, not m.login, m.one.subscription_id))


def _resolved(identity: Identity, matches: Sequence[_Match]) -> Resolution:
    found = [one for one in matches if one.is_found(has_password=identity.has_password)]
    if not found:
        return _not_found(identity, matches)
    best = found[0]
    others = [one for one in matches if one is not best]
    is_tied = any(
        other.login or (other.score >= best.score and (other in found or other.score >= 2))
        for other in others
    )
    if is_tied:
        return _problem(Problem.CONFLICT, identity, best, matches)
    return Resolution(
        subscription_id=best.one.subscription_id,
        check_password=best.login and identity.has_password,
        nearest_id=best.one.subscription_id,
    )


def _match(identity: Identity, one: Factors) -> _Match:
    return _Match(
        one=one,
        login=bool(identity.login) and identity.login == one.login,
        mac=bool(identity.mac) and identity.mac == one.mac,
        port=identity.stands_at(one),
    )


def _not_found(identity: Identity, matches: Sequence[_Match]) -> Resolution:
    if not matches:
        missed = [
            factor
            for factor, there in (
                (Factor.LOGIN, identity.has_password),
                (Factor.MAC, identity.mac),
                (Factor.PORT, identity.circuit_hex),
            )
            if there
        ]
        return Resolution(problem=Problem.UNKNOWN, missed=tuple(missed))
    nearest = matches[0]
    mode = _working_mode(nearest.one.mode, has_password=identity.has_password)
    if mode is Mode.LOGIN:
        problem = Problem.UNKNOWN if identity.has_password else Problem.NO_PASSWORD
    elif len(matches) > 1:
        problem = Problem.CONFLICT
    elif mode is Mode.OPTION82 or nearest.mac:
        problem = Problem.WRONG_PORT if identity.circuit_hex else Problem.TOO_FEW
    else:
        problem = Problem.NEW_MAC if identity.mac else Problem.TOO_FEW
    return _problem(problem, identity, nearest, matches)


def _working_mode(mode: Mode, *, has_password: bool) -> Mode:
    """What AUTO comes to for this request."""
    if mode is not Mode.AUTO:
        return mode
    return Mode.LOGIN if has_password else Mode.TWO_OF_THREE


def _problem(
    problem: Problem, identity: Identity, nearest: _Match, matches: Sequence[_Match]
) -> Resolution:
    mode = _working_mode(nearest.one.mode, has_password=identity.has_password)
    uses = USES[Mode.TWO_OF_THREE] if problem is Problem.CONFLICT else USES[mode]
    tells_login = identity.has_password or any(one.login for one in matches)
    missed = []
    if Factor.LOGIN in uses and not nearest.login and tells_login:
        missed.append(Factor.LOGIN)
    if mode is Mode.LOGIN and not identity.has_password:
        missed.append(Factor.PASSWORD)
    if Factor.MAC in uses and not nearest.mac:
        missed.append(Factor.MAC)
    if Factor.PORT in uses and not nearest.port:
        missed.append(Factor.PORT)
    return Resolution(
        problem=problem,
        check_password=nearest.login and identity.has_password,
        nearest_id=nearest.one.subscription_id,
        missed=tuple(missed),
    )
