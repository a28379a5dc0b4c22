"""Phone numbers as people type them (pure). Kept as E.164 (ITU-T), for Ukraine "+380XXXXXXXXX"."""

import re

# How a Ukrainian number is typed, and what then stands before it in E.164.
UKRAINIAN = [
    (r"380\d{9}", ""),
    (r"0\d{9}", "38"),
    (r"80\d{9}", "3"),
    (r"[1-9]\d{8}", "380"),
]
_NOT_DIGITS = re.compile(r"[\s().\-–—\u00a0\u2009\u202f]+")


def to_e164(text: str) -> str | None:
    """The number in E.164, or None if it cannot be one.

    Ukrainian numbers may be typed as 067 123-45-67, 380671234567, +38 (067) 123 45 67 or
    80671234567; foreign ones need the plus.
    """
    digits = _NOT_DIGITS.sub("", text.strip())
    foreign = digits.startswith("+")
    digits = digits.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return None
    for shape, prefix in UKRAINIAN[: 1 if foreign else None]:
        if re.fullmatch(shape, digits):
            return f"+{prefix}{digits}"
    if foreign and re.fullmatch(r"[1-9]\d{7,14}", digits):
        return f"+{digits}"
    return None


def for_people(e164: str) -> str:
    """Shown as "+380 67 123 45 67"; numbers of other countries as they are."""
    if re.fullmatch(r"\+380\d{9}", e164):
        return f"{e164[:4]} {e164[4:6]} {e164[6:9]} {e164[9:11]} {e164[11:]}"
    return e164
