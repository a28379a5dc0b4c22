"""The cash desk: who pays, and what the money will do."""

from dataclasses import dataclass
from datetime import date

from billing.charging import queries as charging_queries
from billing.charging.prices_ahead import prices_on
from billing.ledger import queries as ledger_queries
from billing.models import PlanSpan
from billing.payments import queries as payment_queries
from billing.subscriptions import queries as subscription_queries
from billing.subscriptions.queries import ServiceRow, ServiceState
from crm import queries as crm_queries
from frontend.workspace.queries.money import PaymentRow
from project.core.errors import NotFoundError

STEP_KOPECKS = 1_000


@dataclass(frozen=True, slots=True)
class Payer:
    """An account at the desk. `suggested` are amounts in kopecks worth offering as buttons."""

    account_id: int
    contract: str
    is_closed: bool
    customer_id: int
    customer_name: str
    balance_kopecks: int
    services: list[ServiceRow]
    month_kopecks: int
    paid_until: date | None
    suggested: list[int]
    last: list[PaymentRow]

    @property
    def is_blocked(self) -> bool:
        """Whether a service waits for money."""
        return any("DEBT" in s.block_reasons for s in self.services)


def payer(*, account_id: int, on_date: date) -> Payer:
    """One account for the cashier; raises NotFoundError."""
    info = ledger_queries.accounts(ids=[account_id]).get(account_id)
    holder = crm_queries.customers_of_accounts(account_ids=[account_id]).get(account_id)
    if info is None or holder is None:
        raise NotFoundError
    services = [
        s
        for s in subscription_queries.card(account_ids=[account_id], on_date=on_date)
        if s.state != ServiceState.TERMINATED
    ]
    spans = PlanSpan.objects.filter(id__in=[s.plan_span_id for s in services]).select_related(
        "sold_version", "subscription__building", "sold_zone_version"
    )
    spans = spans.defer("sold_zone_version__geometry", "subscription__building__footprint")
    prices = prices_on(spans=list(spans), on_date=on_date)
    month = sum(kopecks for charge_type, kopecks in prices.values() if charge_type != "ONE_OFF")
    balance = ledger_queries.balance_kopecks(account_id=account_id)
    return Payer(
        account_id=account_id,
        contract=info.code,
        is_closed=info.closed_at is not None,
        customer_id=holder[0],
        customer_name=holder[1],
        balance_kopecks=balance,
        services=services,
        month_kopecks=month,
        paid_until=charging_queries.paid_until(account_id=account_id, on_date=on_date),
        suggested=_suggested(balance=balance, month=month),
        last=[
            PaymentRow(p.id, p, info.code, holder[0], holder[1])
            for p in payment_queries.recent(account_id=account_id, limit=5)
        ],
    )


def _suggested(*, balance: int, month: int) -> list[int]:
    """What is missing for a month, a month, three months: whole tens of hryvnias."""
    wanted = [month - balance, month, month * 3] if month else [10_000, 20_000, 30_000]
    whole = [-(-kopecks // STEP_KOPECKS) * STEP_KOPECKS for kopecks in wanted if kopecks > 0]
    return sorted(set(whole))
