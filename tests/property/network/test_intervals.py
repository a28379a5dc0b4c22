"""How often sessions report: bounds, steadiness, and what becomes of a burst."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network import intervals

INTERVALS = st.integers(intervals.SHORTEST_S, intervals.LONGEST_S)
SUBSCRIBERS = 10_000
PARTS = 30


@given(INTERVALS, st.text(max_size=20))
def test_told_is_near_the_interval_never_below_a_minute_and_always_the_same(
    interval_s: int, name: str
) -> None:
    told = intervals.told_s(interval_s, to=name)
    assert told == intervals.told_s(interval_s, to=name)
    assert told >= intervals.SHORTEST_S
    shortest = max(intervals.SHORTEST_S, interval_s * 0.9)
    assert shortest <= told <= shortest + interval_s * 0.2 + 1


@given(INTERVALS, st.integers(1, 2**60))
def test_nobody_is_silent_for_as_long_as_makes_a_session_suspect(
    interval_s: int, service: int
) -> None:
    told = intervals.of_service_s(interval_s, subscription_id=service)
    patience = max(intervals.SUSPECT_AFTER.total_seconds(), intervals.REPORTS_MISSED * interval_s)
    assert 2 * told < patience, "two reports may be missed"


@pytest.mark.parametrize("interval_s", [300, 600, 3_600])
@pytest.mark.parametrize("first", [1, 5_000_000])
def test_a_burst_of_ten_thousand_spreads_over_the_interval(interval_s: int, first: int) -> None:
    """All begin in the same second. Of the first round a fifth of the interval is full; from the
    third on no thirtieth of it has much more than its share."""
    told = [
        intervals.of_service_s(interval_s, subscription_id=first + one)
        for one in range(SUBSCRIBERS)
    ]
    assert max(Counter(told).values()) < SUBSCRIBERS * 0.03
    assert max(told) - min(told) > interval_s // 6
    for number in (3, 6, 12):
        since, until = interval_s * number, interval_s * (number + 1)
        reports: Counter[int] = Counter()
        for every in told:
            reports.update(range(-(-since // every) * every, until, every))
        portions: Counter[int] = Counter()
        for at, count in reports.items():
            portions[(at - since) * PARTS // interval_s] += count
        assert max(reports.values()) < SUBSCRIBERS * 0.05
        assert max(portions.values()) < 2.5 * sum(portions.values()) / PARTS


def test_near_a_minute_the_range_lies_above_it() -> None:
    told = Counter(intervals.of_service_s(60, subscription_id=one) for one in range(1, SUBSCRIBERS))
    assert set(told) == set(range(60, 73))
    assert max(told.values()) < SUBSCRIBERS * 0.1


def test_a_stranger_is_told_by_his_mac_or_his_port() -> None:
    def told(mac: str, circuit: str) -> int:
        return intervals.of_stranger_s(600, mac=mac, circuit_hex=circuit, remote_hex="ff")

    assert told("02" * 6, "01") == told("02" * 6, "77")
    assert len({told("", f"{one:02x}") for one in range(50)}) > 20
    assert len({told(f"{one:012x}", "01") for one in range(50)}) > 20
