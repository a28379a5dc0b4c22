"""The answer to a what-if: sums, zones, and the clients who stand out. It is plain JSON inside."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

SHOWN = 20


@dataclass(slots=True)
class ZoneLine:
    """The services of one zone (None: outside every zone); a month's kopecks before and after."""

    zone_id: int | None
    services: int = 0
    dearer: int = 0
    cheaper: int = 0
    unsold: int = 0
    before_kopecks: int = 0
    after_kopecks: int = 0

    @property
    def difference_kopecks(self) -> int:
        """A month's revenue more (or less)."""
        return self.after_kopecks - self.before_kopecks

    def add(self, other: "ZoneLine") -> None:
        """Sum up another part of the same zone."""
        for each in fields(ZoneLine)[1:]:
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True, slots=True)
class AccountLine:
    """A client's account: a month before and after, and the money on the first day.

    `left_*`: what would be on the account after the first day's charges, credit included; below
    zero means that the services are blocked or the debt grows, by their policy.
    """

    account_id: int
    before_kopecks: int
    after_kopecks: int
    first_before_kopecks: int
    first_after_kopecks: int
    left_before_kopecks: int
    left_after_kopecks: int

    @property
    def difference_kopecks(self) -> int:
        """How much dearer (or cheaper) a month is."""
        return self.after_kopecks - self.before_kopecks


@dataclass(slots=True)
class Report:
    """All that is told.

    `unsold`: services for which nothing is sold there; their price stays. `first_*`: the charges
    of the first day. `short_first`: accounts that have enough for it by the present terms and not
    by the new ones; `short_month`: the same for a whole month.
    """

    accounts: int = 0
    zones: dict[str, ZoneLine] = field(default_factory=dict)
    first_before_kopecks: int = 0
    first_after_kopecks: int = 0
    short_first: int = 0
    short_month: int = 0
    worst: list[AccountLine] = field(default_factory=list)
    best: list[AccountLine] = field(default_factory=list)
    short: list[AccountLine] = field(default_factory=list)

    def total(self) -> ZoneLine:
        """All zones together."""
        found = ZoneLine(zone_id=None)
        for line in self.zones.values():
            found.add(line)
        return found

    def add_zone(self, line: ZoneLine) -> None:
        """A part of a zone."""
        kept = self.zones.setdefault(str(line.zone_id or 0), ZoneLine(zone_id=line.zone_id))
        kept.add(line)

    def add_accounts(self, *, sums: tuple[int, ...], lines: Iterable[AccountLine]) -> None:
        """A part of the accounts: counts and sums of all, and the lines that may stand out."""
        accounts, first_before, first_after, short_first, short_month = sums
        self.accounts += accounts
        self.first_before_kopecks += first_before
        self.first_after_kopecks += first_after
        self.short_first += short_first
        self.short_month += short_month
        new = list(lines)
        self.worst = _top([*self.worst, *(one for one in new if one.difference_kopecks > 0)], -1)
        self.best = _top([*self.best, *(one for one in new if one.difference_kopecks < 0)], 1)
        short = {one.account_id: one for one in [*self.short, *(n for n in new if _is_short(n))]}
        self.short = sorted(short.values(), key=lambda one: one.left_after_kopecks)[:SHOWN]

    def as_json(self) -> dict[str, Any]:
        """For a file or a checkpoint."""
        return asdict(self)

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "Report":
        """What `as_json` gave."""
        plain = {each.name: kept[each.name] for each in fields(cls) if each.name not in _LISTS}
        report = cls(**plain)
        report.zones = {key: ZoneLine(**line) for key, line in kept["zones"].items()}
        report.worst, report.best, report.short = (
            [AccountLine(**line) for line in kept[name]] for name in _LISTS[1:]
        )
        return report


_LISTS = ("zones", "worst", "best", "short")


def _is_short(line: AccountLine) -> bool:
    return line.left_after_kopecks < 0 <= line.left_before_kopecks


def _top(lines: list[AccountLine], sign: int) -> list[AccountLine]:
    unique = {one.account_id: one for one in lines}.values()
    return sorted(unique, key=lambda one: (sign * one.difference_kopecks, one.account_id))[:SHOWN]
