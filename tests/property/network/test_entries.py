"""Entries of the accounting stream: the short way and the general way say the same; nothing hostile
raises anything but a refusal."""

from base64 import b64encode
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.accounting import OCTETS_MAX, SessionFacts, UselessPacketError, read
from network.entry_facts import echo_of, facts_of
from network.radius.stream_entry import (
    ALONE,
    BASE64,
    PAIRS,
    SHORT_FIELDS,
    STATUSES,
    BadEntryError,
    parse,
)

NOW = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)
HEXED = st.binary(max_size=40).map(bytes.hex) | st.text(max_size=12).map(
    lambda text: text.encode().hex()
)
CLASS = st.sampled_from(["", "s:1:abc", "g:2:7:n", "s:x:y", "s:0:q", "g:1:0:a|b"]).map(
    lambda text: text.encode().hex()
)
NUMBER = st.integers(0, 2**32 - 1).map(str) | st.just("")
ADDRESS = st.sampled_from(["10.9.0.1", "0.0.0.0", "2001:db8::1", "", "300.1.1.1", "10.09.0.1"])
ECHO = st.lists(
    st.sampled_from(
        [
            "Filter-Id=h33303030302f35303030",
            "Huawei-Input-Average-Rate=t50000000",
            "Class=h733a313a61+h+h62",
            "Framed-IPv6-Prefix=t2001:db8::/64",
            "Filter-Id=hzz",
            "=t1",
            "no pair",
            "Class=h00ff",
        ]
    ),
    max_size=4,
).map(";".join)
STATION = st.sampled_from(
    [
        "02:00:00:00:00:01",
        "02-00-AA-00-00-01",
        "1:02:00:00:00:00:01",
        "0102.0000.0000.01",
        "0200.0000.0001",
        "02_00_00_00_00_01",
        "02::00:00:00:00:01",
        "0102000000",
        "port 7",
    ]
)
FIELDS = st.tuples(
    st.just("2"),
    st.sampled_from(["1", "2", "3", "3", "3", "3", "7", "99", ""]),
    st.integers(1, 2**32 - 1).map(str) | st.just("1795650000"),
    ADDRESS,
    HEXED,
    CLASS,
    HEXED,
    st.sampled_from(["", "020000000001", "02000000000", "0200.0000.01"]),
    HEXED | STATION.map(lambda text: text.encode().hex()),
    HEXED,
    HEXED,
    HEXED,
    ADDRESS,
    NUMBER,
    NUMBER,
    NUMBER,
    NUMBER,
    NUMBER,
    NUMBER,
    ECHO,
    st.just("") | HEXED,
)


def form_5(fields: tuple[str, ...]) -> bytes:
    """The same packet as most come: names of the dictionary, text in base64, octets printed behind
    what cannot have their head in it."""
    told = [""] * SHORT_FIELDS
    told[0] = f"5{int(fields[2]):010}{STATUSES.get(fields[1], fields[1])}"
    for place, (plain, octets) in PAIRS.items():
        told[place] = fields[plain] + (f"0x{fields[octets]}" if fields[octets] else "")
    for place, text in BASE64.items():
        told[place] = b64encode(bytes.fromhex(fields[text])).decode()
    for place, plain in ALONE.items():
        told[place] = fields[plain]
    return "|".join(told).encode()


def with_field(fields: tuple[str, ...], place: int, text: str) -> bytes:
    told = form_5(fields).split(b"|")
    told[place] = text.encode()
    return b"|".join(told)


def as_it_came(fields: tuple[str, ...]) -> bytes:
    """Form 2 of the same; the MAC and the whole of Option 82 have no place in form 5."""
    told = list(fields)
    told[7], told[20] = "", ""
    return "|".join(told).encode()


def said(way: object, entry: bytes) -> object:
    try:
        facts = way(entry)  # type: ignore[operator]
    except (BadEntryError, UselessPacketError) as error:
        return type(error)
    told = asdict(facts)
    told.pop("packets", None)
    return told


def general(entry: bytes) -> object:
    message = parse(entry)
    return read(message, received_at=NOW, echo=echo_of(message))


def short(entry: bytes) -> object:
    return facts_of(entry, received_at=NOW)


@given(FIELDS)
def test_both_ways_say_the_same(fields: tuple[str, ...]) -> None:
    entry = form_5(fields)
    assert said(short, entry) == said(general, entry)


