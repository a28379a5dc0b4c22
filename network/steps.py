"""What one wish takes: the packets that bring a session from what it has to what it shall have.

Pure of the database and the wire: `planned` looks at a claimed wish and its session.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from network.profile import AccessProfile, ProfileState
from network.radius.dynauth import Code, Outcome
from network.vendors.driver import (
    NOTHING,
    Change,
    ChangeKind,
    Concern,
    Driver,
    Memo,
    ReplyAttribute,
    identification,
)
from network.vendors.places import session_values

ENDED = "ENDED"
AS_IT_IS = "AS_IT_IS"
DISCONNECT = "DISCONNECT"
SESSION_NOT_FOUND = 503  # Error-Cause of RFC 5176, 3.5


class Session(NamedTuple):
    """What is known of the session; `applied` is its profile as the BRAS acknowledged it, or None.

    `may_lift`: a guest of whom it is sure that he is the subscriber, only blocked. A stranger's
    device at the subscriber's port is a guest of the same service and must not be let out by him.
    `has_ipv6`: a prefix of a pool, or one that its accounting tells. `is_among_guests`: its address
    is one of a pool for guests, of ours or of the BRAS, which leads nowhere but to the wall.
    """

    unique_id: str
    acct_session_id: str
    login: str
    framed_ip: str | None
    nas_ip: str | None
    mac: str
    is_guest: bool
    in_octets: int
    out_octets: int
    session_time_s: int
    applied: Any
    may_lift: bool = True
    has_ipv6: bool = False
    is_among_guests: bool = False


@dataclass(slots=True)
class Packet:
    """One request of a wish, and what came back."""

    code: Code
    concern: str
    attributes: list[ReplyAttribute]
    verdict: Outcome | None = None
    error_cause: int | None = None
    why: str = ""
    took_ms: int = 0
    at: datetime | None = None

    @property
    def may_be_refused(self) -> bool:
        """Whether the BRAS refused what is worth no reconnection: how long the session may last."""
        is_of_time = self.concern == Concern.SESSION.value
        unknown_session = self.error_cause == SESSION_NOT_FOUND
        return is_of_time and self.verdict is Outcome.NAK and not unknown_session

    def as_json(self) -> dict[str, Any]:
        """The packet as it is stored with the wish."""
        return {
            "code": self.code.value,
            "concern": self.concern,
            "attributes": [list(one) for one in self.attributes],
            "verdict": self.verdict.value if self.verdict else "",
            "error_cause": self.error_cause,
            "why": self.why,
            "took_ms": self.took_ms,
            "at": self.at.isoformat() if self.at else None,
        }


@dataclass(slots=True)
class Job:
    """A claimed wish on its way. `outcome` is a verdict of the wire, ENDED (there is no session any
    more) or AS_IT_IS (nothing to change)."""

    id: int
    session_unique_id: str
    subscription_id: int | None
    kind: str
    cause: str
    desired: dict[str, Any]
    desired_mark: str
    said_before: list[dict[str, Any]]
    attempts: int
    session: Session | None
    packets: list[Packet] = field(default_factory=list)
    identification: list[ReplyAttribute] = field(default_factory=list)
    position: int = 0
    outcome: str = ""
    error_cause: int | None = None
    answered_at: datetime | None = None

    @property
    def was_begun(self) -> bool:
        """Whether the BRAS has done some of it."""
        return any(one.verdict is Outcome.ACK for one in self.packets)

    @property
    def profile(self) -> AccessProfile | None:
        """What the session shall get; None: no session."""
        return AccessProfile.from_json(self.desired) if self.desired else None


def planned(job: Job, *, driver: Driver, memo: Memo | None = None) -> None:
    """Find the packets, or the outcome where none is needed. `memo` is that of `Driver.diff`: a
    tariff's thousand sessions are compared once."""
    session = job.session
    if session is None:
        job.outcome = ENDED
        return
    if job.kind == DISCONNECT:
        change = DISCONNECTED
    else:
        change = difference(job, session, driver=driver, memo=memo)
    if change.kind is ChangeKind.NOTHING:
        job.kind, job.outcome = change.kind.value, AS_IT_IS
        return
    job.kind = change.kind.value
    job.identification = identification(
        driver,
        session_values(
            acct_session_id=session.acct_session_id,
            login=session.login,
            framed_ip=session.framed_ip,
            nas_ip=session.nas_ip,
            mac=session.mac,
        ),
    )
    if change.kind is ChangeKind.DISCONNECT:
        extra = [one for template in driver.disconnect if (one := template.render({}))]
        job.packets = [Packet(Code.DISCONNECT, "", extra)]
        return
    job.packets = [
        Packet(Code.COA, one.concern.value, list(one.attributes)) for one in change.packets
    ]
    _go_on(job)


