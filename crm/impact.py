"""What a publication of zones touches in crm: open requests from the changed places."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import ngettext

from coverage.impact import ImpactLine, Level, ZoneMove
from crm.models import ConnectionRequest
from crm.requests import OPEN_STATES


class OpenRequestsProbe:
    """Counts open requests whose building can be served afterwards, or no longer."""

    name = "crm.requests"

    def probe(self, *, changes: Sequence[ZoneMove], at: datetime) -> list[ImpactLine]:
        """One line for requests gained, one for requests lost; nothing where there are none."""
        before = frozenset[int]().union(*(c.sellable_before for c in changes))
        after = frozenset[int]().union(*(c.sellable_after for c in changes))
        gained = _requests_in(after - before)
        lost = _requests_in(before - after)
        lines = []
        if gained:
            text = ngettext(
                "%(n)d open request can now be connected",
                "%(n)d open requests can now be connected",
                len(gained),
            )
            lines.append(self._line(text, gained, Level.INFO))
        if lost:
            text = ngettext(
                "%(n)d open request loses its coverage",
                "%(n)d open requests lose their coverage",
                len(lost),
            )
            lines.append(self._line(text, lost, Level.WARNING))
        return lines

    def _line(self, text: str, building_ids: Sequence[int], level: Level) -> ImpactLine:
        return ImpactLine(
            probe=self.name,
            text=text % {"n": len(building_ids)},
            count=len(building_ids),
            level=level,
            building_ids=tuple(sorted(set(building_ids))),
        )


def _requests_in(building_ids: frozenset[int]) -> list[int]:
    return list(
        ConnectionRequest.objects.filter(
            state__in=OPEN_STATES, building_id__in=building_ids
        ).values_list("building_id", flat=True)
    )
