"""Amounts as people write and read them."""

import pytest

from billing.money import BadAmountError, allocate, format_uah, parse_uah, split_vat

NARROW, NBSP = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("kopecks", "text"),
    [
        (0, "0,00_₴"),
        (5, "0,05_₴"),
        (20_000, "200,00_₴"),
        (123_456, "1 234,56_₴"),
        (123_456_789_00, "123 456 789,00_₴"),
        (-13_333, "−133,33_₴"),
    ],
)
def test_shows_hryvnias_with_groups_and_a_true_minus(kopecks: int, text: str) -> None:
    assert format_uah(kopecks) == text.replace(" ", NARROW).replace("_", NBSP)


def test_a_statement_may_ask_for_the_plus() -> None:
    assert format_uah(100, sign=True) == f"+1,00{NBSP}₴"
    assert format_uah(0, sign=True) == f"0,00{NBSP}₴"


@pytest.mark.parametrize(
    ("text", "kopecks"),
    [
        ("200", 20_000),
        ("200,5", 20_050),
        ("200.50", 20_050),
        ("1 234,56", 123_456),
        ("1\u202f234,56\u00a0₴", 123_456),
        (" 1'234.56 грн. ", 123_456),
        (",5", 50),
        ("7.", 700),
        ("+5", 500),
        ("0", 0),
        ("-0", 0),
        ("200 UAH", 20_000),
    ],
)
def test_reads_what_people_type(text: str, kopecks: int) -> None:
    assert parse_uah(text) == kopecks


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "EMPTY"),
        ("   ", "EMPTY"),
        ("₴", "EMPTY"),
        ("двісті", "NOT_A_NUMBER"),
        ("1,234.56", "NOT_A_NUMBER"),
        ("1.234,56", "NOT_A_NUMBER"),
        ("1e5", "NOT_A_NUMBER"),
        ("NaN", "NOT_A_NUMBER"),
        ("٢٠٠", "NOT_A_NUMBER"),
        ("--5", "NOT_A_NUMBER"),
        (".", "NOT_A_NUMBER"),
        ("5; DROP TABLE ledger_posting", "NOT_A_NUMBER"),
        ("1,234", "TOO_MANY_DECIMALS"),
        ("-5", "NEGATIVE"),
        ("−5", "NEGATIVE"),
        ("9" * 14, "TOO_LARGE"),
        ("9" * 100_000, "TOO_LARGE"),
    ],
)
def test_refuses_what_could_be_read_in_two_ways_or_none(text: str, reason: str) -> None:
    with pytest.raises(BadAmountError) as refusal:
        parse_uah(text)
    assert refusal.value.reason == reason
    assert len(str(refusal.value)) < 200


def test_a_correction_may_be_negative_when_asked_for() -> None:
    assert parse_uah("-5,10", allow_negative=True) == -510


def test_the_kopeck_left_over_goes_to_the_largest_remainder() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10_001, [2, 1]) == [6667, 3334]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert allocate(7, [0, 5]) == [0, 7]


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_that_mean_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        allocate(100, weights)


def test_vat_is_inside_the_price() -> None:
    assert split_vat(12_000, 2_000) == (10_000, 2_000)
    assert split_vat(25_000, 2_000) == (20_833, 4_167)
    assert split_vat(-25_000, 2_000) == (-20_833, -4_167)
    assert split_vat(25_000, 0) == (25_000, 0)
    with pytest.raises(ValueError, match="rate"):
        split_vat(100, 20_000)
