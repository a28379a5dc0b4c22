"""Open sessions with the subscriber and the address behind each."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from coverage import queries as coverage_queries
from crm import queries as crm_queries
from network.models import Session


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One open session; the customer and the address are absent for an unknown guest."""

    id: int
    session: Session
    customer_id: int | None
    customer_name: str
    address: str
    building_id: int | None


def open_sessions(
    *, text: str = "", kind: str = "", before: int | None = None, limit: int = 50
) -> list[SessionLine]:
    """Open sessions, newest first; `kind` GUEST or SUSPECT narrows, `text` is login, MAC or IP."""
    rows = Session.objects.select_related("subscription", "nas").order_by("-id")
    if kind == "GUEST":
        rows = rows.filter(is_guest=True)
    elif kind == "SUSPECT":
        rows = rows.filter(state=Session.State.SUSPECT)
    if text:
        rows = rows.filter(_like(text))
    if before is not None:
        rows = rows.filter(id__lt=before)
    return lines(list(rows[: min(limit, 200)]))


def _like(text: str) -> Q:
    wanted = Q(login__istartswith=text)
    mac = "".join(ch for ch in text.lower() if ch in "0123456789abcdef")
    if len(mac) == 12:
        wanted |= Q(mac__iexact=mac)
    if text.count(".") == 3 and all(part.isdigit() and len(part) <= 3 for part in text.split(".")):
        wanted |= Q(framed_ip__startswith=text)
    return wanted


def lines(sessions: Sequence[Session]) -> list[SessionLine]:
    """The sessions with customers and addresses; two more queries whatever their number."""
    services = [s.subscription for s in sessions if s.subscription]
    holders = crm_queries.customers_of_accounts(account_ids=[s.account_id for s in services])
    labels = coverage_queries.address_labels(building_ids=[s.building_id for s in services])
    found = []
    for session in sessions:
        service = session.subscription
        holder = holders.get(service.account_id) if service else None
        found.append(
            SessionLine(
                id=session.id,
                session=session,
                customer_id=holder[0] if holder else None,
                customer_name=holder[1] if holder else "",
                address=labels.get(service.building_id, "") if service else "",
                building_id=service.building_id if service else None,
            )
        )
    return found


def counts() -> dict[str, int]:
    """All open, guests, and those not heard of for long."""
    return Session.objects.aggregate(
        all=Count("id"),
        guest=Count("id", filter=Q(is_guest=True)),
        suspect=Count("id", filter=Q(state=Session.State.SUSPECT)),
    )
