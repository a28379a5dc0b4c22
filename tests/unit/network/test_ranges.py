"""Which texts are a range of addresses for subscribers."""

import pytest

from network.addressing.ranges import NoHostsError, pool_range
from network.addressing.static import parsed


@pytest.mark.parametrize(
    ("text", "ends", "size"),
    [
        ("10.0.0.2-10.0.3.254", ("10.0.0.2", "10.0.3.254"), 1021),
        ("10.0.0.0/22", ("10.0.0.1", "10.0.3.254"), 1022),
        ("100.64.0.0/31", ("100.64.0.0", "100.64.0.1"), 2),
        ("203.0.113.7", ("203.0.113.7", "203.0.113.7"), 1),
        ("1.0.0.0 – 1.0.0.9", ("1.0.0.0", "1.0.0.9"), 10),
        ("223.255.255.255/32", ("223.255.255.255", "223.255.255.255"), 1),
    ],
)
def test_a_range_of_addresses(text: str, ends: tuple[str, str], size: int) -> None:
    found = pool_range(text=text, unit_bits=None, is_ipv6=False)
    assert ((found.first, found.last), found.size) == (ends, size)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("0.0.0.0/32", "0.0.0.0/8"),
        ("127.0.0.1", "127.0.0.0/8"),
        ("126.255.255.250-127.0.0.3", "127.0.0.0/8"),
        ("169.254.1.0/24", "169.254.0.0/16"),
        ("224.0.0.0/24", "224.0.0.0/3"),
        ("223.255.255.0-224.0.0.0", "224.0.0.0/3"),
        ("255.255.255.255", "224.0.0.0/3"),
    ],
)
def test_what_is_for_no_device_is_no_pool_and_nobodys_own(text: str, network: str) -> None:
    with pytest.raises(NoHostsError, match=network):
        pool_range(text=text, unit_bits=None, is_ipv6=False)


@pytest.mark.parametrize("text", ["fe80::/60", "ff02::/64", "::/56", "febf:ffff:ffff:ffff::/64"])
def test_nor_is_a_prefix_that_no_router_carries(text: str) -> None:
    with pytest.raises(NoHostsError) as refusal:
        pool_range(text=text, unit_bits=64, is_ipv6=True)
    assert refusal.value.field == "range"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("IPV4", "255.255.255.255"),
        ("IPV4", "0.0.0.0"),
        ("IPV4", "127.0.0.1"),
        ("IPV6_PREFIX", "fe80::/64"),
    ],
)
def test_an_own_address_is_one_of_a_device(kind: str, text: str) -> None:
    with pytest.raises(NoHostsError) as refusal:
        parsed(text=text, kind=kind)
    assert refusal.value.field == "address"


def test_an_own_address_in_its_usual_form() -> None:
    assert parsed(text=" 10.0.0.5 ", kind="IPV4") == "10.0.0.5"
    assert parsed(text="2001:DB8:0:100::/56", kind="IPV6_PREFIX") == "2001:db8:0:100::/56"
