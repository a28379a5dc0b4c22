"""What of the demand is looked at (pure), and the words of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from coverage.answers import Answer, Reason
from coverage.models import AvailabilityCheck, NetworkType
from project.core.errors import DomainError

WIDTHS_M = (100, 250, 500, 1000)
BY_BUILDING = 0  # instead of a width: one cell a building


class BadDemandFilterError(DomainError):
    """A value of the filter is none of those that exist; `field` names it."""

    code = "bad_filter"
    message = _("There is no such choice.")


class Kind(StrEnum):
    """What an unserved household was told: nothing here, or not yet."""

    FAILED = "FAILED"
    PLANNED = "PLANNED"


KIND_OF = {
    Answer.NO_COVERAGE: Kind.FAILED,
    Answer.NEEDS_SURVEY: Kind.FAILED,
    Answer.PLANNED: Kind.PLANNED,
}


@dataclass(frozen=True, slots=True)
class DemandFilter:
    """The questions that count: asked in [from_at, until_at), and those that match what is set.

    `network_type`: the answer is that of this network. `answer`, `reason`, `channel`: values of
    `coverage.answers` and `AvailabilityCheck.Channel`. `locality_id`: that unit and all under it.
    `width_m`: a width of the grid, or BY_BUILDING. Empty fields do not filter.
    """

    from_at: datetime
    until_at: datetime
    width_m: int = 250
    network_type: str = ""
    answer: str = ""
    reason: str = ""
    channel: str = ""
    locality_id: int | None = None

    def __post_init__(self) -> None:
        """Raises BadDemandFilterError."""
        known = {
            "width_m": (self.width_m, (*WIDTHS_M, BY_BUILDING)),
            "network_type": (self.network_type, ("", *NetworkType.values)),
            "answer": (self.answer, ("", *KIND_OF)),
            "reason": (self.reason, ("", *Reason)),
            "channel": (self.channel, ("", *AvailabilityCheck.Channel.values)),
        }
        for field, (value, choices) in known.items():
            if value not in choices:
                raise BadDemandFilterError(field=field)
        if self.from_at >= self.until_at:
            raise BadDemandFilterError(_("The period ends before it begins."), field="until")
