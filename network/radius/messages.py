"""The JSON that rlm_rest of FreeRADIUS sends and reads (pure: no Django).

Request: `{"User-Name": {"type": "string", "value": ["alice"]}, …}`. Reply: every value carries
`"do_xlat": false`, because FreeRADIUS otherwise expands our data as its own language: a password
`100%` would fail, a message `%{control:Cleartext-Password}` would give the password away.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from network.identifiers import hex_from_json, normalised_mac, text_from_json
from network.identity import Identity
from network.vendors.driver import ReplyAttribute

PASSWORD_ATTRIBUTES = (
    "User-Password",
    "CHAP-Password",
    "MS-CHAP-Response",
    "MS-CHAP2-Response",
)
OCTETS = frozenset({"Class"})
ATTRIBUTE_BYTES_MAX = 253
REPLY_MESSAGE_BYTES_MAX = 240


class BadMessageError(ValueError):
    """The body is not what rlm_rest sends."""


@dataclass(frozen=True, slots=True)
class RadiusMessage:
    """The attributes of one RADIUS packet as FreeRADIUS handed them over."""

    attributes: dict[str, list[Any]]

    def text(self, *names: str) -> str:
        """The first of these attributes that is there, as text; else ""."""
        for name in names:
            values = self.attributes.get(name)
            if values:
                return text_from_json(str(values[0]))
        return ""

    def texts(self, name: str) -> list[str]:
        """All values of an attribute as text; octets as the text that they are, if they are one."""
        values = self.attributes.get(name, [])
        if name in OCTETS:
            return [
                bytes.fromhex(hex_from_json(str(one)))
                .decode("utf-8", "replace")
                .replace("\x00", "\ufffd")
                for one in values
            ]
        return [text_from_json(str(one)) for one in values]

    def number(self, name: str) -> int | None:
        """An integer attribute, or None when it is absent or no number."""
        values = self.attributes.get(name)
        if not values:
            return None
        try:
            return int(values[0])
        except (TypeError, ValueError):
            return None

    def hex(self, normalised: str, *raw: str) -> str:
        """Octets as hex: our own attribute, where FreeRADIUS wrote hex, else the raw ones."""
        told = self.text(normalised).lower()
        if told and all(sign in "0123456789abcdef" for sign in told):
            return told[: 2 * ATTRIBUTE_BYTES_MAX]
        for name in raw:
            values = self.attributes.get(name)
            if values:
                return hex_from_json(str(values[0]))[: 2 * ATTRIBUTE_BYTES_MAX]
        return ""

    def has(self, *names: str) -> bool:
        """Whether any of these attributes is there."""
        return any(name in self.attributes for name in names)


def parse(body: bytes) -> RadiusMessage:
    """The message in a request body; BadMessageError when it is not of rlm_rest's shape."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadMessageError("not JSON") from error
    if not isinstance(told, dict):
        raise BadMessageError("not an object")
    attributes: dict[str, list[Any]] = {}
    for name, entry in told.items():
        values = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(values, list):
            attributes[name] = [one for one in values if isinstance(one, str | int | float)]
        elif isinstance(values, str | int | float):
            attributes[name] = [values]
    return RadiusMessage(attributes)


def login_of(message: RadiusMessage) -> str:
    """User-Name as logins are compared: without spaces around, lower case."""
    return message.text("User-Name").strip().lower()[:ATTRIBUTE_BYTES_MAX]


def mac_of(message: RadiusMessage) -> str:
    """The subscriber's MAC from wherever the BRAS puts it."""
    for name in ("Bill-Mac", "Calling-Station-Id", "ERX-Dhcp-Mac-Addr", "Mac-Addr", "User-Name"):
        mac = normalised_mac(message.text(name))
        if mac:
            return mac
    return ""


def circuit_of(message: RadiusMessage) -> str:
    """Agent-Circuit-Id of Option 82 as hex."""
    return message.hex("Bill-Circuit-Id", "ADSL-Agent-Circuit-Id", "Agent-Circuit-Id")


def remote_of(message: RadiusMessage) -> str:
    """Agent-Remote-Id of Option 82 as hex."""
    return message.hex("Bill-Remote-Id", "ADSL-Agent-Remote-Id", "Agent-Remote-Id")


def identity_of(message: RadiusMessage) -> Identity:
    """The factors of an Access-Request."""
    return Identity(
        login=login_of(message),
        mac=mac_of(message),
        circuit_hex=circuit_of(message),
        remote_hex=remote_of(message),
        has_password=message.has(*PASSWORD_ATTRIBUTES),
    )


def value(content: str | int) -> dict[str, Any]:
    """One reply value that FreeRADIUS takes literally."""
    return {"do_xlat": False, "value": content}


def reply(attributes: Iterable[ReplyAttribute]) -> dict[str, Any]:
    """The reply object. Of several values of one attribute all are kept (`+=`)."""
    answer: dict[str, Any] = {}
    for one in attributes:
        known = answer.get(one.name)
        if known is None:
            answer[one.name] = {"op": one.op, **value(one.value)}
        else:
            values = known["value"] if isinstance(known["value"], list) else [known["value"]]
            answer[one.name] = {"op": "+=", "do_xlat": False, "value": [*values, one.value]}
    return answer


def reply_message(text: str) -> dict[str, Any]:
    """A reply with a sentence for the subscriber's device, cut to what fits an attribute."""
    fitting = text.encode("utf-8")[:REPLY_MESSAGE_BYTES_MAX].decode("utf-8", "ignore")
    return {"Reply-Message": value(fitting)}
