"""Laws of the address reader."""

from hypothesis import assume, given
from hypothesis import strategies as st

from coverage.addresses import House, parse_address, parse_house
from coverage.addresses.house import LETTERS
from coverage.addresses.street import normalise_name, parse_street
from coverage.addresses.streettypes import FORMS
from coverage.addresses.text import clean

letters = st.sampled_from(["", *"АБВГҐДЕЄЖЗИІЇК"])
houses = st.builds(
    House,
    number_int=st.integers(1, 99_999),
    letter=letters,
    fraction=st.one_of(st.just(""), st.integers(1, 999).map(str)),
    korpus=st.one_of(st.just(""), st.integers(1, 99).map(str)),
)
words = st.text(alphabet=LETTERS.lower().replace("ы", "").replace("ъ", ""), min_size=3, max_size=9)


@given(houses)
def test_a_canonical_number_reads_back_as_itself(house: House) -> None:
    assert parse_house(house.canonical) == house


@given(houses, houses)
def test_the_order_of_houses_is_first_of_all_that_of_their_numbers(a: House, b: House) -> None:
    if a.number_int != b.number_int:
        assert (a.number_sort < b.number_sort) == (a.number_int < b.number_int)
    if a.canonical != b.canonical:
        assert a.number_sort != b.number_sort


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_error(text: str) -> None:
    parsed = parse_address(text)
    assert parsed.house is None or parse_house(parsed.house.canonical) == parsed.house
    assert clean(clean(text)) == clean(text)


@given(st.lists(words, min_size=1, max_size=4), st.randoms())
def test_the_order_of_words_does_not_change_a_name(name: list[str], random: object) -> None:
    shuffled = list(name)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert normalise_name(" ".join(name)) == normalise_name(" ".join(shuffled))


@given(words, st.sampled_from(["вулиця", "провулок", "проспект", "бульвар"]))
def test_the_type_may_stand_before_or_after(name: str, street_type: str) -> None:
    assume(name not in FORMS)
    before, after = parse_street(f"{street_type} {name}"), parse_street(f"{name} {street_type}")
    assert (before.type, before.name_norm) == (after.type, after.name_norm)
