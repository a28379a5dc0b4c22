"""What may happen on a day, and how often; what the accountants do is here too."""

from datetime import date, timedelta

from billing.bookkeeping import months
from billing.bookkeeping import operations as bookkeeping
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.wishes import Wish
from billing.charging.facts import Facts
from billing.ledger.models import LedgerBalance
from billing.payments.models import Payment
from tests.simulation.provider import Event, NothingToDoError, Simulation
from tests.support.billing import moment


def correct(simulation: Simulation, day: date) -> None:
    """A month is put right: some days were without service, or its price was wrong."""
    chance, service = simulation.chance, simulation.any_service()
    first = day - timedelta(days=chance.randrange(1, 40))
    prices = list(service.bases.order_by("id").values_list("price_kopecks", flat=True))
    is_price = bool(prices) and chance.random() < 0.5
    facts = (
        Facts(prices=((chance.choice(prices), chance.randrange(1_000, 60_000)),))
        if is_price
        else Facts(free=((first, first + timedelta(days=chance.randrange(1, 9))),))
    )
    wish = Wish(
        kind="CORRECTION",
        account_id=service.account_id,
        reason="перерахунок",
        subscription_id=service.id,
        month=first,
        facts=facts,
    )
    _ask(simulation, wish, day)


def move(simulation: Simulation, day: date) -> None:
    """A payment came to the wrong account."""
    payment = simulation.chance.choice(_recent())
    wish = Wish(
        kind="TRANSFER",
        account_id=payment.holder_id or 0,
        reason="не той рахунок",
        payment_id=payment.id,
        to_account_id=simulation.chance.choice(simulation.accounts),
    )
    _ask(simulation, wish, day)


def refund(simulation: Simulation, day: date) -> None:
    """Money goes back to a client; sometimes more is asked for than there is."""
    _money(simulation, day, kind="REFUND", method=simulation.chance.choice(["CASH", "BANK"]))


def write_off(simulation: Simulation, day: date) -> None:
    """A debt is given up, whole or in part."""
    _money(simulation, day, kind="WRITE_OFF")


def adjust(simulation: Simulation, day: date) -> None:
    """An amount in or out by hand."""
    _money(simulation, day, kind="ADJUSTMENT", sign=simulation.chance.choice([1, -1]))


def take_back(simulation: Simulation, day: date) -> None:
    """An operation of late was a mistake."""
    done = MoneyOperation.objects.filter(state="POSTED").exclude(kind="REVERSAL")
    late = list(done.order_by("-id")[:20])
    if not late:
        raise NothingToDoError
    one = simulation.chance.choice(late)
    _ask(simulation, Wish("REVERSAL", one.account_id, "помилка", operation_id=one.id), day)


def decide(simulation: Simulation, day: date) -> None:
    """A second person says yes or no to what waits for one."""
    waiting = list(MoneyOperation.objects.filter(state="PENDING").order_by("id"))
    if not waiting:
        raise NothingToDoError
    one, at = simulation.chance.choice(waiting), moment(day, 18)
    if simulation.chance.random() < 0.2:
        bookkeeping.refuse(at=at, actor=simulation.chief, operation_id=one.id, comment="ні")
    else:
        bookkeeping.approve(at=at, on_date=day, actor=simulation.chief, operation_id=one.id)


def close_month(simulation: Simulation, day: date) -> None:
    """The oldest open month is closed for ever, when all its days are charged."""
    oldest = next(one for one in months.months(on_date=day)[::-1] if one.closed_at is None)
    at = moment(day, 19)
    months.close_month(month=oldest.month, on_date=day, at=at, actor=simulation.accountant)


def _recent() -> list[Payment]:
    return list(Payment.objects.filter(state="CONFIRMED").order_by("-id")[:30])


def _money(
    simulation: Simulation, day: date, *, kind: str, method: str = "", sign: int = 1
) -> None:
    """Of an account that owes (a write-off) or has money: all, a third, or a kopeck too much."""
    rows = LedgerBalance.objects.filter(account_id__in=simulation.accounts)
    is_owed = kind == "WRITE_OFF"
    rows = rows.filter(balance_kopecks__lt=0) if is_owed else rows.filter(balance_kopecks__gte=0)
    fit = list(rows.order_by("account_id").values_list("account_id", "balance_kopecks"))
    if not fit:
        raise NothingToDoError
    account, balance = simulation.chance.choice(fit)
    most = abs(balance)
    amount = sign * simulation.chance.choice([most, most // 3, most + 1])
    wish = Wish(kind, account, "заява клієнта", amount_kopecks=amount, method=method)
    _ask(simulation, wish, day)


def _ask(simulation: Simulation, wish: Wish, day: date) -> None:
    bookkeeping.ask(
        at=moment(day, 16),
        on_date=day,
        actor=simulation.accountant,
        wish=wish,
        idempotency_key=simulation.key(),
    )


# What happens, and how often beside the rest.
EVENTS: list[tuple[Event, int]] = [
    (Simulation.pay, 40),
    (Simulation.tell_again, 10),
    (Simulation.change_plan, 8),
    (Simulation.pause, 5),
    (Simulation.resume, 2),
    (Simulation.block_or_unblock, 3),
    (Simulation.promise, 4),
    (Simulation.charge_back, 3),
    (Simulation.leave, 2),
    (Simulation.new_terms, 1),
    (Simulation.change_plan_later, 4),
    (Simulation.discount, 1),
    (Simulation.boost, 2),
    (correct, 3),
    (move, 2),
    (refund, 2),
    (write_off, 2),
    (adjust, 1),
    (take_back, 1),
    (decide, 2),
    (close_month, 1),
]
