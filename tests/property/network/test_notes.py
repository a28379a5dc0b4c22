"""Notes of authorizations: FreeRADIUS' own text is read back; the hostile is only refused."""

from hypothesis import given
from hypothesis import strategies as st

from network.radius.note_entry import pairs, parse, reason_text
from network.radius.stream_entry import BadEntryError
from tests.support.services import AT

NAMES = st.sampled_from(["Reply-Message", "Class", "ERX-Service-Activate:1", "Filter-Id"])


def as_freeradius_prints(text: str) -> str:
    made = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + made.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


@given(st.lists(st.tuples(NAMES, st.text(max_size=20)), max_size=6), st.integers(0, 30))
def test_a_list_is_read_back_and_a_torn_end_is_left_out(
    told: list[tuple[str, str]], torn: int
) -> None:
    told = [(name, text.replace("\x00", "")) for name, text in told]
    text = ", ".join(f"{name} = {as_freeradius_prints(value)}" for name, value in told)
    expected: dict[str, list[str]] = {}
    for name, value in told:
        expected.setdefault(name, []).append(value)
    assert pairs(text) == expected
    for name, values in pairs(text[: max(len(text) - torn, 0)]).items():
        assert set(values) <= set(expected[name])


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda tail: b"n1|ACCEPT|" + tail))
def test_nothing_hostile_is_more_than_refused(entry: bytes) -> None:
    try:
        note = parse(entry, received_at=AT)
    except BadEntryError:
        return
    assert note.at <= AT


@given(st.text(max_size=60), st.text(max_size=60), st.none() | st.integers(0, 10**17))
def test_what_is_told_of_an_answer_is_short(reason: str, missed: str, service: int | None) -> None:
    assert len(reason_text(reason=reason, missed=missed, subscription_id=service)) < 100
