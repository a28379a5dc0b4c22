"""Where MAC and Option 82 are: a whole option is divided, a torn one says nothing."""

from hypothesis import given
from hypothesis import strategies as st

from network.radius.messages import RadiusMessage, identity_of
from network.radius.sources import Ids, Sources, merged, of_option_82
from network.vendors.registry import SHIPPED

PART = st.binary(max_size=100)
EVERY = merged(
    [line for one in SHIPPED.values() for line in one.opt82_sources],
    macs=[name for one in SHIPPED.values() for name in one.mac_sources],
)


def option(code: int, value: bytes) -> bytes:
    return bytes((code, len(value))) + value


@given(PART, PART, st.booleans(), st.integers(1, 300))
def test_a_whole_option_is_divided_and_a_torn_one_is_nothing(
    circuit: bytes, remote: bytes, has_head: bool, torn: int
) -> None:
    whole = option(1, circuit) + option(2, remote)
    if has_head:
        whole = option(53, b"\x01") + option(82, whole)
    assert of_option_82(whole.hex()) == Ids(circuit.hex(), remote.hex())
    part = of_option_82(whole[: max(len(whole) - torn, 0)].hex())
    # Torn where a sub-option ends it is a shorter one; else nothing.
    assert part in {Ids(), Ids(circuit.hex(), "")}


@given(st.text(max_size=40) | st.binary(max_size=300).map(bytes.hex))
def test_nothing_hostile_breaks_it(text: str) -> None:
    found = of_option_82(text)
    assert len(found.circuit_hex) <= 506
    assert len(found.remote_hex) <= 506


def test_what_drivers_name_is_read_in_both_encodings_of_octets() -> None:
    raw = option(1, b"\x00\x04\x00\xff\x8a") + option(2, b"\x00\x06")
    for told in (f"0x{raw.hex()}", raw.decode("latin-1")):
        for name in ("ERX-Dhcp-Option-82", "Huawei-DHCP-Option", "DHCP-Option"):
            message = RadiusMessage(
                {name: [told], "Cisco-AVPair": ["a=b", "client-mac-address=aabb.ccdd.eeff"]}
            )
            found = identity_of(message, EVERY)
            assert (found.circuit_hex, found.remote_hex) == ("000400ff8a", "0006")
            assert found.mac == "aabbccddeeff"
            assert identity_of(message).circuit_hex == ""


def test_what_is_usual_comes_first_and_a_pair_inside_a_text_is_a_source() -> None:
    pairs = RadiusMessage(
        {"Cisco-AVPair": ["circuit-id-tag=eth 0/1", "remote-id-tag=sw-7", "x=y"],
         "NAS-Port-Id": ["ge-0/0/1"], "User-Name": ["aa:bb:cc:00:00:01"],
         "Huawei-User-Mac": ["aa-bb-cc-00-00-02"]}
    )  # fmt: skip
    by_port = Sources(circuits=("NAS-Port-Id",), macs=("Huawei-User-Mac",))
    found = identity_of(pairs, by_port)
    assert bytes.fromhex(found.circuit_hex) == b"eth 0/1"
    assert bytes.fromhex(found.remote_hex) == b"sw-7"
    assert found.mac == "aabbcc000002"
    port_only = RadiusMessage({"NAS-Port-Id": ["ge-0/0/1"]})
    assert bytes.fromhex(identity_of(port_only, by_port).circuit_hex) == b"ge-0/0/1"
