"""Who did it: the one shape in which every operation is told on whose behalf it acts."""

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """The kind of party behind an action."""

    STAFF = "STAFF"
    CLIENT = "CLIENT"
    PROVIDER = "PROVIDER"
    RADIUS = "RADIUS"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """A party that acts: a member of staff, a client on the site, a payment provider, the system.

    `label` is what people are shown ("Олена, каса"); `user_id` is set for staff only.
    """

    kind: ActorKind
    label: str
    user_id: int | None = None
    ip: str | None = None


SYSTEM = Actor(kind=ActorKind.SYSTEM, label="system")
