"""How near two spellings of one address are, and how well a file of known pairs is recognised."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum

from coverage.addresses.parse import ParsedAddress, parse_address
from coverage.addresses.street import StreetName
from coverage.addresses.text import fold

FUZZY_LEAST = 0.75


class Nearness(StrEnum):
    """How two spellings meet, the strictest first. Only EQUAL may be accepted without asking."""

    EQUAL = "EQUAL"
    SAME_KEY = "SAME_KEY"
    NEAR = "NEAR"
    DIFFERENT = "DIFFERENT"


def name_similarity(left: StreetName, right: StreetName) -> float:
    """0 to 1: how alike two names are, whatever the order of words, initials and ranks."""
    return text_similarity(left.search_key, right.search_key)


def text_similarity(left: str, right: str) -> float:
    """0 to 1 for two search keys; the words that both have count fully (token-set comparison)."""
    first, second = set(fold(left).split()), set(fold(right).split())
    if not first or not second:
        return 0.0
    shared = first & second
    if shared and shared in (first, second):
        return max(0.9, _ratio(" ".join(sorted(first)), " ".join(sorted(second))))
    return _ratio(" ".join(sorted(first)), " ".join(sorted(second)))


def compare(left: ParsedAddress, right: ParsedAddress) -> Nearness:
    """How two addresses of one settlement meet; the house number must be equal for all but NEAR."""
    if left.canonical == right.canonical:
        return Nearness.EQUAL
    same_house = left.canonical[2] == right.canonical[2]
    if same_house and left.street.search_key == right.street.search_key:
        return Nearness.SAME_KEY
    if name_similarity(left.street, right.street) >= FUZZY_LEAST:
        return Nearness.NEAR
    return Nearness.DIFFERENT


@dataclass(slots=True)
class PairMeasure:
    """What `measure_pairs` counted; `merged_names` are the spellings that became one."""

    pairs: int = 0
    equal_raw: int = 0
    counts: dict[Nearness, int] = field(default_factory=lambda: dict.fromkeys(Nearness, 0))
    name_equal: int = 0
    house_unread: int = 0
    merged_names: set[tuple[str, str]] = field(default_factory=set)

    @property
    def equal_share(self) -> float:
        """Share of pairs with equal canonical forms: type, name, house."""
        return self.counts[Nearness.EQUAL] / self.pairs if self.pairs else 0.0

    @property
    def street_share(self) -> float:
        """Share of pairs whose street is at least near, whatever the house."""
        near = self.pairs - self.counts[Nearness.DIFFERENT]
        return near / self.pairs if self.pairs else 0.0


def measure_pairs(pairs: Iterable[tuple[str, str]]) -> PairMeasure:
    """Compare pairs of spellings of the same address, e.g. from two registers."""
    measure = PairMeasure()
    for left_text, right_text in pairs:
        left, right = parse_address(left_text), parse_address(right_text)
        nearness = compare(left, right)
        measure.pairs += 1
        measure.equal_raw += left_text == right_text
        measure.counts[nearness] += 1
        measure.name_equal += left.street.name_norm == right.street.name_norm
        measure.house_unread += bool(left.house_problem or right.house_problem)
        names = sorted({left.street.name.lower(), right.street.name.lower()})
        if nearness is Nearness.EQUAL and len(names) == 2:
            measure.merged_names.add((names[0], names[1]))
    return measure


def _ratio(left: str, right: str) -> float:
    return SequenceMatcher(None, left, right, autojunk=False).ratio()
