"""Counters that wrap at 32 bits: the order of arrival does not matter."""

from hypothesis import given
from hypothesis import strategies as st

from network import wraps

# What really flowed between one interim update and the next: never as much as a whole round.
steps = st.lists(
    st.tuples(st.integers(1, wraps.HALF - 2), st.integers(1, wraps.HALF - 2)),
    min_size=1,
    max_size=wraps.POINTS_MAX,
)


def told(flow: list[tuple[int, int]]) -> tuple[list[wraps.Point], int, int]:
    """Statements of the lower halves, and the true counters at the end."""
    in_octets = out_octets = 0
    points = []
    for number, (more_in, more_out) in enumerate(flow, 1):
        in_octets, out_octets = in_octets + more_in, out_octets + more_out
        if not (in_octets % wraps.HALF and out_octets % wraps.HALF):
            in_octets, out_octets = in_octets + 1, out_octets + 1
        order = wraps.order_of(session_time_s=300 * number, at_s=1_000_000 + 300 * number)
        points.append((order, in_octets % wraps.HALF, out_octets % wraps.HALF))
    return points, in_octets, out_octets


@given(steps, st.data())
def test_any_order_any_batches_any_repeats(
    flow: list[tuple[int, int]], data: st.DataObject
) -> None:
    points, in_octets, out_octets = told(flow)
    again = data.draw(st.lists(st.sampled_from(points), max_size=4))
    order = data.draw(st.permutations(points + again))
    cut = data.draw(st.integers(1, len(order)))
    stored: list[int] = []
    for first in range(0, len(order), cut):
        stored = wraps.merge(stored, order[first : first + cut])
    assert wraps.totals(stored) == (in_octets, out_octets)


@given(
    st.lists(
        st.tuples(st.integers(1, wraps.HALF - 2), st.integers(1, wraps.HALF - 2)),
        min_size=wraps.POINTS_MAX,
        max_size=60,
    ),
    st.integers(1, wraps.POINTS_MAX - 1),
)
def test_a_long_session_keeps_its_wraps_when_neighbours_come_in_the_wrong_order(
    flow: list[tuple[int, int]], apart: int
) -> None:
    points, in_octets, out_octets = told(flow)
    stored: list[int] = []
    for first in range(0, len(points), apart):
        for point in reversed(points[first : first + apart]):
            stored = wraps.merge(stored, [point])
    assert wraps.totals(stored) == (in_octets, out_octets)
    assert len(stored) == 4 + 3 * min(len(points), wraps.POINTS_MAX)


def test_a_counter_that_was_lost_is_no_wrap() -> None:
    stored = wraps.merge([], [(wraps.order_of(session_time_s=300, at_s=1), 500, 900)])
    stored = wraps.merge(stored, [(wraps.order_of(session_time_s=310, at_s=2), 0, 0)])
    assert wraps.totals(stored) == (500, 900)
