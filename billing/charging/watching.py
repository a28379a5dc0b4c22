"""Who looks on at a run while it goes: a job that shows how far it is and may be cancelled."""

from datetime import date


class Watch:
    """Called by a run in the thread that began it, never inside a chunk; this one looks away.

    What a method raises ends the run: chunks that are charged stay, and another run goes on from
    there.
    """

    def begins(self, *, first: date, last: date, parts: int, ahead: int, is_trial: bool) -> None:
        """These dates are charged (or tried) now, in so many parts; `ahead` more spans follow."""

    def moves(self, *, parts: int) -> None:
        """So many parts more are through. Also called with 0, now and then."""


NOBODY = Watch()
