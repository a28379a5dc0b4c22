"""Whatever bytes a BRAS puts into a refusal, what is kept of them can be stored and shown."""

from hypothesis import given
from hypothesis import strategies as st

from network.radius.dynauth import WHY_MAX, words


@given(st.lists(st.binary(max_size=253), max_size=8))
def test_any_octets_become_one_line_that_is_printed(told: list[bytes]) -> None:
    line = words(told)
    assert len(line) <= WHY_MAX
    assert line.isprintable()
    assert line.encode("utf-8").decode("utf-8") == line


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), max_size=WHY_MAX))
def test_plain_words_are_kept_as_they_are(text: str) -> None:
    assert words([text.encode()]) == text
