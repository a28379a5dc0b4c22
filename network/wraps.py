"""Counters of a BRAS that sends no gigawords: 32 bits that begin again at zero (pure).

Such a packet says only the lower half. What it means depends on the packets before it, and packets
come in any order. So the newest `POINTS_MAX` statements of a session are kept in the order of the
session's own clock, and a wrap is counted wherever a counter is lower than in the statement before
it. Any order of arrival ends the same as long as a packet is not more than that many late.

A counter of exactly zero after another value is no wrap but a BRAS that lost its counters
(accel-ppp on a lost carrier), and says nothing.
"""

from bisect import insort
from collections.abc import Iterable

POINTS_MAX = 12
HALF = 2**32
_TIME_BITS = 33
_SECONDS_MAX = 2**29 - 1

# (order, octets from the user, octets to the user); the order is of `order_of`.
Point = tuple[int, int, int]


def order_of(*, session_time_s: int, at_s: int) -> int:
    """One number by which statements of a session are sorted: its own clock, then ours."""
    own = min(max(session_time_s, 0), _SECONDS_MAX)
    return (own << _TIME_BITS) | (max(at_s, 0) & ((1 << _TIME_BITS) - 1))


def merge(stored: list[int], points: Iterable[Point]) -> list[int]:
    """The stored statements with new ones among them, in the same form.

    Form: wraps (from, to the user) before the first kept statement, and what the counters were
    there; then three numbers a statement.
    """
    base, known = _parts(stored)
    full = len(known) >= POINTS_MAX
    for point in points:
        if (full and point < known[0]) or _is_known(known, point):
            continue
        insort(known, point)
    while len(known) > POINTS_MAX:
        base = _after(base, known.pop(0))
    return [*base, *(number for point in known for number in point)]


def totals(stored: list[int]) -> tuple[int, int]:
    """The 64-bit counters (from the user, to the user) that the statements amount to."""
    base, known = _parts(stored)
    for point in known:
        base = _after(base, point)
    in_wraps, out_wraps, in_octets, out_octets = base
    return in_wraps * HALF + in_octets, out_wraps * HALF + out_octets


def _parts(stored: list[int]) -> tuple[tuple[int, int, int, int], list[Point]]:
    if not stored:
        return (0, 0, 0, 0), []
    rest = stored[4:]
    known = [(rest[n], rest[n + 1], rest[n + 2]) for n in range(0, len(rest), 3)]
    return (stored[0], stored[1], stored[2], stored[3]), known


def _after(base: tuple[int, int, int, int], point: Point) -> tuple[int, int, int, int]:
    """Wraps and counters once this statement is counted."""
    in_wraps, out_wraps, in_octets, out_octets = base
    _order, told_in, told_out = point
    if told_in:
        in_wraps, in_octets = in_wraps + (told_in < in_octets), told_in
    if told_out:
        out_wraps, out_octets = out_wraps + (told_out < out_octets), told_out
    return in_wraps, out_wraps, in_octets, out_octets


def _is_known(known: list[Point], point: Point) -> bool:
    """Whether the same was said at the same second of the session: a packet that came again."""
    own = point[0] >> _TIME_BITS
    return any(
        one[0] >> _TIME_BITS == own and one[1:] == point[1:] and (own or one[0] == point[0])
        for one in known
    )
