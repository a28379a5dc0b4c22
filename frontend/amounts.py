"""Amounts as people type them."""

import re

MAX_KOPECKS = 100_000_000  # a million hryvnias: beyond it somebody typed a phone number


def kopecks_of(text: str) -> int | None:
    """ "1 234,50", "300 ₴", "300.5" in kopecks; None when it is no amount above nothing."""
    plain = re.sub(r"[\s\u00a0\u202f₴]|грн\.?", "", text)
    match = re.fullmatch(r"(\d{1,9})(?:[.,](\d{1,2}))?", plain, re.ASCII)
    if match is None:
        return None
    kopecks = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    return kopecks if 0 < kopecks <= MAX_KOPECKS else None
