"""The winner of price resolution: a brute-force oracle, and independence of the order of rows."""

from datetime import date, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from billing.tariffs.resolution import PricePlace, RuleFacts, Verdict, climb

ON_DATE = date(2026, 11, 23)
NETWORKS = ["FTTB", "GPON"]
ZONES = [1, 2, 3]
UNITS = [10, 20, 30]
SEGMENTS = ["", "business"]

dates = st.integers(-40, 40).map(lambda days: ON_DATE + timedelta(days=days))


@st.composite
def rules(draw: st.DrawFn) -> list[RuleFacts]:
    """Rules as the database lets them be: no two of one place overlap in time."""
    found: list[RuleFacts] = []
    taken: set[tuple[object, ...]] = set()
    for number in range(draw(st.integers(0, 14))):
        level = draw(st.sampled_from(["ZONE", "LOCALITY", "DEFAULT"]))
        zone = draw(st.sampled_from(ZONES)) if level == "ZONE" else None
        unit = draw(st.sampled_from(UNITS)) if level == "LOCALITY" else None
        network = draw(st.sampled_from(["", *NETWORKS]))
        segment = draw(st.sampled_from(SEGMENTS))
        start, length = draw(dates), draw(st.integers(1, 60))
        place = (level, zone, unit, network, segment)
        days = {(place, start + timedelta(days=n)) for n in range(length)}
        if days & taken:
            continue
        taken |= days
        found.append(
            RuleFacts(
                id=draw(st.integers(1, 10**6)) * 100 + number,
                tariff_id=1,
                level=level,
                zone_id=zone,
                admin_unit_id=unit,
                network_type=network,
                segment=segment,
                price_kopecks=number + 1,
                connection_fee_kopecks=0,
                valid_from=start,
                valid_until=start + timedelta(days=length),
            )
        )
    return found


places = st.builds(
    PricePlace,
    network_type=st.sampled_from(NETWORKS),
    zone_ids_by_network=st.dictionaries(st.sampled_from(NETWORKS), st.sampled_from(ZONES)),
    admin_chain=st.lists(st.sampled_from(UNITS), unique=True).map(tuple),
    segment=st.sampled_from(SEGMENTS),
)


def oracle(all_rules: list[RuleFacts], place: PricePlace) -> int | None:
    """Ask for every possible kind of rule, from the narrowest on; the first that is there wins."""
    zone = place.zone_ids_by_network.get(place.network_type)
    spots: list[tuple[str, int | None]] = [("ZONE", zone)] if zone is not None else []
    spots += [("LOCALITY", unit) for unit in place.admin_chain]
    spots += [("DEFAULT", None)]
    networks = [place.network_type, ""]
    segments = [place.segment, ""] if place.segment else [""]
    for (level, target), network, segment in product(spots, networks, segments):
        for rule in all_rules:
            if (
                rule.level == level
                and (rule.zone_id if level == "ZONE" else rule.admin_unit_id) == target
                and rule.network_type == network
                and rule.segment == segment
                and rule.valid_from is not None
                and rule.valid_until is not None
                and rule.valid_from <= ON_DATE < rule.valid_until
            ):
                return rule.id
    return None


@given(rules(), places)
def test_the_winner_is_the_oracles(all_rules: list[RuleFacts], place: PricePlace) -> None:
    winner, ladder = climb(rules=all_rules, place=place, on_date=ON_DATE)
    assert (winner.id if winner else None) == oracle(all_rules, place)
    assert {rung.rule.id for rung in ladder} == {rule.id for rule in all_rules}
    assert [rung.verdict for rung in ladder].count(Verdict.WON) == (1 if winner else 0)


@given(rules(), places, st.randoms())
def test_the_order_of_rows_does_not_matter(
    all_rules: list[RuleFacts], place: PricePlace, chance: object
) -> None:
    shuffled = list(all_rules)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert climb(rules=shuffled, place=place, on_date=ON_DATE) == climb(
        rules=all_rules, place=place, on_date=ON_DATE
    )


@given(rules(), places)
def test_a_zones_rule_counts_only_for_the_network_it_wins(
    all_rules: list[RuleFacts], place: PricePlace
) -> None:
    winner, _ladder = climb(rules=all_rules, place=place, on_date=ON_DATE)
    if winner is not None and winner.level == "ZONE":
        assert winner.zone_id == place.zone_ids_by_network[place.network_type]
