"""The arithmetic of charging (pure: no Django, no database, no clock).

The daily run computes the same in SQL (`billing/sql/charging.sql`); a property test holds both
equal. Money is whole kopecks, division rounds down where `//` stands. Rule numbers: billing/README.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from billing import calendar, money

FOREVER = date(9999, 12, 31)


class Order(IntEnum):
    """R6: the fixed order of an account's services within a day."""

    MAIN = 0
    ADDON = 1
    RENT = 2


def prepaid_amount(*, price_kopecks: int, on_date: date, anchor_day: int) -> int:
    """R3: what a monthly service costs when its first billable day in the period is `on_date`.

    The same amount is given back when a paid service ends and `on_date` is its first free day.
    """
    day, days = calendar.day_of_period(on_date, anchor_day)
    return calendar.monthly_from_day(price_kopecks, day, days)


def vat_part(*, amount_kopecks: int, vat_rate_bp: int) -> int:
    """R14: the VAT inside an amount that includes it; 2000 bp is 20 %."""
    return money.split_vat(amount_kopecks, vat_rate_bp)[1]


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides an amount: the charged price and the terms of the tariff version."""

    charge_type: str
    price_kopecks: int
    resume_rule: str = "RESUME_CALENDAR"


@dataclass(frozen=True, slots=True)
class Due:
    """What one service owes for a day: the amount, and how far it is then charged."""

    amount_kopecks: int
    charged_until: date
    anchor_day: int


def due_on(*, terms: Terms, on_date: date, anchor_day: int, was_in_debt: bool) -> Due:
    """The amount of a service that is to be charged on that date.

    A monthly service that was blocked for debt and is paid again either pays the rest of its period
    or, by NEW_ANCHOR, a whole price, and its month begins anew on that day (R7).
    """
    if terms.charge_type == "ONE_OFF":
        return Due(terms.price_kopecks, FOREVER, anchor_day)
    if terms.charge_type == "DAILY":
        amount = calendar.daily_amount_on(terms.price_kopecks, on_date)
        return Due(amount, on_date + calendar.ONE_DAY, anchor_day)
    if was_in_debt and terms.resume_rule == "NEW_ANCHOR":
        anchor_day = on_date.day
    amount = prepaid_amount(
        price_kopecks=terms.price_kopecks, on_date=on_date, anchor_day=anchor_day
    )
    return Due(amount, calendar.period_of(on_date, anchor_day)[1], anchor_day)


@dataclass(frozen=True, slots=True)
class Item:
    """A service of an account that is due on a day, for the funds decision."""

    subscription_id: int
    parent_id: int | None
    order: Order
    amount_kopecks: int
    funds_policy: str
    charge_when_blocked: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """R6: which services are charged and which are blocked for debt."""

    charged: tuple[int, ...]
    blocked: tuple[int, ...]


def decide(*, available_kopecks: int, items: Sequence[Item]) -> Decision:
    """R6: one funds decision for all services of an account on a day.

    Enough for all: all are charged. Otherwise ALLOW goes below zero and BLOCK is not charged and
    blocked; an add-on of a blocked service is blocked with it, unless it is charged even then.
    """
    ordered = sorted(items, key=lambda item: (item.order, item.subscription_id))
    if sum(item.amount_kopecks for item in ordered) <= available_kopecks:
        return Decision(charged=tuple(i.subscription_id for i in ordered), blocked=())
    blocked_mains = {
        i.subscription_id for i in ordered if i.parent_id is None and i.funds_policy == "BLOCK"
    }
    charged: list[int] = []
    blocked: list[int] = []
    for item in ordered:
        falls_with_parent = item.parent_id in blocked_mains and not item.charge_when_blocked
        if item.funds_policy == "BLOCK" or falls_with_parent:
            blocked.append(item.subscription_id)
        else:
            charged.append(item.subscription_id)
    return Decision(charged=tuple(charged), blocked=tuple(blocked))


def missing_dates(*, last_done: date | None, on_date: date) -> list[date]:
    """R12: the dates to charge up to and with `on_date`, oldest first.

    Nothing was ever charged: only `on_date`. A date that is already done is not missing.
    """
    if last_done is None:
        return [on_date]
    return [last_done + timedelta(days=n) for n in range(1, (on_date - last_done).days + 1)]


@dataclass(frozen=True, slots=True)
class Announced:
    """Terms that begin on a later day: another tariff, or the same on a new map.

    `gives_back` is false for a newer version or a discount of the same plan: what is prepaid beyond
    that day stays paid, and the next month costs the new price.
    """

    from_date: date
    charge_type: str
    price_kopecks: int
    gives_back: bool = True


def paid_until(
    *,
    available_kopecks: int,
    services: Sequence[tuple[str, int, int, date]],
    announced: Mapping[int, Sequence[Announced]] | None = None,
    credit_ends: Sequence[tuple[date, int]] = (),
    horizon_days: int = 400,
) -> date:
    """R15: the first day that the account's money will not cover, by the rules of charging.

    `services`: (charge type, price, anchor day, charged until) of each. `announced`: by place in
    `services`, the terms that are still to come, oldest first; what is prepaid beyond their day
    comes back on it (R5). `credit_ends`: first days without so much of the credit that is in what
    is available (R9). A day with nothing due is covered. The horizon bounds the walk; a client with
    more money sees its end.
    """
    assert services
    left = available_kopecks
    until = [charged for _type, _price, _anchor, charged in services]
    terms = [Terms(charge_type=kind, price_kopecks=price) for kind, price, _a, _c in services]
    coming = {(i, one.from_date): one for i, ones in (announced or {}).items() for one in ones}
    day = min([*until, *(from_date for _i, from_date in coming)])
    ending = sorted(credit_ends)
    for _step in range(horizon_days):
        while ending and ending[0][0] <= day:
            left -= ending.pop(0)[1]
        is_due = False
        for i, (_type, _price, anchor_day, _charged) in enumerate(services):
            new = coming.get((i, day))
            if new is not None:
                is_prepaid = terms[i].charge_type == "MONTHLY_PREPAID"
                if new.gives_back and until[i] > day and is_prepaid:
                    left += prepaid_amount(
                        price_kopecks=terms[i].price_kopecks, on_date=day, anchor_day=anchor_day
                    )
                    until[i] = day
                terms[i] = Terms(charge_type=new.charge_type, price_kopecks=new.price_kopecks)
            if until[i] > day:
                continue
            due = due_on(terms=terms[i], on_date=day, anchor_day=anchor_day, was_in_debt=False)
            left -= due.amount_kopecks
            until[i] = due.charged_until
            is_due = is_due or due.amount_kopecks > 0
        if left < 0 and is_due:
            return day
        day += calendar.ONE_DAY
    return day
