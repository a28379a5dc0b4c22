"""Identifiers of subscriber equipment as RADIUS brings them (pure: no Django).

Sources of the encodings: rlm_rest of FreeRADIUS 3.2.1 sends octets as "0x<hex>", from 3.2.4 on as
one `\\u00XX` a byte; text that is not ASCII comes as one character a byte in both.
"""

import re

_HEX_TEXT = re.compile(r"0x((?:[0-9a-fA-F]{2})*)\Z")
_NOT_HEX = re.compile(r"[^0-9a-f]")
_TYPED_PAIRS = re.compile(r"(?:0x)?(?:[0-9a-f]{2}[: .-]?){2,}\Z", re.IGNORECASE)
MAC_DIGITS = 12
# As `raddb/policy/identifiers` looks for it: in front may stand hardware type 1.
_PAIRS = rb"[^0-9a-f]?".join([rb"([0-9a-f]{2})"] * 6) + rb"$"
_STATION = re.compile(rb"(?:1:|01[:.-]?)?" + _PAIRS, re.IGNORECASE)
_USER = re.compile(_PAIRS, re.IGNORECASE)


def text_from_json(value: str) -> str:
    """A string attribute in right letters: bytes that came one a character are read as UTF-8.

    NUL, which PostgreSQL cannot keep, becomes U+FFFD, as do bytes that are no UTF-8.
    """
    try:
        text = value.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:  # a server that already sends real characters
        text = value.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\x00", "\ufffd")


def hex_from_json(value: str) -> str:
    """An octets attribute as lower-case hex, from either encoding."""
    told = _HEX_TEXT.match(value)
    if told:
        return told[1].lower()
    try:
        return value.encode("latin-1").hex()
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").hex()


def hex_of_typed(text: str) -> str:
    """Hex digits of an id of Option 82 as somebody types it: "0x…", hex pairs, or plain text."""
    typed = text.strip()
    if typed.lower().startswith("0x") or _TYPED_PAIRS.match(typed):
        digits = re.sub(r"[: .-]", "", typed.lower().removeprefix("0x"))
        if len(digits) % 2 == 0 and re.fullmatch("[0-9a-f]*", digits):
            return digits
    return typed.encode("utf-8", "replace").hex()


def normalised_mac(text: str) -> str:
    """Twelve lower-case hex digits, or "" when it is no MAC address.

    Takes every form seen on BRASes: `AA:BB:CC:DD:EE:FF`, `aa-bb-…`, `aabb.ccdd.eeff`, bare digits,
    and the DHCP client id `1:aa:bb:cc:dd:ee:ff` (hardware type 1 in front).
    """
    lowered = text.strip().lower()
    if lowered.startswith("1:"):
        lowered = lowered[2:]
    digits = _NOT_HEX.sub("", lowered)
    if len(digits) == MAC_DIGITS + 2 and digits.startswith("01"):
        digits = digits[2:]
    if len(digits) != MAC_DIGITS or re.search(r"[^0-9a-f:.\- ]", lowered):
        return ""
    return digits


def mac_of_station(calling: bytes, user: bytes) -> str:
    """The MAC in Calling-Station-Id, else in User-Name, or "": what FreeRADIUS finds in them."""
    found = _STATION.match(calling) or _USER.match(user)
    return b"".join(found.groups()).decode().lower() if found else ""
