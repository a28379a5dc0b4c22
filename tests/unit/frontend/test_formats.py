"""Money, times and amounts as people read them."""

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from frontend import formats


@pytest.mark.parametrize(
    ("kopecks", "text"),
    [
        (0, "0,00 ₴"),
        (123_456, "1\u202f234,56 ₴"),
        (-1900, "\u221219,00 ₴"),
        (100_000_000_00, "100\u202f000\u202f000,00 ₴"),
    ],
)
def test_money_has_thin_groups_a_comma_and_the_sign_of_the_hryvnia(kopecks: int, text: str) -> None:
    assert formats.money(kopecks) == text.replace(" ₴", "\u00a0₴")


def test_whole_hryvnias_may_be_shown_without_kopecks_but_kopecks_are_never_hidden() -> None:
    assert formats.money(24_000, whole=True) == "240\u00a0₴"
    assert formats.money(24_001, whole=True) == "240,01\u00a0₴"


def test_a_moment_is_shown_as_it_is_in_kyiv() -> None:
    assert formats.moment(datetime(2026, 11, 22, 12, 5, tzinfo=UTC)) == "22.11.2026 14:05"
    assert formats.moment(datetime(2026, 7, 22, 22, 5, tzinfo=UTC)) == "23.07.2026 01:05"


def test_a_day_of_a_moment_is_its_day_in_kyiv() -> None:
    assert formats.day(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == "23.11.2026"
    assert formats.day(date(2026, 11, 22)) == "22.11.2026"


@pytest.mark.parametrize(
    ("bit_s", "text"),
    [(300_000_000, "300 Mbit/s"), (1_500_000, "1,5 Mbit/s"), (512_000, "512 kbit/s")],
)
def test_speed(bit_s: int, text: str) -> None:
    with translation.override("en"):
        assert formats.speed(bit_s) == text


@pytest.mark.parametrize(
    ("octets", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1,5 KB"), (48_2 * 1024**3, "482 GB")]
)
def test_traffic(octets: int, text: str) -> None:
    with translation.override("en"):
        assert formats.traffic(octets).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (45, "45 s"), (3661, "1 h 1 min"), (280_800, "3 d 6 h")]
)
def test_duration_says_its_two_largest_units(seconds: int, text: str) -> None:
    with translation.override("en"):
        assert formats.duration(seconds).replace("\u00a0", " ") == text


def test_a_ukrainian_phone_is_read_in_groups_and_others_are_left_alone() -> None:
    assert formats.phone("+380671234567").replace("\u00a0", " ") == "+380 67 123 45 67"
    assert formats.phone("+48123456789") == "+48123456789"
