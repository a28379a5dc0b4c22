"""Ukrainian in Latin letters, as resolution 55 of the Cabinet of Ministers (2010) sets it."""

import re

_FIRST = {"є": "ye", "ї": "yi", "й": "y", "ю": "yu", "я": "ya"}
_LETTERS = {
    **dict(zip("абвгґдезиіклмнопрстуф", "abvhgdezyiklmnoprstuf", strict=True)),
    **{"є": "ie", "ж": "zh", "ї": "i", "й": "i", "х": "kh", "ц": "ts", "ч": "ch"},
    **{"ш": "sh", "щ": "shch", "ю": "iu", "я": "ia", "ь": "", "'": ""},
}
# From Latin back: several letters are lost on the way (й, ї and і are all "i"), so the result is
# only good for finding candidates, which are then compared in Latin letters.
_BACK = [
    *[("shch", "щ"), ("zgh", "зг"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч")],
    *[("sh", "ш"), ("ye", "є"), ("yi", "ї"), ("yu", "ю"), ("ya", "я"), ("ie", "є")],
    *[("iu", "ю"), ("ia", "я"), ("ii", "ії"), ("a", "а"), ("b", "б"), ("v", "в"), ("h", "г")],
    *[("g", "ґ"), ("d", "д"), ("e", "е"), ("z", "з"), ("y", "и"), ("i", "і"), ("k", "к")],
    *[("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("r", "р"), ("s", "с")],
    *[("t", "т"), ("u", "у"), ("f", "ф"), ("j", "й"), ("w", "в"), ("x", "кс"), ("c", "к")],
    ("q", "к"),
]
_BACK_PATTERN = re.compile("|".join(latin for latin, _ in _BACK))
_BACK_TABLE = dict(_BACK)


def to_latin(text: str) -> str:
    """Lower-case Ukrainian text in Latin letters: "героїв праці" → "heroiv pratsi"."""
    result: list[str] = []
    at_start = True
    previous = ""
    for char in text:
        if at_start and char in _FIRST:
            latin = _FIRST[char]
        elif previous == "з" and char == "г":
            latin = "gh"
        else:
            latin = _LETTERS.get(char, char)
        result.append(latin)
        at_start = not (char.isalnum() or char == "'")
        previous = char
    return "".join(result)


def from_latin(text: str) -> str:
    """A guess at the Ukrainian spelling of lower-case Latin text, for finding candidates."""
    return _BACK_PATTERN.sub(lambda found: _BACK_TABLE[found.group()], text)


_HOUSE_TRANSLIT = str.maketrans("ABVHGDEZYIKLMNOPRSTUF", "АБВГҐДЕЗИІКЛМНОПРСТУФ")
_HOUSE_LOOKALIKE = str.maketrans("ABCEHIKMOPTXY", "АВСЕНІКМОРТХУ")


def house_variants(number: str) -> list[str]:
    """What a house number typed in Latin letters may mean, best first.

    "42B" is 42Б when transliterated and 42В when somebody used a look-alike letter.
    """
    upper = number.upper().replace("ZH", "Ж")
    variants = [upper.translate(_HOUSE_TRANSLIT), upper.translate(_HOUSE_LOOKALIKE)]
    return list(dict.fromkeys(variants))
