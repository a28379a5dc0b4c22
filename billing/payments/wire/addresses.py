"""Lists of addresses from which a provider may call (pure)."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


class BadNetworkError(ValueError):
    """A text that is no address and no network."""


def network(text: str) -> IPv4Network | IPv6Network:
    """An address or a network in CIDR form. Raises BadNetworkError."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise BadNetworkError(f"no address or network: {text[:60]!r}") from error


@lru_cache(maxsize=256)
def _networks(texts: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(network(text) for text in texts)


def is_allowed(remote: str | None, allowed: Iterable[str]) -> bool:
    """Whether the address is in the list; an empty list allows all, no address is in no list."""
    networks = _networks(tuple(allowed))
    if not networks:
        return True
    if remote is None:
        return False
    try:
        address = ip_address(remote)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in one for one in networks)
