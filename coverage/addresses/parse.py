"""A whole address line: locality, street, house, flat."""

import re
from dataclasses import dataclass

from coverage.addresses import latin, streettypes, text
from coverage.addresses.house import House, HouseNumberError, parse_house
from coverage.addresses.street import StreetName, parse_street

_POSTCODE = re.compile(r"^\d{5}$")
_REGION = re.compile(
    r"^(?:україна|украина|ukraine|.*\b(?:область|обл|район|р-н|громада|тг|отг|oblast|raion)\b\.?.*)$",
    re.I,
)
_LOCALITY = re.compile(
    r"^(?:м|місто|город|г|с|село|смт|сел|селище|с-ще|смт\.|city|m|c)(?:\.\s*|\s+)(?P<name>\D[^\d]*)$",
    re.I,
)
_LOCALITY_PREFIX = re.compile(
    r"^(?:м\.|місто\s|город\s|г\.|с\.|село\s|смт\.?\s|селище\s|сел\.)\s*(?P<name>[^\s,]+)\s+(?=\S)",
    re.I,
)
_FLAT = re.compile(
    r"[\s,]+(?:кв(?:артира)?|оф(?:іс)?|прим(?:іщення)?|kv|flat|apt|office)\b\.?\s*№?\s*"
    r"(?P<unit>[\w/-]{1,16})\s*$",
    re.I,
)
_HOUSE_MARK = re.compile(
    r"[\s,]*\b(?:буд(?:инок)?|дом)\b\.?\s*(?P<house>\S.*)$|(?:^|(?<!корпус)(?<!корп\.)(?<!к\.)\s)(?:б\.|№)\s*(?P<no>\d.*)$",
    re.I,
)
_HOUSE_AT_END = re.compile(
    r"(?:^|[\s,.])(?P<house>\d{1,5}\s*-\s*\d{1,5}[^\W\d_]?|\d{1,2}[./](?:янв|фев|мар|апр|май|июн|июл|"
    r"авг|сен|окт|ноя|дек)|\d{1,5}(?:\s*[-/]\s*|\s)?(?:[^\W\d_](?![^\W\d_]))?"
    r"(?:\s*/\s*\d{1,4}\s?(?:[^\W\d_](?![^\W\d_]))?)?"
    r"(?:[\s,]*(?:корпус|корп|блок|korpus|korp|к|k)\.?\s*\w{1,3})?)$",
    re.I,
)


# A name without a type is a street's when two spellings are compared; a look-up takes any type.
DEFAULT_TYPE = "вулиця"


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """An address line taken apart; nothing here is a guess at what exists.

    `house` is None with `house_problem` = "" when no number was written, RANGE, DATE or UNREADABLE
    when one was written that cannot be read as one house. `localities` are the parts that may name
    the settlement, the marked one ("м. Харків") first.
    """

    street: StreetName
    house: House | None
    house_text: str
    house_problem: str
    localities: tuple[str, ...] = ()
    unit: str = ""

    @property
    def canonical(self) -> tuple[str, str, str]:
        """What two spellings of one address have in common: type, name, house."""
        house = self.house.canonical if self.house else self.house_text.lower()
        return self.street.type or DEFAULT_TYPE, self.street.name_norm, house


MAX_INPUT_LENGTH = 500
_WITHOUT_NUMBER = frozenset({"б/н", "бн", "без номера", "-", "без №"})


def parse_address(value: str) -> ParsedAddress:
    """Take an address line apart: "м. Харків, вул. Бучми, буд. 42-Б, кв. 7".

    Never fails; what cannot be read is left empty or named in `house_problem`.
    """
    cleaned = text.clean(value[:MAX_INPUT_LENGTH])
    unit = ""
    if found := _FLAT.search(cleaned):
        unit, cleaned = found["unit"], cleaned[: found.start()]
    marked, parts = _take_places([part.strip() for part in cleaned.split(",") if part.strip()])
    rest, house_text = _split_house(_join_lone_type(parts))
    street_text, unmarked = _choose_street(rest)
    if not marked and (found := _LOCALITY_PREFIX.match(street_text)):
        marked, street_text = [found["name"]], street_text[found.end() :]
    house, problem = _read_house(house_text)
    return ParsedAddress(
        street=parse_street(street_text),
        house=house,
        house_text=house_text,
        house_problem=problem,
        localities=(*marked, *unmarked),
        unit=unit,
    )


