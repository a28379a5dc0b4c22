"""The subscriber's card: one contract of a subscriber with its services, money and access."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.contrib.gis.geos import Point

from billing.bookkeeping import queries as bookkeeping
from billing.bookkeeping.models import MoneyOperation
from billing.charging import queries as charging_queries
from billing.charging.prices_ahead import outlook, prices_on
from billing.charging.rules import Terms, due_on, paid_until
from billing.ledger import queries as ledger_queries
from billing.models import Payment, PlanSpan
from billing.payments import queries as payment_queries
from billing.subscriptions import queries as subscription_queries
from billing.subscriptions.queries import ServiceRow, ServiceState
from billing.tariffs.texts import CHARGE_TYPE_TEXTS, LEVEL_TEXTS
from coverage import queries as coverage_queries
from crm import queries as crm_queries
from crm.models import ConnectionRequest
from frontend.workspace.queries import holders, statement
from network import live_queries
from network import queries as network_queries
from network.explanation import Explanation
from network.models import TemporarySpeed
from network.queries import Access, SessionRow
from project.core.errors import NotFoundError

LINES_SHOWN = 14
PAYMENTS_SHOWN = 5
WAITING_SHOWN = 5
SESSIONS_SHOWN = 5
EXPLAINED = 3
CHARGED = {ServiceState.ON, ServiceState.BLOCKED}


@dataclass(frozen=True, slots=True)
class Service:
    """A service as the card shows it: by what it was sold, its access, its add-ons."""

    row: ServiceRow
    span: PlanSpan
    address: str
    access: Access | None
    explanation: Explanation | None
    addons: list["Service"] = field(default_factory=list)
    temporary: TemporarySpeed | None = None

    @property
    def point(self) -> Point:
        """Where the building stands."""
        return self.span.subscription.building.point

    @property
    def off_state(self) -> str:
        """The state in one word of the states' table: a block's reason comes first."""
        if self.row.state == ServiceState.BLOCKED:
            return self.row.block_reasons[0]
        if self.row.state == ServiceState.ON:
            return "ACTIVE"
        return str(self.row.state)

    @property
    def charge_text(self) -> Any:
        """How it is charged."""
        return CHARGE_TYPE_TEXTS.get(self.row.charge_type, "")

    @property
    def level_text(self) -> Any:
        """Of what the price is: of the zone, of the locality, everywhere."""
        return LEVEL_TEXTS.get(self.span.sold_rule.level, "")

    @property
    def level_place(self) -> str:
        """The zone or the locality that the price rule is for."""
        rule = self.span.sold_rule
        place = rule.zone or rule.admin_unit
        return place.name if place else ""


@dataclass(frozen=True, slots=True)
class Money:
    """What stands on the contract. `paid_until` is the first day that the money does not cover.

    `needed_kopecks` is what a contract blocked for debt lacks to be on again today, else 0.
    """

    balance_kopecks: int
    credit_kopecks: int
    credit_until: date | None
    month_kopecks: int
    paid_until: date | None
    days_left: int | None
    needed_kopecks: int
    lines: Sequence[statement.Line]
    has_more: bool
    payments: Sequence[Payment]
    waiting: Sequence[MoneyOperation]


@dataclass(frozen=True, slots=True)
class Card:
    """All that the card shows. `money` and `sessions` only for those who may see them."""

    crm: crm_queries.CustomerCard
    account: crm_queries.Contract | None
    services: Sequence[Service]
    ended: Sequence[Service]
    money: Money | None
    sessions: Sequence[SessionRow]
    requests: Sequence[ConnectionRequest]

    @property
    def main(self) -> Service | None:
        """The service that the strip speaks of: the first living one."""
        return self.services[0] if self.services else None

    @property
    def is_online(self) -> bool:
        """Whether any service of the contract has an open session."""
        return any(one.access is not None and one.access.is_online for one in self.services)

    @property
    def phone(self) -> str:
        """The number to call first."""
        return next((c.phone for c in self.crm.contacts if c.phone), "")


def card(
    *,
    customer_id: int,
    account_id: int | None,
    at: datetime,
    on_date: date,
    with_money: bool,
    with_sessions: bool,
) -> Card:
    """The card of one contract (the first, if none is named); raises NotFoundError."""
    holders.check_key(customer_id)
    known = crm_queries.customer_card(customer_id=customer_id)
    account = _chosen(known.contracts, account_id)
    requests = [r for r in known.requests if r.state in crm_queries.OPEN_STATES]
    if account is None:
        return Card(known, None, (), (), None, (), requests)
    living, ended, sessions = services(account_id=account.account_id, at=at, on_date=on_date)
    money = None
    if with_money:
        money = _money(account_id=account.account_id, living=living, on_date=on_date)
    return Card(
        crm=known,
        account=account,
        services=living,
        ended=ended,
        money=money,
        sessions=sessions if with_sessions else (),
        requests=requests,
    )


def _chosen(
    contracts: Sequence[crm_queries.Contract], account_id: int | None
) -> crm_queries.Contract | None:
    if account_id is None:
        return contracts[0] if contracts else None
    for contract in contracts:
        if contract.account_id == account_id:
            return contract
    raise NotFoundError


def services(
    *, account_id: int, at: datetime, on_date: date
) -> tuple[list[Service], list[Service], list[SessionRow]]:
    """Living main services with their add-ons, the ended ones, and the newest sessions of all."""
    rows = subscription_queries.card(account_ids=[account_id], on_date=on_date)
    if not rows:
        return [], [], []
    spans = _spans(row.plan_span_id for row in rows)
    labels = coverage_queries.address_labels(building_ids={row.building_id for row in rows})
    alive = [row for row in rows if row.state != ServiceState.TERMINATED]
    sessions = network_queries.sessions_of(
        subscription_ids=[row.id for row in rows], limit=SESSIONS_SHOWN
    )
    access = _access(alive, spans=spans, sessions=sessions)
    temporary = live_queries.temporary_of(subscription_ids=access, at=at)
    living: dict[int, Service] = {}
    ended: list[Service] = []
    for row in rows:
        explanation = None
        if row.id in access and len(living) < EXPLAINED:
            explanation = network_queries.explain_access(subscription_id=row.id, at=at)
        one = Service(
            row=row,
            span=spans[row.plan_span_id],
            address=labels.get(row.building_id, ""),
            access=access.get(row.id),
            explanation=explanation,
            temporary=temporary.get(row.id),
        )
        if row.state == ServiceState.TERMINATED:
            ended.append(one)
        elif row.parent_id in living:
            living[row.parent_id].addons.append(one)
        else:
            living[row.id] = one
    return list(living.values()), ended, sessions


def _access(
    rows: Iterable[ServiceRow], *, spans: dict[int, PlanSpan], sessions: Iterable[SessionRow]
) -> dict[int, Access]:
    """As `network.queries.access_of`, from what is read already."""
    since = {s.subscription_id: s.started_at for s in sessions if s.stopped_at is None}
    found = {}
    for row in rows:
        decision = getattr(spans[row.plan_span_id].subscription, "decision", None)
        if decision is not None:
            found[row.id] = Access(
                subscription_id=row.id,
                login=decision.login,
                state=decision.state,
                reason=decision.reason,
                speed_down_bit_s=decision.speed_down_bit_s,
                speed_up_bit_s=decision.speed_up_bit_s,
                framed_ip=decision.framed_ip,
                mac=decision.mac,
                is_online=row.id in since,
                online_since=since.get(row.id),
                updated_at=decision.updated_at,
            )
    return found


def _spans(ids: Iterable[int]) -> dict[int, PlanSpan]:
    """The plans as sold, with what the price was made of; one query."""
    rows = (
        PlanSpan.objects.filter(id__in=list(ids))
        .select_related(
            "subscription__building",
            "subscription__decision",
            "subscription__charge_state",
            "tariff",
            "sold_version",
            "sold_rule__zone",
            "sold_rule__admin_unit",
            "sold_zone_version__zone",
        )
        .defer(
            "sold_zone_version__geometry",
            "sold_rule__admin_unit__geom",
            "subscription__building__footprint",
            "subscription__decision__password",
        )
    )
    return {row.id: row for row in rows}


def _money(*, account_id: int, living: Sequence[Service], on_date: date) -> Money:
    payments = payment_queries.recent(account_id=account_id, limit=PAYMENTS_SHOWN)
    found = statement.lines(account_id=account_id, limit=LINES_SHOWN + 1, known=payments)
    family = [one for main in living for one in (main, *main.addons)]
    balance = ledger_queries.balance_kopecks(account_id=account_id)
    ahead = outlook(
        account_id=account_id,
        on_date=on_date,
        tariff_ids=[one.span.tariff_id for one in family],
        days=charging_queries.HORIZON_DAYS,
    )
    credit = ahead.credit_kopecks
    prices = {one.span.id: (one.row.charge_type, one.row.price_kopecks) for one in family}
    if ahead.may_change:
        prices = prices_on(spans=[one.span for one in family], on_date=on_date)
    is_plain = ahead.credit_until is None and not any(
        one.row.next_from or one.row.pause_from or one.span.subscription.ends_date for one in family
    )
    if ahead.may_change or not is_plain:
        until = charging_queries.paid_until(account_id=account_id, on_date=on_date)
    else:
        until = _paid_until(family, available_kopecks=balance + credit, on_date=on_date)
    return Money(
        balance_kopecks=balance,
        credit_kopecks=credit,
        credit_until=ahead.credit_until,
        month_kopecks=sum(
            price for charge_type, price in prices.values() if charge_type != "ONE_OFF"
        ),
        paid_until=until,
        days_left=(until - on_date).days if until else None,
        needed_kopecks=_needed(family, prices, available_kopecks=balance + credit, on_date=on_date),
        lines=found[:LINES_SHOWN],
        has_more=len(found) > LINES_SHOWN,
        payments=payments,
        waiting=bookkeeping.operations(
            wanted=bookkeeping.Wanted(state="PENDING", account_id=account_id), limit=WAITING_SHOWN
        ),
    )


def _paid_until(family: Sequence[Service], *, available_kopecks: int, on_date: date) -> date | None:
    """As `charging.queries.paid_until` where nothing is to change, from what is read already."""
    charged = [
        (
            one.row.charge_type,
            one.row.price_kopecks,
            one.span.subscription.charge_state.anchor_day,
            max(one.row.charged_until or on_date, on_date),
        )
        for one in family
        if one.row.state in CHARGED and one.row.charge_type != "ONE_OFF"
    ]
    if not charged:
        return None
    return paid_until(
        available_kopecks=available_kopecks,
        services=charged,
        horizon_days=charging_queries.HORIZON_DAYS,
    )


def _needed(
    family: Sequence[Service],
    prices: Mapping[int, tuple[str, int]],
    *,
    available_kopecks: int,
    on_date: date,
) -> int:
    """What all services of the contract owe for today beyond what is there, if any is in debt."""
    if not any("DEBT" in one.row.block_reasons for one in family):
        return 0
    due = 0
    for one in family:
        charged_until = one.row.charged_until
        if charged_until is not None and charged_until > on_date:
            continue
        terms = Terms(
            charge_type=prices[one.span.id][0],
            price_kopecks=prices[one.span.id][1],
            resume_rule=one.span.sold_version.resume_rule,
        )
        due += due_on(
            terms=terms,
            on_date=on_date,
            anchor_day=one.span.subscription.charge_state.anchor_day,
            was_in_debt="DEBT" in one.row.block_reasons,
        ).amount_kopecks
        if one.span.subscription.charge_state.connection_charged_date is None:
            due += one.span.subscription.connection_fee_kopecks
    return max(due - available_kopecks, 0)
