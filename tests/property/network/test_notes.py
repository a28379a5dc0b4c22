"""Notes of authorizations: FreeRADIUS' own text is read back; the hostile is only refused."""

from binascii import b2a_base64

from hypothesis import given
from hypothesis import strategies as st

from network.identifiers import mac_of_station
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


def base64(text: bytes) -> str:
    return b2a_base64(text, newline=False).decode()


@given(
    calling=st.sampled_from([b"", b"AA:BB:CC:00:11:22", b"1:aabb.cc00.1122", b"no station|;=\n"]),
    user=st.binary(max_size=40) | st.just(b"aa-bb-cc-00-11-23"),
    port=st.binary(max_size=40),
    circuit=st.binary(max_size=20),
    remote=st.binary(max_size=20),
    reply=st.text(st.characters(codec="ascii", exclude_characters="\x00"), max_size=40),
)
def test_both_forms_of_an_accept_say_the_same(
    calling: bytes, user: bytes, port: bytes, circuit: bytes, remote: bytes, reply: str
) -> None:
    given_reply = f"Filter-Id = {as_freeradius_prints(reply)}".encode()
    octets = [f"0x{one.hex()}" if one else "" for one in (circuit, remote)]
    raw = (
        f"n2|ACCEPT|fast|1700000000|10.0.0.1|{base64(calling)}|{octets[0]}|{octets[1]}||PAP"
        f"|{base64(user)}|{base64(port)}|7|Ethernet||Framed-User|PPP|{base64(given_reply)}"
    )
    found = (
        f"n1|ACCEPT|fast|1700000000|10.0.0.1|{mac_of_station(calling, user)}|{circuit.hex()}"
        f"|{remote.hex()}||PAP|User-Name=h{user.hex()};Calling-Station-Id=h{calling.hex()}"
        f";NAS-Port-Id=h{port.hex()};NAS-Port=t7;NAS-Port-Type=tEthernet;NAS-IP-Address=t"
        f";Service-Type=tFramed-User;Framed-Protocol=tPPP|{given_reply.hex()}"
    )
    note = parse(raw.encode(), received_at=AT)
    assert note == parse(found.encode(), received_at=AT)
    assert note.attributes["NAS-Port-Type"] == ["Ethernet"]
    assert note.attributes["reply:Filter-Id"] == [reply]


@given(
    st.binary(max_size=300)
    | st.tuples(
        st.sampled_from([b"n1|ACCEPT|", b"n2|ACCEPT|" + b"|" * 15, b"n2|NEVER"]),
        st.binary(max_size=200),
    ).map(b"".join)
)
def test_nothing_hostile_is_more_than_refused(entry: bytes) -> None:
    try:
        note = parse(entry, received_at=AT)
    except BadEntryError:
        return
    assert note.at <= AT


@given(st.text(max_size=60), st.text(max_size=60), st.none() | st.integers(0, 10**17))
def test_what_is_told_of_an_answer_is_short(reason: str, missed: str, service: int | None) -> None:
    assert len(reason_text(reason=reason, missed=missed, subscription_id=service)) < 100
