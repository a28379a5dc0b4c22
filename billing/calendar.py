"""Days, months and the price of a day, in Europe/Kyiv. Pure; imports no Django.

Rule R1: a day is a calendar date in Europe/Kyiv. Nobody counts hours: a day of 23 or 25 hours is a
day. This is the only module of the product that makes the time zone, from the package `tzdata` that
the lock file pins: Python would take the machine's, which nobody updates together with us.
"""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, reset_tzpath

reset_tzpath(to=())  # for the whole process: Django and Celery make their zones after this
KYIV = ZoneInfo("Europe/Kyiv")
ONE_DAY = timedelta(days=1)


def kyiv_date(at: datetime) -> date:
    """The calendar date in Kyiv at that moment. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        raise ValueError("a moment must carry its time zone")
    return at.astimezone(KYIV).date()


def midnight(on_date: date) -> datetime:
    """The moment at which that day begins in Kyiv (summer time changes at 03:00, never here)."""
    return datetime.combine(on_date, time.min, tzinfo=KYIV)


def day_bounds(on_date: date) -> tuple[datetime, datetime]:
    """The day as a half-open span of moments: 23, 24 or 25 hours long."""
    return midnight(on_date), midnight(on_date + ONE_DAY)


def days_in_month(on_date: date) -> int:
    """28 to 31."""
    return monthrange(on_date.year, on_date.month)[1]


def month_start(on_date: date) -> date:
    """The first of that month."""
    return on_date.replace(day=1)


def next_month_start(on_date: date) -> date:
    """The first of the next month."""
    return month_start(on_date) + timedelta(days=days_in_month(on_date))


def anchor_in_month(month: date, anchor_day: int) -> date:
    """The anchor day in that month; 29 to 31 clip to the month's end (rule R3).

    The anchor itself is never overwritten by a clipped one, so 31 January, 28 February, 31 March.
    """
    if not 1 <= anchor_day <= 31:
        raise ValueError(f"an anchor day is between 1 and 31, not {anchor_day}")
    return month.replace(day=min(anchor_day, days_in_month(month)))


def period_of(on_date: date, anchor_day: int = 1) -> tuple[date, date]:
    """The paid month, half-open, that contains the date: from one anchor to the next."""
    this = anchor_in_month(month_start(on_date), anchor_day)
    if on_date >= this:
        return this, anchor_in_month(next_month_start(on_date), anchor_day)
    return anchor_in_month(month_start(month_start(on_date) - ONE_DAY), anchor_day), this


def day_of_period(on_date: date, anchor_day: int = 1) -> tuple[int, int]:
    """`(d, n)`: the date is day d (from 1) of a period of n days."""
    start, end = period_of(on_date, anchor_day)
    return (on_date - start).days + 1, (end - start).days


def daily_amount(price_kopecks: int, day: int, days: int) -> int:
    """Price of day `day` (from 1) of a whole period of `days` days (rule R2).

    `P*d//n - P*(d-1)//n`: the days of a period sum to the price exactly, whatever the price.
    """
    _check_day(day, days)
    return price_kopecks * day // days - price_kopecks * (day - 1) // days


def monthly_from_day(price_kopecks: int, day: int, days: int) -> int:
    """Price of the rest of a period from day `day`, that day included (rule R3).

    What is charged at a start on that day, and what is given back at an end before it.
    """
    _check_day(day, days)
    return price_kopecks - price_kopecks * (day - 1) // days


def daily_amount_on(price_kopecks: int, on_date: date, anchor_day: int = 1) -> int:
    """Rule R2 for a date: the price of that day in the period it belongs to."""
    day, days = day_of_period(on_date, anchor_day)
    return daily_amount(price_kopecks, day, days)


def _check_day(day: int, days: int) -> None:
    if not 1 <= day <= days:
        raise ValueError(f"day {day} is not in a period of {days} days")
