"""Identifiers of DHCP Option 82 (RFC 3046) in one form (pure: no Django).

Access equipment sends the circuit id and the remote id as bytes: as text ("eth 0/1/12:100"), as a
bare MAC address, or with a type and a length before either. A RADIUS server hands them on as text
or as "0x<hex>". All of these are brought to one form, so that what an engineer typed is what a
session brings: printable text in lower case with single spaces, a MAC address as twelve hex
digits, anything else as "0x<hex>".
"""

import re

MAX_LENGTH = 128
MAC_BYTES = 6
_HEX = re.compile(r"0x((?:[0-9a-f]{2})+)\Z")
_MAC = re.compile(
    r"(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}\Z"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\Z|[0-9a-f]{12}\Z"
)
_FIELD = re.compile(r"\{(\w*)\}")


class BadIdentifierError(ValueError):
    """The text is too long to be an identifier, or holds what no equipment sends."""


def normalised(text: str) -> str:
    """The one form of a circuit id or remote id; "" for nothing. Raises BadIdentifierError."""
    lowered = " ".join(text.split()).lower()
    if not lowered:
        return ""
    told = _HEX.match(lowered)
    if told:
        return _checked(_of_bytes(bytes.fromhex(told[1])))
    if not lowered.isprintable():
        raise BadIdentifierError(lowered[:40])
    return _checked(_mac_of(lowered) or lowered)


def filled(template: str, *, port: int, name: str = "", remote_id: str = "") -> str:
    """The circuit id that a template gives a port: "eth 0/{port}"; normalised, "" for none.

    Knows {port}, {name} and {remote_id}; raises BadIdentifierError for any other field.
    """
    values = {"port": str(port), "name": name, "remote_id": remote_id}

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise BadIdentifierError(match[0])
        return values[match[1]]

    return normalised(_FIELD.sub(value, template))


def _of_bytes(raw: bytes) -> str:
    if len(raw) > 2 and raw[0] in (0, 1) and raw[1] == len(raw) - 2:
        raw = raw[2:]  # sub-type and length, as switches of several makes put them in front
    if len(raw) == MAC_BYTES and not _is_text(raw):
        return raw.hex()
    if _is_text(raw):
        text = " ".join(raw.decode("ascii").split()).lower()
        return _mac_of(text) or text
    return "0x" + raw.hex()


def _is_text(raw: bytes) -> bool:
    return all(0x20 <= byte < 0x7F for byte in raw) and bool(raw.strip())


def _mac_of(text: str) -> str:
    return re.sub("[^0-9a-f]", "", text) if _MAC.match(text) else ""


def _checked(text: str) -> str:
    if len(text) > MAX_LENGTH:
        raise BadIdentifierError(text[:40])
    return text