@pytest.mark.parametrize("time_s", ["1764111600", "0000000000"])
@pytest.mark.parametrize("high", ["2147483647", "2147483648", "4294967295", "9999999999"])
@pytest.mark.parametrize("place", [7, 9])
def test_counters_beyond_64_bits_are_the_most_in_both(place: int, high: str, time_s: str) -> None:
    """Of a BRAS that is broken; a time that is none is when it was received."""
    told = (
        f"5{time_s}Interim-Update|10.9.0.10x733a313a61|bG9naW4=|MDI6MDA6MDA6MDA6MDA6MDE=|"
        "10.9.0.50x3831|60|9999999999|1|9999999999|2|||"
    ).split("|")
    told[place] = high
    entry = "|".join(told).encode()
    assert said(short, entry) == said(general, entry)
    facts = facts_of(entry, received_at=NOW)
    assert isinstance(facts, SessionFacts)
    assert max(facts.in_octets, facts.out_octets) == OCTETS_MAX


@given(
    FIELDS,
    st.sampled_from(sorted(BASE64)),
    st.sampled_from(["=", "ab", "a.b", "YQ==YQ==", "a"]),
)
def test_what_is_no_base64_is_refused_by_both(
    fields: tuple[str, ...], place: int, text: str
) -> None:
    entry = with_field(fields, place, text)
    assert said(short, entry) is said(general, entry) is BadEntryError


@given(FIELDS, st.sampled_from(sorted(BASE64)))
def test_base64_with_bits_left_over_is_taken_by_both_alike(
    fields: tuple[str, ...], place: int
) -> None:
    entry = with_field(fields, place, "YR==")
    assert said(short, entry) == said(general, entry)
    assert said(short, entry) is not BadEntryError


@given(
    FIELDS,
    st.sampled_from(sorted(PAIRS)),
    st.sampled_from(["0xa", "0xGG", "7x0xA0", "10.0.0.10x00x00", "0x0x00"]),
)
def test_octets_that_are_none_are_refused_by_both(
    fields: tuple[str, ...], place: int, text: str
) -> None:
    entry = with_field(fields, place, text)
    assert said(short, entry) is said(general, entry) is BadEntryError


@given(FIELDS, st.sampled_from(sorted(PAIRS)), st.sampled_from(["0x", "00", "0X00", "0x00", "x00"]))
def test_odd_numbers_before_octets_are_read_by_both_alike(
    fields: tuple[str, ...], place: int, text: str
) -> None:
    entry = with_field(fields, place, text)
    assert said(short, entry) == said(general, entry)


@given(FIELDS)
def test_both_forms_say_the_same(fields: tuple[str, ...]) -> None:
    assert said(short, form_5(fields)) == said(short, as_it_came(fields))


def form_4(fields: tuple[str, ...]) -> bytes:
    told = ["4", STATUSES.get(fields[1], fields[1]), *fields[2:]]
    for place in (4, 6, 8, 11):
        told[place] = b64encode(bytes.fromhex(told[place])).decode()
    for place in (5, 9, 10):
        told[place] = f"0x{told[place]}" if told[place] else ""
    return "|".join(told).encode()


@given(FIELDS)
def test_what_waited_while_geobill_was_updated_says_the_same(fields: tuple[str, ...]) -> None:
    assert said(short, form_4(fields)) == said(short, "|".join(fields).encode())


@given(FIELDS, st.data())
def test_a_line_that_was_torn_is_refused(fields: tuple[str, ...], data: st.DataObject) -> None:
    entry = form_5(fields)
    end = data.draw(st.integers(0, len(entry) - 1))
    assert said(short, entry[:end]) is BadEntryError


def test_the_time_line_has_the_packet_without_what_was_worked_out_of_it() -> None:
    entry = b"51764111600Start|10.9.0.10x733a313a61|YQ==||10.9.0.50x3831|0|0|||||Filter-Id=h6161|"
    facts = facts_of(entry, received_at=NOW)
    assert isinstance(facts, SessionFacts)
    assert "Filter-Id" in facts.echo
    assert facts.packets[0].attributes == {
        "Acct-Status-Type": ["Start"],
        "Bill-Packet-Time": ["1764111600"],
        "Bill-Nas-Src": ["10.9.0.1"],
        "Bill-Class": ["733a313a61"],
        "User-Name": ["a"],
        "Framed-IP-Address": ["10.9.0.5"],
        "Acct-Session-Id": ["81"],
        "Acct-Session-Time": ["0"],
        "Acct-Input-Octets": ["0"],
    }


def test_a_clock_that_was_never_set_loses_no_packet() -> None:
    entry = b"512345Interim-Update|10.9.0.1|YQ==||0x3831|60|1|0|2|0|||"
    facts = facts_of(entry, received_at=NOW)
    assert isinstance(facts, SessionFacts)
    assert (facts.acct_session_id, facts.in_octets, facts.out_octets) == ("81", 1, 2)


@given(
    st.binary(max_size=200)
    | st.binary(max_size=60).map(lambda tail: b"51795650000Interim-Update|" + tail)
)
def test_nothing_hostile_is_more_than_refused(entry: bytes) -> None:
    assert said(short, entry) == said(general, entry)
