"""Cleaning of typed text: one spelling of dashes, apostrophes, spaces and look-alike letters."""

import re
import unicodedata

APOSTROPHE = "'"
_APOSTROPHES = "’ʼ`‘ʹ´′＇ˈ"
_DASHES = "‐‑‒–—―−﹣－\u00ad"
_QUOTES = '"«»„“”‹›″'
# Latin letters that look like Cyrillic ones. Applied only where the text has Cyrillic letters.
_LOOKALIKES = str.maketrans(
    "ABCEHIKMOPTXYaceikopxyïÏ",
    "АВСЕНІКМОРТХУасеікорхуїЇ",
)
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_LATIN = re.compile(r"[A-Za-z]")
_CYRILLIC_TO_SAME = {
    **dict.fromkeys(_APOSTROPHES, APOSTROPHE),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_QUOTES, " "),
}
_TABLE = str.maketrans(_CYRILLIC_TO_SAME)
RUSSIAN_LETTERS = re.compile(r"[ыэёъЫЭЁЪ]")


def has_cyrillic(text: str) -> bool:
    """Whether the text has at least one Cyrillic letter."""
    return bool(_CYRILLIC.search(text))


def is_latin(text: str) -> bool:
    """Whether the text is written in Latin letters only (digits and signs do not count)."""
    return bool(_LATIN.search(text)) and not has_cyrillic(text)


def clean(text: str) -> str:
    """The text in NFC with plain dashes, apostrophes and spaces, without invisible characters.

    The case is kept. Latin look-alikes become Cyrillic where the text has Cyrillic letters, so
    "вул. Бучмu" typed with a Latin "o" or "i" is still found.
    """
    text = unicodedata.normalize("NFC", text).translate(_TABLE)
    # A control character is a space (a pasted line break), a format character is nothing at all.
    text = "".join(
        " " if unicodedata.category(char) in ("Cc", "Zs", "Zl", "Zp") else char
        for char in text
        if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn")
    )
    if has_cyrillic(text):
        text = text.translate(_LOOKALIKES)
    return re.sub(r" {2,}", " ", text).strip(" ,;")


def fold(text: str) -> str:
    """A loose phonetic form in which Ukrainian and Russian spellings of one name often meet.

    "Бучмы" and "Бучми", "Академика" and "Академіка" fold to the same text. It is used to *find*
    candidates, never as an identity: "Лісова" and "Лисова" fold together too.
    """
    table = str.maketrans("ыіїэєёґъь'", "иииеееґъь'")
    folded = text.translate(table).replace("ґ", "г")
    return re.sub(r"[ъь']", "", folded)


def place_key(name: str) -> str:
    """The form in which names of settlements and administrative units are compared."""
    return clean(name).lower().replace("'", "").replace("ґ", "г").replace("-", " ")
