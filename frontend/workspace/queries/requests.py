"""Requests with what an operator needs to decide: the answer then and now, the neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from coverage import queries as coverage_queries
from coverage.answers import NetworkAnswer
from crm import queries as crm_queries
from crm.models import ConnectionRequest
from crm.requests import MOVES
from project.core import audit
from project.core.models import AuditEntry

STATES = tuple(ConnectionRequest.State.values)


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One request; `now` is the coverage at this moment, `differs` whether the answer changed."""

    request: ConnectionRequest
    moves: frozenset[str]
    now: Sequence[NetworkAnswer]
    differs: bool
    history: Sequence[AuditEntry]
    same_phone: Sequence[crm_queries.CustomerRow]


def counts_by_state() -> dict[str, int]:
    """How many requests are in each open state."""
    rows = (
        ConnectionRequest.objects.filter(state__in=crm_queries.OPEN_STATES)
        .values_list("state")
        .annotate(Count("number"))
    )
    return dict(rows)


def request_page(*, number: int, at: datetime) -> RequestPage:
    """One request; raises NotFoundError."""
    found = crm_queries.request_by_number(number=number)
    now: Sequence[NetworkAnswer] = ()
    point = found.building.point if found.building else found.check_made.point
    if point is not None:
        now = coverage_queries.answer_for_point(
            lon=point.x, lat=point.y, at=at, building_id=found.building_id
        )
    then = found.check_made.answer
    differs = bool(now) and then not in {str(network.answer) for network in now}
    return RequestPage(
        request=found,
        moves=MOVES[found.state],
        now=now,
        differs=differs,
        history=audit.entries(
            wanted=audit.AuditFilter(object_type="request", object_id=str(number)), limit=30
        ),
        same_phone=crm_queries.search_customers(text=found.contact_phone, limit=5),
    )
