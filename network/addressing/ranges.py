"""Ranges of addresses as people type them, and as pools keep them (pure: no Django models)."""

import ipaddress
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError

SIZE_MAX = 16_777_216
# What no subscriber's device has as its own: "this network", loopback, link-local, multicast,
# reserved and broadcast (RFC 6890, 2.2).
NO_HOSTS = [
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/3",
        "::/8",
        "fe80::/10",
        "ff00::/8",
    )
]
UNIT_LEAST, UNIT_MOST = 40, 64
HIGH_BITS = 64


class BadRangeError(DomainError):
    """The text is no range of addresses."""

    code = "bad_range"
    message = _("Write a range as 10.0.0.2-10.0.3.254 or a network as 10.0.0.0/22.")


class BadUnitError(DomainError):
    """The length of a prefix that a subscriber gets does not fit the network."""

    code = "bad_unit"
    message = _("A subscriber's prefix is /40 to /64 long and no shorter than the network.")


class NoHostsError(DomainError):
    """Addresses that stand for no device."""

    code = "no_hosts"
    message = _("%(network)s is for no device of a subscriber (RFC 6890).")


class RangeTooLargeError(DomainError):
    """More units than one pool may have."""

    code = "range_too_large"
    message = _("One pool holds at most 16,777,216 addresses or prefixes. Make several pools.")


@dataclass(frozen=True, slots=True)
class Range:
    """A range of units: its ends (both inside), the length of a unit, and its numbers for SQL."""

    first: str
    last: str
    unit_bits: int
    base: int
    size: int


def pool_range(*, text: str, unit_bits: int | None, is_ipv6: bool) -> Range:
    """The range of a pool. IPv4: "10.0.0.2-10.0.3.254" or a network, whose first and last address
    (network and broadcast) are left out; IPv6: a network that is cut into units.

    Raises BadRangeError, BadUnitError, RangeTooLargeError, NoHostsError.
    """
    return _ipv6(text, unit_bits) if is_ipv6 else _ipv4(text)


def refuse_no_hosts(first: str, last: str, *, field: str) -> None:
    """Raises NoHostsError where one of the addresses between two is for no device."""
    low, high = ipaddress.ip_address(first), ipaddress.ip_address(last)
    for network in NO_HOSTS:
        if network.version == low.version and (
            int(network.network_address) <= int(high) and int(low) <= int(network.broadcast_address)
        ):
            raise NoHostsError(
                NoHostsError.message % {"network": network}, field=field, network=str(network)
            )


def ends(text: str) -> tuple[str, str]:
    """The first and the last single address of "a-b", "a/len" or "a"; raises BadRangeError."""
    cleaned = text.strip().replace("–", "-").replace("—", "-")
    try:
        if "-" in cleaned:
            left, right = (ipaddress.ip_address(one.strip()) for one in cleaned.split("-", 1))
        else:
            network = ipaddress.ip_network(cleaned)
            left, right = network.network_address, network.broadcast_address
    except ValueError as error:
        raise BadRangeError(field="range") from error
    has_scope = "%" in cleaned  # fe80::1%eth0: PostgreSQL takes no such address
    if has_scope or left.version != right.version or int(left) > int(right):
        raise BadRangeError(field="range")
    return str(left), str(right)


def _ipv4(text: str) -> Range:
    first, last = (ipaddress.ip_address(one) for one in ends(text))
    if first.version != 4:
        raise BadRangeError(field="range")
    size = int(last) - int(first) + 1
    if "-" not in text and "–" not in text and size > 2:
        first, last, size = first + 1, last - 1, size - 2
    if size > SIZE_MAX:
        raise RangeTooLargeError(field="range")
    refuse_no_hosts(str(first), str(last), field="range")
    return Range(str(first), str(last), 32, int(first), size)


def _ipv6(text: str, unit_bits: int | None) -> Range:
    try:
        network = ipaddress.IPv6Network(text.strip())
    except ValueError as error:
        raise BadRangeError(field="range") from error
    if "%" in text:
        raise BadRangeError(field="range")
    bits = unit_bits or UNIT_MOST
    if not (UNIT_LEAST <= bits <= UNIT_MOST and bits >= network.prefixlen):
        raise BadUnitError(field="unit_bits")
    size = 1 << (bits - network.prefixlen)
    if size > SIZE_MAX:
        raise RangeTooLargeError(field="range")
    high = int(network.network_address) >> HIGH_BITS
    base = high - (1 << HIGH_BITS) if high >= 1 << (HIGH_BITS - 1) else high
    start = int(network.network_address)
    last = start + ((size - 1) << (128 - bits))
    refuse_no_hosts(str(network.network_address), str(network.broadcast_address), field="range")
    return Range(
        f"{ipaddress.IPv6Address(start)}/{bits}",
        f"{ipaddress.IPv6Address(last)}/{bits}",
        bits,
        base,
        size,
    )