def _take_places(parts: list[str]) -> tuple[list[str], list[str]]:
    """Parts that are a country, region or post code are dropped; marked settlements are kept."""
    localities: list[str] = []
    rest: list[str] = []
    for place, part in enumerate(parts):
        is_last = place == len(parts) - 1
        if _POSTCODE.match(part) and not is_last:
            continue
        if _REGION.match(part) and len(parts) > 1 and not re.search(r"мікро|\d", part, re.I):
            continue
        if len(parts) > 1 and (found := _LOCALITY.match(part)):
            localities.append(found["name"].strip())
            continue
        rest.append(part)
    return localities, rest


def _join_lone_type(parts: list[str]) -> list[str]:
    """«вул, Шкільна»: a part that is a type and nothing else belongs to the next part."""
    joined: list[str] = []
    for place, part in enumerate(parts):
        if joined and place and joined[-1].lower().rstrip(".") in streettypes.FORMS:
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part)
    return joined


def _split_house(parts: list[str]) -> tuple[list[str], str]:
    """The parts without the house, and the house as written ("" when there is none)."""
    if not parts:
        return [], ""
    for place in range(len(parts) - 1, -1, -1):
        found = _HOUSE_MARK.search(parts[place])
        if found:
            tail = [part for part in parts[place + 1 :] if not _REGION.match(part)]
            house = ", ".join([found["house"] or found["no"], *tail])
            before = parts[place][: found.start()].strip(" ,.")
            return [*parts[:place], *([before] if before else [])], house
    for place in range(1, len(parts)):
        if _is_house_like(parts[place]):
            # What follows is a korpus or a letter ("12, корпус 2"), or a settlement ("12, Львів").
            after = parts[place + 1 :]
            places = [part for part in after if _is_word(part)]
            number = [parts[place], *(part for part in after if not _is_word(part))]
            return [*places, *parts[:place]], ", ".join(number)
    found = _HOUSE_AT_END.search(parts[-1])
    if found and found.start() > 0:
        return [*parts[:-1], parts[-1][: found.start("house")].strip(" ,")], found["house"]
    return parts, ""


def _is_house_like(part: str) -> bool:
    return part[0].isdigit() and not re.search(r"[^\W\d_]{3}", _no_korpus(part))


def _is_word(part: str) -> bool:
    return not re.search(r"\d", part) and bool(re.search(r"[^\W\d_]{4}", part))


def _no_korpus(part: str) -> str:
    return re.sub(
        r"корпус|корп|літера|літ|блок|korpus|янв|фев|мар|апр|май|июн|июл|авг|сен|окт|ноя|дек",
        "",
        part,
        flags=re.I,
    )


def _choose_street(parts: list[str]) -> tuple[str, list[str]]:
    """Which part is the street: the one with a type, else the last; the others may be places."""
    if not parts:
        return "", []
    for place in range(len(parts) - 1, -1, -1):
        if parse_street(parts[place]).type:
            return parts[place], parts[:place]
    return parts[-1], parts[:-1]


def _read_house(house_text: str) -> tuple[House | None, str]:
    if not house_text or house_text.lower().strip(" .") in _WITHOUT_NUMBER:
        return None, ""
    readings = latin.house_variants(house_text) if text.is_latin(house_text) else [house_text]
    try:
        return parse_house(readings[0]), ""
    except HouseNumberError as error:
        return None, error.problem


def houses_meant(parsed: ParsedAddress) -> list[House]:
    """All readings of the house: a Latin "42B" may be 42Б or 42В; else the one reading, or none."""
    if parsed.house is None:
        return []
    if not text.is_latin(parsed.house_text):
        return [parsed.house]
    houses: list[House] = []
    for variant in latin.house_variants(parsed.house_text):
        try:
            houses.append(parse_house(variant))
        except HouseNumberError:
            continue
    return list(dict.fromkeys(houses))
