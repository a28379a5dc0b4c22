"""House numbers: "12-А", "12а", "12 А" and "12/А" are one house, "16-22" is not a house."""

import re
from dataclasses import dataclass

LETTERS = "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯЁЪЫЭ"
_LETTER_ORDER = {letter: place for place, letter in enumerate(LETTERS, start=1)}
MAX_LENGTH = 24

_PREFIX = re.compile(
    r"^(?:буд(?:инок)?\b\.?|дом\b|б\.(?=\s*\d)|д\.(?=\s*\d)|б(?=\s*\d)|№|#)\s*", re.I
)
_KORPUS = re.compile(
    r"[\s,]*(?:\(\s*)?\b(?:корпус|корп\.?|кор\.|блок|секція|к(?=\.|\s*\d|\s+[А-ЯҐЄІЇ]\b))\.?"
    r"\s*(?:№\s*)?(?P<korpus>\d{1,3}|[А-ЯҐЄІЇ]|\d{1,2}[А-ЯҐЄІЇ])\s*\)?\s*$",
    re.I,
)
_GLUED_KORPUS = re.compile(r"(?<=[\dА-ЯҐЄІЇ])\s*К\.?\s*(?P<korpus>\d{1,3})$")
_LITERA = re.compile(r"[\s,]*\b(?:літера|літ\.?|лит\.?|литера)\s*(?=[А-ЯҐЄІЇA-Z]\b)", re.I)
_SPACES_ROUND_SIGN = re.compile(r"\s*([/-])\s*")
_LETTER = r"[А-ЯҐЄІЇЁЪЫЭ]"
_MAIN = re.compile(
    rf"^(?P<number>\d{{1,5}})(?:(?:[\s/-]|,\s?)?(?P<letter>{_LETTER}))?"
    rf"(?:/(?P<fraction>\d{{1,4}}[\s-]?{_LETTER}?(?:/\d{{1,4}}{_LETTER}?)?))?$"
)
_DATE_DAMAGE = re.compile(
    r"\d\s*[./-]\s*(?:янв|фев|мар|апр|май|мая|июн|июл|авг|сен|окт|ноя|дек|січ|лют|бер|кві|тра|чер"
    r"|лип|сер|вер|жов|лис|гру|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.I,
)
_RANGE = re.compile(r"^\d+\s*-\s*\d+")


# "12A" with a Latin A is 12А; what else Latin letters may mean is for `latin.house_variants`.
_LOOKALIKES = str.maketrans("ABCEHIKMOPTXY", "АВСЕНІКМОРТХУ")


class HouseNumberError(ValueError):
    """The text is not one house number; `problem` says why: EMPTY, RANGE, DATE or UNREADABLE."""

    def __init__(self, problem: str, text: str) -> None:
        super().__init__(f"{problem}: {text[:40]!r}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class House:
    """A house number taken apart. `canonical` is what is stored and compared: "12А/3 к1"."""

    number_int: int
    letter: str = ""
    fraction: str = ""
    korpus: str = ""

    @property
    def canonical(self) -> str:
        """Number, letter, "/" fraction, " к" korpus."""
        text = f"{self.number_int}{self.letter}"
        if self.fraction:
            text += f"/{self.fraction}"
        return f"{text} к{self.korpus}" if self.korpus else text

    @property
    def number_sort(self) -> str:
        """Digits that order houses as people do (2, 2А, 2А/1, 2/1, 10), whatever the collation."""
        has_tail = bool(self.fraction or self.korpus)
        letter = _LETTER_ORDER[self.letter] if self.letter else (90 if has_tail else 0)
        parts = [f"{self.number_int:06d}{letter:02d}"]
        for part in (*self.fraction.split("/"), self.korpus):
            digits = re.sub(r"\D", "", part) or "0"
            tail = re.sub(r"\d", "", part)
            parts.append(f"{int(digits):04d}{_LETTER_ORDER.get(tail, 0):02d}")
        return "".join(parts)


def parse_house(text: str) -> House:
    """Read one house number, already cleaned by `text.clean`.

    Raises HouseNumberError for "16-22" (two houses, or a range), "18.янв" (a spreadsheet took
    18/1 for a date), lists and anything else that is not one number: then people are asked.
    """
    source = text
    text = _PREFIX.sub("", text.strip(" .,;")).strip(" .,;")
    if not text:
        raise HouseNumberError("EMPTY", source)
    if _DATE_DAMAGE.search(text):
        raise HouseNumberError("DATE", source)
    if _RANGE.match(text):
        raise HouseNumberError("RANGE", source)
    upper = _LITERA.sub(" ", text.replace('"', "").replace("'", "")).upper()
    upper = upper.translate(_LOOKALIKES)
    korpus = ""
    found = _KORPUS.search(upper) or _GLUED_KORPUS.search(upper)
    if found and found.start() > 0:
        korpus = found["korpus"].lstrip("0") or "0"
        upper = upper[: found.start()]
    upper = _SPACES_ROUND_SIGN.sub(r"\1", upper.strip(" .,;"))
    main = _MAIN.match(upper)
    if not main or int(main["number"]) == 0:
        raise HouseNumberError("UNREADABLE", source)
    house = House(
        number_int=int(main["number"]),
        letter=main["letter"] or "",
        fraction=re.sub(r"[\s-]", "", main["fraction"] or ""),
        korpus=korpus,
    )
    if len(house.canonical) > MAX_LENGTH or len(house.fraction) > 12:
        raise HouseNumberError("UNREADABLE", source)
    return house
