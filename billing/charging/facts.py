"""What was right in a month that is, or was, charged otherwise (pure: no Django, no database).

A correction (R13) computes a month again by such facts. They are known to charging from then on: a
refund of a prepaid month goes by the right price, not by the charged one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing import calendar

Span = tuple[date, date]  # half-open


@dataclass(frozen=True, slots=True)
class Facts:
    """What was right in a month.

    `prices`: pairs of a price that the month was charged by and the right one, kopecks a month.
    `free`: spans of days on which nothing should have been charged.
    """

    prices: tuple[tuple[int, int], ...] = ()
    free: tuple[Span, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "prices": [list(pair) for pair in self.prices],
            "free": [[first.isoformat(), until.isoformat()] for first, until in self.free],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Facts":
        """As it was stored."""
        return cls(
            prices=tuple((was, right) for was, right in stored.get("prices", [])),
            free=tuple(
                (date.fromisoformat(first), date.fromisoformat(until))
                for first, until in stored.get("free", [])
            ),
        )

    def after(self, earlier: "Facts") -> "Facts":
        """Both together: earlier free days stay free, a newer price counts."""
        return Facts(
            prices=tuple(sorted({**dict(earlier.prices), **dict(self.prices)}.items())),
            free=tuple(sorted({*earlier.free, *self.free})),
        )

    def is_free(self, day: date) -> bool:
        """Whether nothing should have been charged for the day."""
        return any(first <= day < until for first, until in self.free)

    def price_of(self, charged_by_kopecks: int) -> int:
        """The right price where that one was charged."""
        return dict(self.prices).get(charged_by_kopecks, charged_by_kopecks)

    def part_of_day(self, by_price_kopecks: int, on_day: date, anchor_day: int) -> int:
        """What is right for one day where that price a month was charged."""
        if self.is_free(on_day):
            return 0
        return calendar.daily_amount_on(self.price_of(by_price_kopecks), on_day, anchor_day)

    def part_of_days(self, by_price_kopecks: int, days: Iterable[date], anchor_day: int) -> int:
        """The same of several days together."""
        return sum(self.part_of_day(by_price_kopecks, day, anchor_day) for day in days)


AS_CHARGED = Facts()


def days_between(first: date, until: date) -> list[date]:
    """The days of a half-open span; none when it is empty."""
    return [date.fromordinal(n) for n in range(first.toordinal(), until.toordinal())]