def difference(job: Job, session: Session, *, driver: Driver, memo: Memo | None = None) -> Change:
    """The cheapest change from what the session has to the desired profile."""
    desired = job.profile
    if desired is None:
        return DISCONNECTED
    if session.is_guest and desired.state is ProfileState.FULL and not session.may_lift:
        return DISCONNECTED
    if _leads_around(session, desired, driver) or _needs_another_address(session, desired):
        return DISCONNECTED
    if session.applied is None:
        return _from_unknown(session, desired, driver)
    # Accounting tells the address: it is what the session has, whatever was acknowledged.
    has = AccessProfile.from_json(session.applied)
    address = _address(session, has, desired)
    if address != desired.framed_ip:
        return driver.diff(replace(has, framed_ip=address), desired)
    return driver.diff(replace(has, framed_ip=None), replace(desired, framed_ip=None), memo=memo)


def _from_unknown(session: Session, desired: AccessProfile, driver: Driver) -> Change:
    """It is not known what the session has, but for what its accounting tells."""
    moved = desired.framed_ip and session.framed_ip and desired.framed_ip != session.framed_ip
    switched = session.is_guest is not (desired.state is ProfileState.GUEST)
    if moved or (switched and not driver.walls_guests):
        return DISCONNECTED
    if session.is_guest and switched:
        return driver.diff(replace(desired, state=ProfileState.GUEST, **NO_LIMIT), desired)
    change = driver.diff(None, replace(desired, framed_ip=None))
    packets = tuple(one for one in change.packets if one.concern is not Concern.ADDRESS)
    return replace(change, packets=packets) if packets or not change.packets else NOTHING


def _leads_around(session: Session, desired: AccessProfile, driver: Driver) -> bool:
    """Whether the session would keep an IPv6 of which the wall to come knows nothing."""
    if desired.state is ProfileState.FULL or driver.capabilities.guest_wall_ipv6:
        return False
    return session.has_ipv6


def _needs_another_address(session: Session, desired: AccessProfile) -> bool:
    """Whether it would be let out with a guest's address: one of its own comes by a new Accept."""
    is_let_out = desired.state is ProfileState.FULL and desired.framed_ip is None
    return is_let_out and session.is_among_guests


def _address(session: Session, has: AccessProfile, desired: AccessProfile) -> str | None:
    """The address that the session has; one that nobody told of is no reason to cut it."""
    if desired.framed_ip is None:
        return None  # one of a pool: whichever it has is right
    return session.framed_ip or has.framed_ip or desired.framed_ip


def _go_on(job: Job) -> None:
    """After a silence half way: what was acknowledged is not said again."""
    before = job.said_before
    if [one["attributes"] for one in before] != [
        [list(attribute) for attribute in one.attributes] for one in job.packets
    ]:
        return
    for packet, told in zip(job.packets, before, strict=True):
        if told["verdict"] != Outcome.ACK.value or job.position + 1 == len(job.packets):
            return
        packet.verdict, packet.took_ms = Outcome.ACK, told["took_ms"]
        packet.at = datetime.fromisoformat(told["at"]) if told["at"] else None
        job.position += 1


DISCONNECTED = Change(ChangeKind.DISCONNECT)
NO_LIMIT: dict[str, Any] = {
    "speed_down_bit_s": None,
    "speed_up_bit_s": None,
    "burst": None,
    "session_timeout_s": None,
}
