"""The start page: what waits for this person, and how the day goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing.models import Block, ChargeRun
from crm.models import ConnectionRequest
from crm.requests import open_requests
from frontend.workspace.queries import money
from frontend.workspace.queries.requests import counts_by_state
from network import queries as network_queries

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Start:
    """Figures of the start page; None where the person may not see them."""

    requests: Sequence[ConnectionRequest]
    request_counts: dict[str, int]
    blocked_for_debt: int
    sessions: int | None
    payments: money.Totals | None
    last_payments: Sequence[money.PaymentRow]
    last_run: ChargeRun | None
    is_charged_today: bool


def start(*, on_date: date, sees_money: bool, sees_network: bool) -> Start:
    """What the start page shows; a handful of queries."""
    run = ChargeRun.objects.order_by("-charge_date").first() if sees_money else None
    return Start(
        requests=open_requests(limit=SHOWN),
        request_counts=counts_by_state(),
        blocked_for_debt=Block.objects.filter(reason="DEBT", until_at__isnull=True).count(),
        sessions=network_queries.count_open_sessions() if sees_network else None,
        payments=money.payments_total(on_date=on_date) if sees_money else None,
        last_payments=money.payment_rows(limit=SHOWN) if sees_money else (),
        last_run=run,
        is_charged_today=run is not None and run.charge_date == on_date and run.state == "DONE",
    )
