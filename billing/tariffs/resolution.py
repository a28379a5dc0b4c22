"""Which price rule applies at a place (pure: no Django, no database, no clock).

Zone beats administrative unit beats default; a deeper unit beats a wider one. Inside a level an
explicit network type beats none, then an explicit segment, then the newest start. A zone's rule
counts only where the zone is the winning zone of the *requested* network type. No rule: not sold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

LEVEL_RANK = {"ZONE": 2, "LOCALITY": 1, "DEFAULT": 0}


class Verdict(StrEnum):
    """Why a candidate won or lost."""

    WON = "WON"
    NOT_IN_FORCE = "NOT_IN_FORCE"
    OTHER_NETWORK = "OTHER_NETWORK"
    OTHER_ZONE = "OTHER_ZONE"
    OTHER_PLACE = "OTHER_PLACE"
    OTHER_SEGMENT = "OTHER_SEGMENT"
    WIDER_LEVEL = "WIDER_LEVEL"
    WIDER_UNIT = "WIDER_UNIT"
    ANY_NETWORK = "ANY_NETWORK"
    ANY_SEGMENT = "ANY_SEGMENT"
    OLDER = "OLDER"


@dataclass(frozen=True, slots=True)
class PricePlace:
    """A place as prices see it.

    `zone_ids_by_network`: the winning zone of each network type there. `admin_chain`: ids of the
    administrative units, deepest first. `segment` is the client's ("" for an ordinary one).
    """

    network_type: str
    zone_ids_by_network: Mapping[str, int] = field(default_factory=dict)
    admin_chain: tuple[int, ...] = ()
    segment: str = ""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A price rule as stored; `valid` is half-open, `None` is without an end."""

    id: int
    tariff_id: int
    level: str
    zone_id: int | None
    admin_unit_id: int | None
    network_type: str
    segment: str
    price_kopecks: int
    connection_fee_kopecks: int
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class Rung:
    """One candidate of the ladder and why it won or lost."""

    rule: RuleFacts
    verdict: Verdict


def mismatch(*, rule: RuleFacts, place: PricePlace, on_date: date) -> Verdict | None:
    """Why the rule cannot apply at this place on this date at all, or None when it can."""
    if (rule.valid_from is not None and on_date < rule.valid_from) or (
        rule.valid_until is not None and on_date >= rule.valid_until
    ):
        return Verdict.NOT_IN_FORCE
    if rule.network_type and rule.network_type != place.network_type:
        return Verdict.OTHER_NETWORK
    if rule.level == "ZONE" and rule.zone_id != place.zone_ids_by_network.get(place.network_type):
        return Verdict.OTHER_ZONE
    if rule.level == "LOCALITY" and rule.admin_unit_id not in place.admin_chain:
        return Verdict.OTHER_PLACE
    if rule.segment and rule.segment != place.segment:
        return Verdict.OTHER_SEGMENT
    return None


def rank(*, rule: RuleFacts, place: PricePlace) -> tuple[int, int, bool, bool, date, int]:
    """Greater wins. The id only makes the order total; the database allows no real tie."""
    depth = 0
    if rule.level == "LOCALITY" and rule.admin_unit_id is not None:
        depth = -place.admin_chain.index(rule.admin_unit_id)
    return (
        LEVEL_RANK[rule.level],
        depth,
        bool(rule.network_type),
        bool(rule.segment),
        rule.valid_from or date.min,
        rule.id,
    )


_LOST_AT = (
    Verdict.WIDER_LEVEL,
    Verdict.WIDER_UNIT,
    Verdict.ANY_NETWORK,
    Verdict.ANY_SEGMENT,
    Verdict.OLDER,
    Verdict.OLDER,
)


def climb(
    *, rules: Iterable[RuleFacts], place: PricePlace, on_date: date
) -> tuple[RuleFacts | None, tuple[Rung, ...]]:
    """The winning rule, or None, and the ladder: best first, then those that cannot apply."""
    able: list[RuleFacts] = []
    unable: list[Rung] = []
    for rule in rules:
        verdict = mismatch(rule=rule, place=place, on_date=on_date)
        if verdict is None:
            able.append(rule)
        else:
            unable.append(Rung(rule=rule, verdict=verdict))
    able.sort(key=lambda rule: rank(rule=rule, place=place), reverse=True)
    unable.sort(key=lambda rung: (-LEVEL_RANK[rung.rule.level], rung.rule.id))
    if not able:
        return None, tuple(unable)
    winner = able[0]
    best = rank(rule=winner, place=place)
    ladder = [Rung(rule=winner, verdict=Verdict.WON)]
    for rule in able[1:]:
        own = rank(rule=rule, place=place)
        lost_at = next(i for i, (a, b) in enumerate(zip(best, own, strict=True)) if a != b)
        ladder.append(Rung(rule=rule, verdict=_LOST_AT[lost_at]))
    return winner, tuple(ladder + unable)
