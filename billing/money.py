"""Money as whole kopecks: showing, reading, splitting. Pure; imports no Django.

Everywhere inside Geobill an amount is an `int` of kopecks. Text appears only at the edge, and this
module is that edge. No float and no Decimal ever holds money.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

GROUP = "\u202f"  # narrow no-break space between groups of three digits
BEFORE_SIGN = "\u00a0"  # no-break space before the currency sign
MINUS = "\u2212"
MAX_KOPECKS = 10**14  # a trillion hryvnias: beyond it an amount is a slip of the finger

_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f']+")
_CURRENCY = re.compile(r"(₴|uah|грн\.?|гривень|гривні|гривня)$", re.IGNORECASE)
_NUMBER = re.compile(r"([0-9]+)(?:[.,]([0-9]*))?|[.,]([0-9]+)", re.ASCII)


class BadAmountReason(StrEnum):
    """Why a text is not an amount of money."""

    EMPTY = "EMPTY"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    NEGATIVE = "NEGATIVE"
    TOO_LARGE = "TOO_LARGE"


class BadAmountError(ValueError):
    """A text that can't be read as hryvnias and kopecks; `reason` says why, `text` is the input."""

    MESSAGES = {
        BadAmountReason.EMPTY: "no amount is given",
        BadAmountReason.NOT_A_NUMBER: "not an amount of money",
        BadAmountReason.TOO_MANY_DECIMALS: "a hryvnia has two decimals at most",
        BadAmountReason.NEGATIVE: "the amount can't be negative",
        BadAmountReason.TOO_LARGE: "the amount is too large",
    }

    def __init__(self, reason: BadAmountReason, text: str) -> None:
        self.reason = reason
        self.text = text
        super().__init__(f"{self.MESSAGES[reason]}: {text[:60]!r}")


def format_uah(kopecks: int, *, sign: bool = False) -> str:
    """`123456` → `1 234,56 ₴` (narrow no-break spaces in groups, a true minus before debts).

    With `sign` an amount above zero gets a plus, as in a column of a statement.
    """
    hryvnias, rest = divmod(abs(kopecks), 100)
    mark = MINUS if kopecks < 0 else "+" if sign and kopecks > 0 else ""
    groups = f"{hryvnias:,}".replace(",", GROUP)
    return f"{mark}{groups},{rest:02d}{BEFORE_SIGN}₴"


def parse_uah(text: str, *, allow_negative: bool = False) -> int:
    """Kopecks from what a person typed: `1 234,56`, `1234.5`, `200`, `200 ₴`, `200 грн`.

    Comma and point both separate kopecks; groups are separated by spaces of any kind. `1,234` and
    `1,234.56` are refused, since one reader would see a thousand there and another would not.

    Raises BadAmountError.
    """
    bare = _CURRENCY.sub("", _SPACES.sub("", text))
    if not bare:
        raise BadAmountError(BadAmountReason.EMPTY, text)
    negative = bare[0] in ("-", MINUS)
    unsigned = bare[1:] if negative or bare[0] == "+" else bare
    match = _NUMBER.fullmatch(unsigned)
    if match is None:
        raise BadAmountError(BadAmountReason.NOT_A_NUMBER, text)
    whole, decimals = match[1] or "0", match[2] or match[3] or ""
    if len(decimals) > 2:
        raise BadAmountError(BadAmountReason.TOO_MANY_DECIMALS, text)
    if len(whole.lstrip("0")) > 13:
        raise BadAmountError(BadAmountReason.TOO_LARGE, text)
    kopecks = int(whole) * 100 + int(decimals.ljust(2, "0"))
    if kopecks > MAX_KOPECKS:
        raise BadAmountError(BadAmountReason.TOO_LARGE, text)
    if negative and kopecks and not allow_negative:
        raise BadAmountError(BadAmountReason.NEGATIVE, text)
    return -kopecks if negative else kopecks


def allocate(total_kopecks: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to `weights`; the parts sum to the amount exactly (rule R4).

    Largest remainder: each part is rounded down, and the kopecks left over go one each to the
    largest remainders, ties to the earlier. A negative amount splits as its opposite does. Only for
    unequal splits; the days of a month go by `billing.calendar.daily_amount`.

    Raises ValueError when weights are negative, or all zero, or there are none.
    """
    if not weights or min(weights) < 0 or sum(weights) == 0:
        raise ValueError("weights must be zero or more, and not all zero")
    amount, weight_sum = abs(total_kopecks), sum(weights)
    parts = [amount * weight // weight_sum for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda i: (-(amount * weights[i] % weight_sum), i)
    )
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return [-part for part in parts] if total_kopecks < 0 else parts


def split_vat(amount_kopecks: int, rate_bp: int) -> tuple[int, int]:
    """Net and VAT of a price that includes VAT (rule R14); `rate_bp` in basis points, 2000 = 20 %.

    VAT is rounded half up to a kopeck; net is the rest, so both sum to the amount. A negative
    amount (a refund) splits as its opposite does, so a reversal cancels to the kopeck.
    """
    if not 0 <= rate_bp <= 10_000:
        raise ValueError(f"a VAT rate is between 0 and 10000 basis points, not {rate_bp}")
    gross = abs(amount_kopecks)
    vat = (2 * gross * rate_bp + 10_000 + rate_bp) // (2 * (10_000 + rate_bp))
    return (amount_kopecks + vat, -vat) if amount_kopecks < 0 else (amount_kopecks - vat, vat)
