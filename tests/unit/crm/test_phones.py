"""Phone numbers as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.phones import for_people, to_e164


@pytest.mark.parametrize(
    "typed",
    [
        "067 123-45-67",
        "0671234567",
        "+38 (067) 123 45 67",
        "380671234567",
        "80671234567",
        "67 123 45 67",
        "067\u00a0123\u202f45\u202f67",
    ],
)
def test_all_usual_ways_to_write_a_ukrainian_number_are_one_number(typed):
    assert to_e164(typed) == "+380671234567"


def test_a_foreign_number_needs_the_plus():
    assert to_e164("+48 501 234 567") == "+48501234567"
    assert to_e164("48501234567") is None


@pytest.mark.parametrize(
    "typed", ["", "067", "телефон", "06712345678901", "+0671234567", "٠٦٧١٢٣٤٥٦٧"]
)
def test_what_is_not_a_number_is_refused(typed):
    assert to_e164(typed) is None


@given(st.text(max_size=40))
def test_the_result_is_stable_and_never_an_exception(typed):
    result = to_e164(typed)
    assert result is None or to_e164(result) == result


def test_shown_in_groups():
    assert for_people("+380671234567") == "+380 67 123 45 67"
    assert for_people("+48501234567") == "+48501234567"
