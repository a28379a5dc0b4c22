"""What rlm_rest sends and reads, in both encodings of octets."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from network.accounting import SessionFacts, UselessPacketError, identity_of_class, read
from network.identifiers import hex_from_json, normalised_mac, text_from_json
from network.radius import messages
from network.vendors.driver import ReplyAttribute

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def packet(**attributes: Any) -> bytes:
    return json.dumps(
        {name.replace("_", "-"): {"type": "string", "value": [v]} for name, v in attributes.items()}
    ).encode()


# As sent by 3.2.1, and as sent by 3.2.9 (captured; raw bytes as one character each).
GOLDEN_321 = (
    rb'{"User-Name":{"type":"string","value":["Alice"]},'
    rb'"User-Password":{"type":"string","value":["secret"]},'
    rb'"NAS-Port":{"type":"integer","value":[15]},'
    rb'"Calling-Station-Id":{"type":"string","value":["AA:BB:CC:DD:EE:FF"]},'
    rb'"ADSL-Agent-Circuit-Id":{"type":"octets","value":["0x7377312065746820302f313a313030"]},'
    rb'"ADSL-Agent-Remote-Id":{"type":"octets","value":["0x000600112233ff8a"]}}'
)
GOLDEN_329 = (
    rb'{"User-Name":{"type":"string","value":["Alice"]},'
    rb'"User-Password":{"type":"string","value":["secret"]},'
    rb'"NAS-Port":{"type":"integer","value":[15]},'
    rb'"Calling-Station-Id":{"type":"string","value":["AA:BB:CC:DD:EE:FF"]},'
    rb'"ADSL-Agent-Circuit-Id":{"type":"octets","value":["sw1 eth 0/1:100"]},'
    rb'"ADSL-Agent-Remote-Id":{"type":"octets","value":'
    rb'["\u0000\u0006\u0000\u0011\"3\u00ff\u008a"]}}'
)


@pytest.mark.parametrize("body", [GOLDEN_321, GOLDEN_329])
def test_both_versions_of_freeradius_name_the_same_subscriber(body: bytes) -> None:
    identity = messages.identity_of(messages.parse(body))
    assert identity.login == "alice"
    assert identity.mac == "aabbccddeeff"
    assert bytes.fromhex(identity.circuit_hex) == b"sw1 eth 0/1:100"
    assert identity.remote_hex == "000600112233ff8a"
    assert identity.has_password


@pytest.mark.parametrize("value", ["0x657468312fd197", "eth1/\\u00d1\\u0097"])
def test_text_that_freeradius_takes_for_octets_is_text(value: str) -> None:
    body = f'{{"NAS-Port-Id":{{"type":"octets","value":["{value}"]}}}}'
    assert messages.parse(body.encode()).text("NAS-Port-Id") == "eth1/ї"


@pytest.mark.parametrize(
    ("told", "proves"),
    [
        ({}, False),
        ({"User_Password": "", "User_Name": "AA:BB:CC:00:00:01"}, False),
        ({"User_Password": "", "User_Name": "aabbcc000001"}, False),
        ({"User_Password": "", "User_Name": "aabbcc0000012"}, True),
        ({"User_Password": "", "User_Name": "taras"}, True),
        ({"User_Password": ""}, False),
        ({"User_Password": " "}, True),
        ({"User_Password": "", "CHAP_Password": "0x01"}, True),
        ({"EAP_Message": "0x02"}, True),
    ],
)
def test_an_empty_password_is_none_but_of_a_login_that_was_typed(
    told: dict[str, str], proves: bool
) -> None:
    message = messages.parse(packet(**{"User_Name": "02:00:00:00:00:01", **told}))
    assert messages.identity_of(message).has_password is proves


def test_our_own_hex_attribute_wins_over_the_raw_octets() -> None:
    message = messages.parse(
        b'{"Bill-Circuit-Id":{"type":"string","value":["ABCD"]},'
        b'"ADSL-Agent-Circuit-Id":{"type":"octets","value":["0x00"]}}'
    )
    assert messages.option_82_of(message).circuit_hex == "abcd"


@given(st.binary(max_size=253))
def test_octets_read_the_same_from_either_encoding(octets: bytes) -> None:
    assert hex_from_json("0x" + octets.hex()) == octets.hex()
    if not octets.startswith(b"0x"):
        assert hex_from_json(octets.decode("latin-1")) == octets.hex()


@given(st.text(max_size=60))
def test_text_survives_one_character_a_byte(text: str) -> None:
    mangled = text.encode("utf-8", "replace").decode("latin-1")
    expected = text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\ufffd")
    assert text_from_json(mangled) == expected


@pytest.mark.parametrize(
    ("written", "mac"),
    [
        ("AA:BB:CC:DD:EE:FF", "aabbccddeeff"),
        ("aa-bb-cc-dd-ee-ff", "aabbccddeeff"),
        ("aabb.ccdd.eeff", "aabbccddeeff"),
        ("aabb-ccdd-eeff", "aabbccddeeff"),
        ("AABBCCDDEEFF", "aabbccddeeff"),
        ("1:aa:bb:cc:dd:ee:ff", "aabbccddeeff"),
        ("01:aa:bb:cc:dd:ee:ff", "aabbccddeeff"),
        ("", ""),
        ("380501234567", "380501234567"),
        ("aa:bb:cc:dd:ee", ""),
        ("aa:bb:cc:dd:ee:fg", ""),
        ("'; DROP TABLE x; --", ""),
    ],
)
def test_mac_in_every_form_that_brases_use(written: str, mac: str) -> None:
    assert normalised_mac(written) == mac


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused_with_one_kind_of_error(body: bytes) -> None:
    with contextlib.suppress(messages.BadMessageError):
        messages.identity_of(messages.parse(body))


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b"{", b"[" * 100_000])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(messages.BadMessageError):
        messages.parse(body)


def test_every_value_of_a_reply_forbids_expansion() -> None:
    told = messages.reply(
        [
            ReplyAttribute("Class", ":=", "s:1:%{User-Name}"),
            ReplyAttribute("Cisco-AVPair", ":=", "a=1"),
            ReplyAttribute("Cisco-AVPair", ":=", "b=2"),
        ]
    )
    assert told["Class"] == {"op": ":=", "do_xlat": False, "value": "s:1:%{User-Name}"}
    assert told["Cisco-AVPair"] == {"op": "+=", "do_xlat": False, "value": ["a=1", "b=2"]}


def test_a_reply_message_fits_its_attribute_and_stays_text() -> None:
    value = messages.reply_message("ї" * 300)["Reply-Message"]["value"]
    assert len(value.encode()) <= 253
    assert set(value) == {"ї"}


def start(**more: Any) -> bytes:
    return packet(
        Acct_Status_Type="Start",
        Acct_Session_Id="81a",
        Bill_Nas_Src="10.0.0.1",
        Bill_Class=b"s:7:abcd".hex(),
        **more,
    )


def session(body: bytes) -> SessionFacts:
    told = read(messages.parse(body), received_at=AT)
    assert isinstance(told, SessionFacts)
    return told


def test_gigawords_make_64_bit_counters() -> None:
    told = session(
        start(
            Acct_Input_Octets=5,
            Acct_Input_Gigawords=2,
            Acct_Output_Octets=4_294_967_295,
            Acct_Output_Gigawords=1_000_000,
        )
    )
    assert told.in_octets == 2 * 2**32 + 5
    assert told.out_octets == 1_000_000 * 2**32 + 4_294_967_295


def test_counters_beyond_the_database_are_held_at_its_limit() -> None:
    told = session(start(Acct_Input_Gigawords=4_294_967_295, Acct_Input_Octets=-4))
    assert told.in_octets == 2**63 - 1


def test_one_session_whatever_the_user_name_and_the_encoding_of_class() -> None:
    hexed = session(start(User_Name="alice"))
    raw = session(
        packet(
            Acct_Status_Type="Stop",
            Acct_Session_Id="81a",
            Bill_Nas_Src="10.0.0.1",
            Class="0x" + b"s:7:abcd".hex(),
        )
    )
    assert hexed.unique_id == raw.unique_id
    assert (raw.subscription_id, raw.is_stopped) == (7, True)


def test_the_time_is_that_of_our_server_and_never_in_the_future() -> None:
    past = int(AT.timestamp()) - 600
    assert session(start(Bill_Packet_Time=past)).last_seen_at == datetime.fromtimestamp(past, UTC)
    assert session(start(Bill_Packet_Time=2**40)).last_seen_at == AT
    assert session(start(Bill_Packet_Time=int(AT.timestamp()) + 9999)).last_seen_at == AT


@pytest.mark.parametrize(
    ("told_class", "expected"),
    [
        ("s:12:abcd", (12, False)),
        ("g:3:12:abcd", (12, True)),
        ("g:3:0:abcd", (None, True)),
        ("g:12:abcd", (None, False)),
        ("s::x", (None, False)),
        ("s:-1:x", (None, False)),
        ("s:١٢:x", (None, False)),
        ("s:" + "9" * 40, (None, False)),
        ("x:12:abcd", (None, False)),
        ("", (None, False)),
    ],
)
def test_the_service_in_class_is_believed_only_as_a_number(
    told_class: str, expected: tuple[int | None, bool]
) -> None:
    assert identity_of_class(told_class)[:2] == expected


@pytest.mark.parametrize(
    "body", [packet(), packet(Acct_Status_Type="Start"), packet(Acct_Status_Type="Nonsense")]
)
def test_a_packet_that_says_nothing_is_useless(body: bytes) -> None:
    with pytest.raises(UselessPacketError):
        read(messages.parse(body), received_at=AT)


def test_a_login_that_was_typed_for_eap_is_no_factor_without_a_proof() -> None:
    body = json.dumps(
        {
            "User-Name": {"type": "string", "value": ["gb1"]},
            "EAP-Message": {"type": "octets", "value": ["0x0201000801676231"]},
        }
    ).encode()
    assert messages.identity_of(messages.parse(body)).has_password
