"""What a BRAS says in its accounting of what it applies: rates, addresses, Class (pure: no Django).

`Session.echo` keeps it by attribute, of the newest packet only: what an older one said proves
nothing of a change that came between. It travels as text: JSON in the form that PostgreSQL gives
jsonb, so that two packets of one second are told apart alike here and there.
"""

import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring

from network.radius.messages import RadiusMessage

# Beside what a driver names (`Driver.echo`): whatever the vendor, these are told where they are.
ALWAYS = (
    "Class",
    "Filter-Id",
    "Framed-IP-Address",
    "Framed-IPv6-Prefix",
    "Framed-Pool",
    "Delegated-IPv6-Prefix",
    "Session-Timeout",
)
# An entry of the stream has the first of each in a field of its own.
IN_ENTRY = ("Class", "Framed-IP-Address")
ATTRIBUTES_MAX = 24
VALUES_MAX = 4
TEXT_MAX = 253
# `Name=value+value;Name=value`; a value is `h` and hex, or `t` and plain signs.
ENTRY_MAX = 4_096
_PAIR = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60})=([0-9A-Za-z.:/+-]*)\Z")


def of_message(message: RadiusMessage, names: Iterable[str]) -> str:
    """What these attributes of a packet say, as stored; "" when none is there."""
    return stored({name: values for name in names if (values := message.texts(name))})


def of_entry(text: str, *, told_class: str = "", framed_ip: str = "") -> str:
    """The same of an entry of the stream (`raddb/policy/echo`), with what stands in fields of its
    own; what is not of its form is left out."""
    if not text and told_class and framed_ip:  # nearly all are so; as `stored` writes it
        pair = f'"Class": {encode_basestring(told_class[:TEXT_MAX])}'
        return f'{{{pair}, "Framed-IP-Address": {encode_basestring(framed_ip[:TEXT_MAX])}}}'
    told = values_of(text)
    for name, value in zip(IN_ENTRY, (told_class, framed_ip), strict=True):
        if value:
            told.setdefault(name, [value])
    return stored(told)


def values_of(text: str) -> dict[str, list[str]]:
    """Values by attribute of such a text, not yet as stored."""
    told: dict[str, list[str]] = {}
    for part in text[:ENTRY_MAX].split(";"):
        match = _PAIR.match(part)
        if match is None:
            continue
        # FreeRADIUS writes places for several values; those that nobody filled are a bare "h".
        values = [value for one in match[2].split("+") if one != "h" and (value := _value(one))]
        if values:
            told[match[1]] = values
    return told


def stored(told: Mapping[str, list[str]]) -> str:
    """Values by attribute as `Session.echo` keeps them: several stand under each other."""
    chosen = sorted(told)  # then by length: how PostgreSQL orders the keys of jsonb
    chosen.sort(key=len)
    lines = {
        name: "\n".join([one[:TEXT_MAX] for one in told[name][:VALUES_MAX]])
        for name in chosen[:ATTRIBUTES_MAX]
    }
    # As `json.dumps(lines, ensure_ascii=False)` writes it, a few times faster.
    pairs = [f"{encode_basestring(name)}: {encode_basestring(one)}" for name, one in lines.items()]
    return "{" + ", ".join(pairs) + "}" if pairs else ""


def _value(text: str) -> str:
    if text.startswith("t"):
        return text[1:]
    try:
        raw = bytes.fromhex(text[1:]) if text.startswith("h") else b""
    except ValueError:
        return ""
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")
