"""The first bill of a plan, computed by the same rules that will charge it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from billing import calendar
from billing.charging.rules import Terms, due_on
from billing.tariffs.queries import Offer
from frontend import formats

FIRST_OF_MONTH = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill and why it is what it is."""

    title: Any
    why: Any
    amount_kopecks: int


@dataclass(frozen=True, slots=True)
class FirstBill:
    """What must be paid at the start, were the service switched on that day."""

    on_date: date
    lines: tuple[Line, ...]
    total_kopecks: int
    later: Any


def first_bill(*, offer: Offer, on_date: date, name: str) -> FirstBill:
    """Connection fee and the first charge of the plan, were it switched on on that date."""
    terms = Terms(charge_type=offer.charge_type, price_kopecks=offer.price_kopecks)
    due = due_on(terms=terms, on_date=on_date, anchor_day=FIRST_OF_MONTH, was_in_debt=False)
    fee = offer.connection_fee_kopecks
    lines = [
        Line(_("Connection"), _("once") if fee else _("free at this address"), fee),
        Line(name, _why(offer=offer, on_date=on_date), due.amount_kopecks),
    ]
    return FirstBill(
        on_date=on_date,
        lines=tuple(lines),
        total_kopecks=sum(line.amount_kopecks for line in lines),
        later=_later(offer=offer, until=due.charged_until),
    )


def _why(*, offer: Offer, on_date: date) -> str:
    price = formats.money(offer.price_kopecks, whole=True)
    day, days = calendar.day_of_period(on_date, FIRST_OF_MONTH)
    if offer.charge_type == "DAILY":
        return _("one day of %(days)s: %(price)s ÷ %(days)s") % {"days": days, "price": price}
    if offer.charge_type == "MONTHLY_PREPAID":
        last = calendar.period_of(on_date, FIRST_OF_MONTH)[1] - calendar.ONE_DAY
        return _("%(start)s – %(end)s: %(left)s days of %(days)s at %(price)s a month") % {
            "start": on_date.strftime("%d.%m"),
            "end": last.strftime("%d.%m"),
            "left": days - day + 1,
            "days": days,
            "price": price,
        }
    return _("once")


def _later(*, offer: Offer, until: date) -> str:
    price = formats.money(offer.price_kopecks)
    if offer.charge_type == "DAILY":
        return _("Then a day's part every day: exactly %(price)s in a whole month.") % {
            "price": price
        }
    if offer.charge_type == "MONTHLY_PREPAID":
        return _("From %(date)s: %(price)s a month.") % {
            "date": formats.day(until),
            "price": price,
        }
    return ""
