"""When a pool will be full, from how much of it was taken on each day (pure: no Django)."""

from collections.abc import Sequence
from datetime import date, timedelta

DAYS_LEAST, DAYS_MOST = 7, 42
FAR_DAYS = 1_825


def full_on(*, days: Sequence[tuple[date, int]], capacity: int, on_date: date) -> date | None:
    """The day on which a straight line through the last six weeks reaches `capacity`.

    None: fewer than a week is known, the pool does not fill, or not within five years.
    """
    known = sorted(one for one in days if on_date - timedelta(days=DAYS_MOST) <= one[0] <= on_date)
    if len(known) < DAYS_LEAST:
        return None
    ages = [(day - on_date).days for day, _taken in known]
    taken = [count for _day, count in known]
    slope, level = _line(ages, taken)
    if taken[-1] >= capacity:
        return on_date
    if slope <= 0:
        return None
    left = (capacity - max(level, taken[-1])) / slope
    return on_date + timedelta(days=int(left)) if left <= FAR_DAYS else None


def _line(xs: Sequence[int], ys: Sequence[int]) -> tuple[float, float]:
    """The slope of the least squares line, and its height at x = 0."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if not spread:
        return 0.0, mean_y
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    return slope, mean_y - slope * mean_x
