"""The JSON that rlm_rest of FreeRADIUS sends and reads (pure: no Django).

Request: `{"User-Name": {"type": "string", "value": ["alice"]}, …}`. Reply: every value carries
`"do_xlat": false`, because FreeRADIUS otherwise expands our data as its own language: a password
`100%` would fail, a message `%{control:Cleartext-Password}` would give the password away.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from network.identifiers import hex_from_json, normalised_mac, text_from_json
from network.identity import Identity
from network.radius.sources import NO_MORE, USUAL, USUAL_MACS, Ids, Sources, of_option_82
from network.vendors.driver import ReplyAttribute

CIRCUITS = [line.partition(";")[0].strip() for line in USUAL]
REMOTES = [line.partition(";")[2].strip() for line in USUAL]

# What proves a password beside User-Password.
# As `bill-mac-re` of FreeRADIUS' policy.
MAC_NAME = re.compile(r"(?:[0-9a-f]{2}[^0-9a-f]?){5}[0-9a-f]{2}", re.IGNORECASE)
PROOF_ATTRIBUTES = (
    "CHAP-Password",
    "MS-CHAP-Response",
    "MS-CHAP2-Response",
    # Nobody can prove it here, but a login that somebody typed is no factor without a proof.
    "EAP-Message",
)
OCTETS = frozenset({"Class"})
# Text that FreeRADIUS may be told to take for octets (`configuration.AS_OCTETS`).
MAYBE_OCTETS = frozenset({"Acct-Session-Id", "NAS-Port-Id"})
ATTRIBUTE_BYTES_MAX = 253
_READ_AS_C = re.compile(r'\\(?=[rnt"\\]|[0-9]{3}|\Z)')
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

    def pair(self, name: str) -> str:
        """The first value of `Attribute`, or of the pair `key=…` inside one of `Attribute=key`."""
        plain, _sep, key = name.partition("=")
        if not key:
            return self.text(plain)
        for value in self.attributes.get(plain, []):
            head, sep, tail = text_from_json(str(value)).partition("=")
            if sep and head == key:
                return tail
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
        if name in MAYBE_OCTETS and isinstance(entry, dict) and entry.get("type") == "octets":
            told_as = [bytes.fromhex(hex_from_json(str(one))) for one in attributes.get(name, [])]
            attributes[name] = [one.decode("latin-1") for one in told_as]
    return RadiusMessage(attributes)


def login_of(message: RadiusMessage) -> str:
    """User-Name as logins are compared: without spaces around, lower case."""
    return message.text("User-Name").strip().lower()[:ATTRIBUTE_BYTES_MAX]


def mac_of(message: RadiusMessage, sources: Sources = NO_MORE) -> str:
    """The subscriber's MAC from wherever the BRAS puts it; the user's name comes last."""
    first, last = USUAL_MACS[:-1], USUAL_MACS[-1:]
    for name in ("Bill-Mac", *first, *sources.macs, *last):
        mac = normalised_mac(message.pair(name))
        if mac:
            return mac
    return ""


def option_82_of(message: RadiusMessage, sources: Sources = NO_MORE) -> Ids:
    """Circuit and remote id as hex, from wherever the BRAS puts them."""
    circuit = _first(message, "Bill-Circuit-Id", [*CIRCUITS, *sources.circuits])
    remote = _first(message, "Bill-Remote-Id", [*REMOTES, *sources.remotes])
    if circuit or remote:
        return Ids(circuit, remote)
    return of_option_82(message.hex("Bill-Option82", *sources.wholes))


def _first(message: RadiusMessage, ours: str, names: Iterable[str]) -> str:
    told = message.hex(ours)
    if told:
        return told
    for name in names:
        plain, _sep, key = name.partition("=")
        found = message.pair(name).encode().hex() if key else message.hex("", plain)
        if found:
            return found[: 2 * ATTRIBUTE_BYTES_MAX]
    return ""


def identity_of(message: RadiusMessage, sources: Sources = NO_MORE) -> Identity:
    """The factors of an Access-Request."""
    ids = option_82_of(message, sources)
    return Identity(
        login=login_of(message),
        mac=mac_of(message, sources),
        circuit_hex=ids.circuit_hex,
        remote_hex=ids.remote_hex,
        has_password=has_password(message),
    )


def has_password(message: RadiusMessage) -> bool:
    """Whether somebody wants to prove a password, in whatever way.

    An empty User-Password is none beside a MAC as the name: RouterOS sends it so with a DHCP lease.
    Any other name was typed, and is no factor without a proof. `bill_has_password` of FreeRADIUS'
    policy says the same."""
    if message.has(*PROOF_ATTRIBUTES):
        return True
    if not message.has("User-Password"):
        return False
    return message.text("User-Password") != "" or not MAC_NAME.fullmatch(message.text("User-Name"))


def value(content: str | int) -> dict[str, Any]:
    """One reply value that FreeRADIUS takes literally."""
    return {"do_xlat": False, "value": _escaped(content)}


def _escaped(content: str | int) -> str | int:
    """FreeRADIUS reads some backslashes of a text as C does, also without an expansion: those are
    doubled."""
    return _READ_AS_C.sub(r"\\\\", content) if isinstance(content, str) else content


def reply(attributes: Iterable[ReplyAttribute]) -> dict[str, Any]:
    """The reply object. Of several values of one attribute all are kept (`+=`)."""
    answer: dict[str, Any] = {}
    for one in attributes:
        known = answer.get(one.name)
        if known is None:
            answer[one.name] = {"op": one.op, **value(one.value)}
        else:
            values = known["value"] if isinstance(known["value"], list) else [known["value"]]
            answer[one.name] = {
                "op": "+=",
                "do_xlat": False,
                "value": [*values, _escaped(one.value)],
            }
    return answer


def reply_message(text: str) -> dict[str, Any]:
    """A reply with a sentence for the subscriber's device, cut to what fits an attribute."""
    fitting = text.encode("utf-8")[:REPLY_MESSAGE_BYTES_MAX].decode("utf-8", "ignore")
    return {"Reply-Message": value(fitting)}
