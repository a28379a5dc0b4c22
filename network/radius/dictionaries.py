"""The RADIUS dictionary: what attributes there are, and whether a value fits one.

Ours (`dictionary`, beside this file) is enough for all that is shipped. Where FreeRADIUS is
installed its dictionaries of access vendors are read too, so that an edited driver may use any of
their attributes. Read once a process.
"""

import functools
import ipaddress
import logging
from pathlib import Path
from typing import NamedTuple

from pyrad.dictionary import Dictionary, ParseError

from network.vendors.driver import ReplyAttribute

OURS = Path(__file__).with_name("dictionary")
FREERADIUS = Path("/usr/share/freeradius")
VENDORS = (
    "rfc2865", "rfc2869", "rfc3162", "rfc4679", "rfc4818", "rfc6911",
    "mikrotik", "cisco", "erx", "huawei", "ericsson.ab", "alcatel.sr", "zte", "wispr",
    "eltex", "h3c", "juniper", "microsoft", "unix",
)  # fmt: skip
OCTETS_MAX = 253
VENDOR_OCTETS_MAX = 247


class Known(NamedTuple):
    """An attribute of the dictionary; `values` are the names of an enumeration."""

    name: str
    kind: str
    vendor: str
    values: tuple[str, ...]
    has_tag: bool = False


@functools.cache
def dictionary() -> Dictionary:
    """Our dictionary, and FreeRADIUS' where it is installed; ours wins."""
    # It tells of each attribute of a type that it does not know; none of those is ours.
    logging.getLogger("pyrad").setLevel(logging.ERROR)
    made = Dictionary()
    for name in VENDORS:
        path = FREERADIUS / f"dictionary.{name}"
        if path.is_file():
            _read(made, path)
    _read(made, OURS)
    return made


def known(name: str) -> Known | None:
    """The attribute of that name (a tag behind it is not looked at), or None."""
    found = dictionary().attributes.get(name.partition(":")[0])
    if found is None:
        return None
    values = tuple(str(one) for one in found.values.forward)
    tagged = bool(found.has_tag)
    return Known(found.name, found.type, str(found.vendor or ""), values, tagged)


def problem(name: str, value: str | int) -> str:
    """Why this value cannot be sent in this attribute; "" when it can. A code for messages."""
    one = known(name)
    if one is None:
        return "UNKNOWN_ATTRIBUTE"
    text = str(value)
    if one.kind in {"integer", "signed", "short", "byte", "integer64", "date"}:
        return _number_problem(one, text)
    if one.kind in {"ipaddr", "ipv6addr", "ipv6prefix", "ipv4prefix"}:
        return _address_problem(one.kind, text)
    most = VENDOR_OCTETS_MAX if one.vendor else OCTETS_MAX
    return "TOO_LONG" if len(text.encode()) > most else ""


def typed(one: ReplyAttribute) -> str | int | bytes:
    """The value as pyrad wants it for the attribute's type."""
    kind = dictionary().attributes[one.name.partition(":")[0]]
    if kind.type in {"integer", "signed", "short", "byte", "integer64", "date"}:
        text = str(one.value)
        return text if kind.values.HasForward(text) else int(text)
    if kind.type == "octets":
        return str(one.value).encode()
    return str(one.value)


def _number_problem(one: Known, text: str) -> str:
    if one.values and text in one.values:
        return ""
    if not (text.isascii() and text.isdigit()):
        return "NOT_A_VALUE" if one.values else "NOT_A_NUMBER"
    highest = {"byte": 2**8, "short": 2**16, "integer64": 2**64}.get(one.kind, 2**32) - 1
    return "TOO_BIG" if int(text) > highest else ""


def _address_problem(kind: str, text: str) -> str:
    try:
        if kind == "ipaddr":
            ipaddress.IPv4Address(text)
        elif kind == "ipv6addr":
            ipaddress.IPv6Address(text)
        else:
            ipaddress.ip_network(text, strict=False)
    except ValueError:
        return "NOT_AN_ADDRESS"
    return ""


def _read(made: Dictionary, path: Path) -> None:
    """One file; a dictionary of a newer form is passed over rather than stop all RADIUS."""
    try:
        made.ReadDictionary(str(path))
    except (ParseError, OSError, ValueError, KeyError):
        if path == OURS:
            raise
