"""Ordinals in street names: "Першого Травня", "1-го Травня" and "1 Травня" are one name."""

import re

_ENDING = r"(?:ий|ій|а|я|е|є|ого|ього|ої|ьої|ше|ша|им|их|ю|у)"
_STEMS = {
    **{"перш": 1, "друг": 2, "трет": 3, "четверт": 4, "п'ят": 5, "шост": 6, "сьом": 7},
    **{"восьм": 8, "дев'ят": 9, "десят": 10, "одинадцят": 11, "дванадцят": 12},
    **{"тринадцят": 13, "чотирнадцят": 14, "п'ятнадцят": 15, "шістнадцят": 16},
    **{"сімнадцят": 17, "вісімнадцят": 18, "дев'ятнадцят": 19, "двадцят": 20},
    **{"тридцят": 30, "перв": 1, "втор": 2},
}
_WORD = re.compile(rf"^({'|'.join(_STEMS)}){_ENDING}$")
_FIGURE = re.compile(
    r"^(\d{1,4})-?(?:го|й|ий|ій|ша|ше|а|я|ої|ого|та|тя|те|тє|є|х|ї|шого|тий|мий|мого|го|ма|ми|ая|ое)$"
)
_ROMAN_LETTERS = {"і": 1, "i": 1, "v": 5, "х": 10, "x": 10}
_ROMAN = re.compile(
    r"^(?=[ivхxі]{2})(?:[хx]{0,3})(?:[іi][хx]|[іi]?v|v?[іi]{0,3})(?:-?(?:й|а|го))?$"
)
_JUBILEE = {
    "десятиріччя": "10 річчя",
    "двадцятиріччя": "20 річчя",
    "тридцятиріччя": "30 річчя",
    "сорокаріччя": "40 річчя",
    "п'ятдесятиріччя": "50 річчя",
    "шістдесятиріччя": "60 річчя",
}


def _roman(token: str) -> int:
    total, previous = 0, 0
    for letter in reversed(token):
        value = _ROMAN_LETTERS.get(letter, 0)
        total += value if value >= previous else -value
        previous = max(previous, value)
    return total


def canonical_ordinal(token: str) -> str:
    """The token as a bare number when it is an ordinal ("1-го", "першого", "ii"), else as it was.

    >>> canonical_ordinal("восьмого")
    '8'
    """
    if found := _FIGURE.match(token):
        return str(int(found[1]))
    if found := _WORD.match(token):
        return str(_STEMS[found[1]])
    if token and _ROMAN.match(token):
        return str(_roman(re.sub(r"-?(?:й|а|го)$", "", token)))
    return _JUBILEE.get(token, token)
