"""What a publication means for clients who are connected already: nothing (KEEP), or new terms.

MOVE names the first day of the new terms, the next midnight in Kyiv at the earliest: what is
charged for a day is never changed after the day has begun. Coverage only keeps the decision and
tells it; who is moved, and to which price, is for those who sell.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.models import ZoneChangeSet
from project.core import clock
from project.core.errors import DomainError

ExistingTerms = ZoneChangeSet.ExistingTerms
LONGEST = timedelta(days=366)


class BadTermsError(DomainError):
    """The decision about existing clients is none, or its day is impossible."""

    code = "bad_existing_terms"
    message = _("Choose whether existing clients keep their terms or move to the new ones.")


@dataclass(frozen=True, slots=True)
class Terms:
    """KEEP without a day, or MOVE with the first day (half-open: from it on) of the new terms."""

    existing: str = ExistingTerms.KEEP
    move_on: date | None = None

    def as_json(self) -> dict[str, Any]:
        """For the API, the audit log and the outbox."""
        day = self.move_on.isoformat() if self.move_on else None
        return {"existing": str(self.existing), "move_on": day}


KEEP = Terms()


def earliest(at: datetime) -> date:
    """The first day on which new terms may begin when the zones are published at `at`."""
    return clock.today(at) + timedelta(days=1)


def checked(*, terms: Terms, at: datetime) -> Terms:
    """The decision, possible for a publication at `at`; raises BadTermsError."""
    if terms.existing not in ExistingTerms.values:
        raise BadTermsError(field="existing")
    if terms.existing == ExistingTerms.KEEP:
        if terms.move_on is not None:
            raise BadTermsError(_("Who keeps the terms has no day of moving."), field="move_on")
        return KEEP
    first = earliest(at)
    if terms.move_on is None or not first <= terms.move_on <= first + LONGEST:
        raise BadTermsError(
            _("Existing clients can move on %(first)s at the earliest, at most a year ahead.")
            % {"first": f"{first:%d.%m.%Y}"},
            field="move_on",
            first=first.isoformat(),
        )
    return terms


def of(changeset: ZoneChangeSet) -> Terms:
    """What is decided for a change set."""
    return Terms(existing=changeset.existing_terms, move_on=changeset.move_on)


def put(changeset: ZoneChangeSet, terms: Terms) -> None:
    """Write the decision into the change set; the caller saves."""
    changeset.existing_terms, changeset.move_on = terms.existing, terms.move_on
