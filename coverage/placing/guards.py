"""What stops a change of a place: it is stale, something hangs on it, or a person must confirm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage.impact import Level
from coverage.placing.movers import Held
from project.core.errors import DomainError, NotFoundError

FAR_MOVE_M = 500


class StalePlaceError(DomainError):
    """Somebody changed the place meanwhile; context: `current`, the place as it is now."""

    code = "stale_revision"
    http_status = 412
    message = _("This has been changed meanwhile. Look at it as it is now, then change it again.")


class ConfirmNeededError(DomainError):
    """Nothing forbids it, but a person must say that it is meant; context: `warnings`."""

    code = "confirm_needed"
    http_status = 409
    message = _("Is this what you want?")


class PlaceInUseError(DomainError):
    """Something lives there; context: `held`."""

    code = "place_in_use"
    http_status = 409
    message = _("This can't be taken away: something is in use here.")


class BadPlaceError(DomainError):
    """A value that can't be; `field` names it."""

    code = "bad_place"


class UnknownPlaceError(NotFoundError):
    """No such building, street or premise."""

    code = "unknown_place"
    message = _("There is no such place.")


class PlaceGoneError(DomainError):
    """The place is retired or merged: bring it back first, or work with the one that stayed."""

    code = "place_gone"
    http_status = 409
    message = _("This place is no longer in use.")


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence about a change: a fact, or a warning that asks for a confirmation."""

    code: str
    text: str
    level: Level = Level.WARNING

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {"code": self.code, "text": self.text, "level": self.level.value}


def ask(notes: Sequence[Note], *, confirmed: bool) -> None:
    """Raise ConfirmNeededError when a note warns and nobody has confirmed."""
    if not confirmed and any(note.level is Level.WARNING for note in notes):
        raise ConfirmNeededError(warnings=[note.as_json() for note in notes])


def refuse_if_living(held: Sequence[Held]) -> None:
    """Raise PlaceInUseError when something keeps the place standing."""
    living = [one for one in held if one.living]
    if living:
        listed = ", ".join(f"{one.title}: {one.living}" for one in living)
        raise PlaceInUseError(
            translate("This can't be taken away, it is in use: %(what)s.") % {"what": listed},
            held=[one.as_json() for one in living],
        )
