"""What a session shall get, whatever the vendor of its BRAS (pure: no Django, no clock).

An `AccessProfile` is rendered into a vendor's attributes by `Driver.accept`; two of them are
compared by `Driver.diff`. Speeds are bit/s as the subscriber sees them: down is to him.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class ProfileState(StrEnum):
    """FULL: the internet. GUEST: walled in to our own pages."""

    FULL = "FULL"
    GUEST = "GUEST"


@dataclass(frozen=True, slots=True)
class Burst:
    """Faster for the first seconds: `*_bit_s` while the mean speed is below `threshold_*_bit_s`."""

    down_bit_s: int
    up_bit_s: int
    threshold_down_bit_s: int
    threshold_up_bit_s: int
    seconds: int


@dataclass(frozen=True, slots=True)
class AccessProfile:
    """All that a session may be given. None and "" are "nothing is said of it".

    `services` are names of further services on the BRAS (IPTV, turbo). `class_text` comes back in
    all accounting of the session, so it is never changed while the session runs. `interim_s`, how
    often it reports, is each BRAS's own: a decision says nothing of it (`network.intervals`).
    """

    state: ProfileState
    speed_down_bit_s: int | None = None
    speed_up_bit_s: int | None = None
    burst: Burst | None = None
    framed_ip: str | None = None
    framed_ipv6_prefix: str | None = None
    delegated_ipv6_prefix: str | None = None
    pool: str = ""
    redirect_url: str = ""
    session_timeout_s: int | None = None
    interim_s: int | None = None
    services: tuple[str, ...] = ()
    class_text: str = ""

    def as_json(self) -> dict[str, Any]:
        """The profile as it is stored; without the Class, which is one session's own."""
        told = asdict(self)
        del told["class_text"]
        return {**told, "state": self.state.value, "services": list(self.services)}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "AccessProfile":
        """The stored profile; fields of another version of the program are passed over."""
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in told.items() if name in known}
        burst = values.get("burst")
        return cls(
            **{
                **values,
                "state": ProfileState(values["state"]),
                "burst": Burst(**burst) if burst else None,
                "services": tuple(values.get("services") or ()),
            }
        )

    def mark(self) -> str:
        """A hash of what a running session would feel: not its Class, nor how often it reports."""
        felt = {**self.as_json(), "interim_s": None, "session_timeout_s": None}
        return hashlib.sha256(json.dumps(felt, sort_keys=True).encode()).hexdigest()
