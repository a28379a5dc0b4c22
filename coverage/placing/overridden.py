"""Notes of surveys when two buildings become one."""

from datetime import datetime

from django.utils.translation import gettext as _
from psycopg.types.range import TimestamptzRange

from coverage.models import CoverageOverride
from coverage.overrides import OverrideTooEarlyError
from project.core.actor import Actor


def move_overrides(*, loser_id: int, winner_id: int, actor: Actor, at: datetime) -> tuple[int, int]:
    """Move the loser's notes: (moved, ended).

    For one network only one fact can be in force: where the winner has a note for the same time,
    the winner's holds, and the loser's ends and stays where it was made. Nothing is deleted.
    """
    moved = ended = 0
    rows = CoverageOverride.objects.select_for_update().filter(building_id=loser_id)
    for row in rows.order_by("id"):
        rivals = CoverageOverride.objects.filter(
            building_id=winner_id, network_type=row.network_type, valid__overlap=row.valid
        )
        if not rivals.exists():
            CoverageOverride.objects.filter(id=row.id).update(building_id=winner_id)
            moved += 1
        elif row.valid.upper is None or row.valid.upper > at:
            if row.valid.lower is not None and row.valid.lower >= at:
                raise OverrideTooEarlyError
            ended += 1
            row.valid = TimestamptzRange(row.valid.lower, at)
            row.ended_by_id = actor.user_id
            row.end_reason = _("The building was merged; its note for this network holds.")
            row.save(update_fields=["valid", "ended_by", "end_reason"])
    return moved, ended
