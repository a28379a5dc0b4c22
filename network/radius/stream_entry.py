"""One packet of the accounting stream, as `raddb/policy/accounting.stream` writes it (pure).

`2|status|time|source|session|class|user|mac|calling|circuit|remote|port|address|seconds|in|in high|
out|out high|cause|echo|options`: numbers, addresses, and hex for whatever a BRAS or a subscriber
chose. `echo` is what the BRAS says it applies (`network.radius.echo`), `options` a raw Option 82.
The first field is the version of the form; form 1 ended with the cause, form 4 has status and cause
by name, text in base64 and octets with "0x" in front: lines that waited while Geobill was updated.

Nearly all packets come in form 5, the cheapest that FreeRADIUS can write, for each sign between two
values costs it half as much as a value: `5` time (10 digits) status`|`source class`|`user`|`calling
`|`address session`|`seconds circuit`|`in remote`|`in high port`|`out`|`out high`|`cause`|`echo`|`.
Status and cause are as FreeRADIUS names them, user and calling in base64, and octets begin with
"0x", which no number and no address has in it: so they can stand behind one. The MAC is in what the
BRAS calls the station or the user, if anywhere.
"""

import re
from binascii import a2b_base64
from typing import Any

from network.identifiers import mac_of_station
from network.radius.messages import RadiusMessage

FIELDS = {"1": 19, "2": 21, "4": 21}
ECHO, OPTIONS = 19, 20
SHORT, SHORT_FIELDS = "5", 13
ENTRY_BYTES_MAX = 8192
# Acct-Terminate-Cause of RFC 2866, 5.10.
CAUSES = (
    "User-Request", "Lost-Carrier", "Lost-Service", "Idle-Timeout", "Session-Timeout",
    "Admin-Reset", "Admin-Reboot", "Port-Error", "NAS-Error", "NAS-Request", "NAS-Reboot",
    "Port-Unneeded", "Port-Preempted", "Port-Suspended", "Service-Unavailable", "Callback",
    "User-Error", "Host-Request",
)  # fmt: skip
STATUSES = {
    "1": "Start",
    "2": "Stop",
    "3": "Interim-Update",
    "Alive": "Interim-Update",
    "7": "Accounting-On",
    "8": "Accounting-Off",
}
# Place in the entry → (attribute, how it is written).
MAC, CALLING, USER = 7, 8, 6
# Of form 5: field → the places in form 2 of its head, and of the octets behind it.
PAIRS = {1: (3, 5), 4: (12, 4), 5: (13, 9), 6: (14, 10), 7: (15, 11)}
BASE64, ALONE = {2: USER, 3: CALLING}, {8: 16, 9: 17, 10: 18, 11: ECHO}
# A clock that was never set tells a shorter time.
_HEAD = re.compile(r"5([0-9]{1,10})([0-9A-Za-z-]*)")
_OCTETS = re.compile("0x(?:[0-9a-f]{2})*")
_TEXT = ((4, "Acct-Session-Id"), (6, "User-Name"), (8, "Calling-Station-Id"), (11, "NAS-Port-Id"))
_HEX = ((5, "Bill-Class"), (7, "Bill-Mac"), (9, "Bill-Circuit-Id"), (10, "Bill-Remote-Id"))
_PLAIN = (
    (2, "Bill-Packet-Time"), (3, "Bill-Nas-Src"), (12, "Framed-IP-Address"),
    (13, "Acct-Session-Time"), (14, "Acct-Input-Octets"), (15, "Acct-Input-Gigawords"),
    (16, "Acct-Output-Octets"), (17, "Acct-Output-Gigawords"),
)  # fmt: skip


class BadEntryError(ValueError):
    """The entry is not of our form."""


def parse(entry: bytes) -> RadiusMessage:
    """The packet in an entry; BadEntryError when it is none."""
    parts = _fields(entry)
    told: dict[str, list[Any]] = {"Acct-Status-Type": [STATUSES.get(parts[1], parts[1])]}
    for place, name in (*_PLAIN, *_HEX):
        if parts[place]:
            told[name] = [parts[place]]
    for place, name in _TEXT:
        if parts[place]:
            told[name] = [_bytes_as_signs(parts[place])]
    if not parts[MAC] and (mac := mac_of_station(_bytes(parts[CALLING]), _bytes(parts[USER]))):
        told["Bill-Mac"] = [mac]
    if len(parts) > OPTIONS:
        told["Bill-Echo"] = [parts[ECHO]]
        if parts[OPTIONS]:
            told["Bill-Option82"] = [parts[OPTIONS]]
    if parts[18]:
        told["Acct-Terminate-Cause"] = [_cause(parts[18])]
    return RadiusMessage(told)


def _fields(entry: bytes) -> list[str]:
    """The fields as forms 1 and 2 have them, whatever the form."""
    if len(entry) > ENTRY_BYTES_MAX:
        raise BadEntryError("too long")
    try:
        parts = entry.decode("ascii").split("|")
    except UnicodeDecodeError as error:
        raise BadEntryError("not ASCII") from error
    if parts[0].startswith(SHORT):
        return _as_form_2(parts)
    if len(parts) != FIELDS.get(parts[0]):
        raise BadEntryError("not of this form")
    if parts[0] == "4":
        _to_hex(parts)
    return parts


def bytes_of_base64(text: str) -> bytes:
    """What a value in base64 stands for; BadEntryError when it is none."""
    try:
        return a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise BadEntryError("not base64") from error


def _to_hex(parts: list[str]) -> None:
    """Values of form 4 as form 2 has them."""
    for place, _name in _TEXT:
        parts[place] = bytes_of_base64(parts[place]).hex()
    for place in (5, 9, 10):
        parts[place] = hex_of_octets(parts[place])


def _as_form_2(parts: list[str]) -> list[str]:
    """The fields of form 5 in the places and the words of form 2."""
    head = _HEAD.fullmatch(parts[0])
    if head is None or len(parts) != SHORT_FIELDS or parts[-1]:
        raise BadEntryError("not of this form")
    told = [""] * FIELDS["2"]
    told[0], told[1], told[2] = "2", head[2], head[1]
    for field, (plain, octets) in PAIRS.items():
        told[plain], told[octets] = _apart(parts[field])
    for field, place in BASE64.items():
        told[place] = bytes_of_base64(parts[field]).hex()
    for field, place in ALONE.items():
        told[place] = parts[field]
    return told


def _apart(text: str) -> tuple[str, str]:
    """A number or an address, and the hex of the octets behind it, if there are any."""
    head, sign, digits = text.partition("0x")
    return head, hex_of_octets(sign + digits)


def hex_of_octets(text: str) -> str:
    """`0x…`, as FreeRADIUS prints octets, without its head; BadEntryError when it is none."""
    if text and _OCTETS.fullmatch(text) is None:
        raise BadEntryError("not octets")
    return text[2:]


def _bytes_as_signs(text: str) -> str:
    """One sign a byte, as rlm_rest sends text too."""
    return _bytes(text).decode("latin-1")


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise BadEntryError("not hex") from error


def _cause(text: str) -> str:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return CAUSES[number - 1] if 1 <= number <= len(CAUSES) else text
