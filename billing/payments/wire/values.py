"""Money, times and words as they stand on the wire (pure).

Money inside is whole kopecks; on the wire it is exact decimal text, whole kopecks, or a JSON
number.
Local times of the providers are Europe/Kyiv.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from billing.calendar import KYIV

MAX_KOPECKS = 10**12  # ten billion hryvnias: whatever is above is no payment of a person
_UAH = re.compile(r"([+-]?)([0-9]{1,12})(?:[.,]([0-9]{0,2}))?", re.ASCII)
_KOPECKS = re.compile(r"[+-]?[0-9]{1,12}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9A-Za-zА-Яа-яІіЇїЄєҐґ_./№-]{1,40}")
# With halves of letters that JSON can name and no text can hold.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class BadValueError(ValueError):
    """A text that is not the amount, the time or the number that it should be."""


def uah(text: str, *, allow_negative: bool = False) -> int:
    """Kopecks of a decimal text in hryvnias: `125.50`, `125,5`, `125`; two decimals at most.

    Raises BadValueError, also for zero, and for an amount below zero unless allowed.
    """
    match = _UAH.fullmatch(text.strip())
    if match is None:
        raise BadValueError(f"not an amount in hryvnias: {text[:40]!r}")
    kopecks = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))
    return _checked(-kopecks if match[1] == "-" else kopecks, text, allow_negative)


def kopecks(text: str, *, allow_negative: bool = False) -> int:
    """Kopecks of a text of whole kopecks. Raises BadValueError as `uah` does."""
    if _KOPECKS.fullmatch(text.strip()) is None:
        raise BadValueError(f"not an amount in kopecks: {text[:40]!r}")
    return _checked(int(text), text, allow_negative)


def json_uah(value: object, *, allow_negative: bool = False) -> int:
    """Kopecks of a JSON number (read as Decimal or int) or text in hryvnias."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise BadValueError(f"not an amount in hryvnias: {str(value)[:40]!r}")
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value) > MAX_KOPECKS:
            raise BadValueError(f"not an amount in hryvnias: {str(value)[:40]!r}")
        cents = value * 100
        if cents != cents.to_integral_value():
            raise BadValueError(f"more than two decimals: {str(value)[:40]!r}")
        return _checked(int(cents), str(value), allow_negative)
    return uah(str(value), allow_negative=allow_negative)


def json_kopecks(value: object, *, allow_negative: bool = False) -> int:
    """Kopecks of a JSON number or text that is whole kopecks."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadValueError(f"not an amount in kopecks: {str(value)[:40]!r}")
    return kopecks(str(value), allow_negative=allow_negative)


def _checked(amount: int, text: str, allow_negative: bool) -> int:
    if amount == 0 or abs(amount) > MAX_KOPECKS or (amount < 0 and not allow_negative):
        raise BadValueError(f"no amount that can be paid: {text[:40]!r}")
    return amount


def uah_text(amount_kopecks: int) -> str:
    """`12550` → `125.50`; below zero with a minus."""
    whole, rest = divmod(abs(amount_kopecks), 100)
    return f"{'-' if amount_kopecks < 0 else ''}{whole}.{rest:02d}"


def uah_number(amount_kopecks: int) -> int | float:
    """A JSON number of hryvnias: `12550` → `125.5`; exact for every amount that passes here."""
    return amount_kopecks // 100 if amount_kopecks % 100 == 0 else amount_kopecks / 100


def account_number(text: str) -> str:
    """A contract number as a payer typed it, without spaces around. Raises BadValueError."""
    stripped = text.strip()
    if _ACCOUNT.fullmatch(stripped) is None:
        raise BadValueError(f"not a contract number: {text[:40]!r}")
    return stripped


def key(text: str, *, max_length: int = 100) -> str:
    """A provider's payment id: one word without control characters. Raises BadValueError."""
    stripped = text.strip()
    if not stripped or len(stripped) > max_length or _CONTROL.search(stripped):
        raise BadValueError(f"not a payment id: {text[:40]!r}")
    return stripped


def digits(text: str, *, max_length: int = 20) -> str:
    """An id that is digits only. Raises BadValueError."""
    stripped = text.strip()
    if not (stripped.isascii() and stripped.isdigit()) or len(stripped) > max_length:
        raise BadValueError(f"not a number: {text[:40]!r}")
    return stripped


def local_time(text: str, form: str = "%Y%m%d%H%M%S") -> datetime:
    """A moment from a local time in Kyiv; the hour that comes twice in autumn is the first one.

    Raises BadValueError, also for years that nobody pays in.
    """
    stripped = text.strip()
    # strptime accepts missing zeros and takes fewer digits than the form says.
    if form == "%Y%m%d%H%M%S" and len(stripped) != 14:
        raise BadValueError(f"not a time: {text[:40]!r}")
    try:
        return _plausible(datetime.strptime(stripped, form).replace(tzinfo=KYIV), text)
    except ValueError as error:
        raise BadValueError(f"not a time: {text[:40]!r}") from error


def iso_time(text: str) -> datetime:
    """A moment from ISO 8601; without an offset it is Kyiv's. Raises BadValueError."""
    stripped = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.strip())
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError as error:
        raise BadValueError(f"not a time: {text[:40]!r}") from error
    return _plausible(moment if moment.tzinfo else moment.replace(tzinfo=KYIV), text)


def unix_time(value: object) -> datetime:
    """A moment from Unix seconds. Raises BadValueError."""
    try:
        return _plausible(datetime.fromtimestamp(int(str(value)), UTC), str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise BadValueError(f"not a time: {str(value)[:40]!r}") from error


def _plausible(moment: datetime, text: str) -> datetime:
    if not 2000 <= moment.year <= 2100:
        raise BadValueError(f"not a time: {text[:40]!r}")
    return moment


def local_text(moment: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """A moment in Kyiv's local time."""
    return moment.astimezone(KYIV).strftime(form)


def local_date(moment: datetime) -> date:
    """The calendar day in Kyiv."""
    return moment.astimezone(KYIV).date()


def short(text: object, length: int = 100) -> str:
    """A text for the journal: one line, not longer than that."""
    return _CONTROL.sub(" ", str(text))[:length]
