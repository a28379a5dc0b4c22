"""Where BRASes put the subscriber's MAC and Option 82 (pure: no Django).

A source is an attribute, or `Attribute=key` for a pair inside its text (`Cisco-AVPair`). A line of
`Driver.opt82_sources` is "circuit; remote"; a single attribute is a whole Option 82 as the switch
sent it (RFC 3046: sub-options 1 and 2), maybe with its DHCP head. FreeRADIUS is given the same list
(`raddb/policy/identifiers`), so that accounting and the fast path see what the REST group sees.
"""

from collections.abc import Iterable
from typing import NamedTuple

# By these names FreeRADIUS' policy knows them in any case, in this order.
USUAL = (
    "ADSL-Agent-Circuit-Id; ADSL-Agent-Remote-Id",
    "Agent-Circuit-Id; Agent-Remote-Id",
    "Cisco-AVPair=circuit-id-tag; Cisco-AVPair=remote-id-tag",
)
USUAL_MACS = ("Calling-Station-Id", "ERX-Dhcp-Mac-Addr", "Mac-Addr", "User-Name")
OPTION_82, CIRCUIT, REMOTE = 82, 1, 2
VALUE_BYTES_MAX = 253


class Sources(NamedTuple):
    """Beside the usual: what holds a circuit id, a remote id, a whole Option 82, a MAC."""

    circuits: tuple[str, ...] = ()
    remotes: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()
    macs: tuple[str, ...] = ()


NO_MORE = Sources()


class Ids(NamedTuple):
    """Circuit id and remote id as hex digits; "" for what is not there."""

    circuit_hex: str = ""
    remote_hex: str = ""


def merged(
    lines: Iterable[str], *, circuits: Iterable[str] = (), remotes: Iterable[str] = (),
    macs: Iterable[str] = (),
) -> Sources:  # fmt: skip
    """What drivers (lines), rules of Option 82 and drivers (macs) name beside the usual."""
    more_circuits, more_remotes, wholes = [], [], []
    for line in dict.fromkeys(lines):
        if line in USUAL:
            continue
        first, _sep, second = (part.strip() for part in line.partition(";"))
        if second:
            more_circuits.append(first)
            more_remotes.append(second)
        elif first:
            wholes.append(first)
    usual = {part.strip() for line in USUAL for part in line.split(";")}
    return Sources(
        _distinct(one for one in (*more_circuits, *circuits) if one not in usual),
        _distinct(one for one in (*more_remotes, *remotes) if one not in usual),
        _distinct(wholes),
        _distinct(one for one in macs if one not in USUAL_MACS),
    )


def of_option_82(raw_hex: str) -> Ids:
    """Circuit and remote id of a whole Option 82 in hex; nothing where it is torn or none."""
    try:
        raw = bytes.fromhex(raw_hex)[: 2 * VALUE_BYTES_MAX]
    except ValueError:
        return Ids()
    whole = _parts(raw)
    if OPTION_82 in whole:  # DHCP options in their own form: 82 is one of them
        whole = _parts(whole[OPTION_82])
    return Ids(
        whole.get(CIRCUIT, b"")[:VALUE_BYTES_MAX].hex(),
        whole.get(REMOTE, b"")[:VALUE_BYTES_MAX].hex(),
    )


def _parts(raw: bytes) -> dict[int, bytes]:
    """Code, length, value, one after the other; a torn end takes all with it."""
    found: dict[int, bytes] = {}
    place = 0
    while place + 2 <= len(raw):
        code, length = raw[place], raw[place + 1]
        value = raw[place + 2 : place + 2 + length]
        if len(value) != length:
            return {}
        found.setdefault(code, value)
        place += 2 + length
    return found if place == len(raw) else {}


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
