"""What FreeRADIUS tells of an authorization after it was answered (pure: no Django).

`n1|outcome|source|time|nas|mac|circuit|remote|reason|proof|request|reply`, as `raddb/policy/notes`
writes it: into the accounting stream, or to `/radius/post-auth`. `request` are pairs as in
`network.radius.echo`; `reply` is FreeRADIUS' own text of the attributes, in hex. Passwords are
never part of it: `proof` names only the way they were proven.

`n2|outcome|source|time|nas|calling|circuit|remote|reason|proof|user|port|…|reply`, as
`raddb/policy/telling.stream` writes nearly all accepts, is the same as the packet had it: text and
`reply` in base64, octets with "0x" in front, then the attributes of `PLAIN` as they are printed.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from network.identifiers import mac_of_station
from network.identity import Identity
from network.radius import echo
from network.radius.stream_entry import BadEntryError, bytes_of_base64, hex_of_octets

FORMS = (b"n1|", b"n2|")
FIELDS = {"n1": 12, "n2": 18}
# Of form n2: where its text in base64 is, and what follows it as FreeRADIUS prints it.
CALLING, USER, PORT, REPLY = 5, 10, 11, 17
PLAIN = ("NAS-Port", "NAS-Port-Type", "NAS-IP-Address", "Service-Type", "Framed-Protocol")
ENTRY_BYTES_MAX = 8_192
REPLY_MAX = 500  # as raddb/policy/notes cuts it
SECONDS_MAX = 2**32 - 1
REASON = re.compile(r"([A-Z_]{1,32})/([A-Z,]{0,40})/([0-9]{0,18})\Z")
_PAIR = re.compile(
    r'([A-Za-z][A-Za-z0-9-]*(?::[0-9]{1,2})?) [:+]?= ("(?:[^"\\]|\\.)*"|[^,"]+)(?:, |\Z)', re.S
)
_ESCAPED = re.compile(r"\\(?:([0-7]{3})|(.))", re.S)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
# Of FreeRADIUS itself, not of the packet.
_INNER = ("REST-", "Bill-", "Tmp-")
MASK = "***"
PROOFS = {"PAP": "User-Password", "CHAP": "CHAP-Password", "MS-CHAP": "MS-CHAP-Response"}


class Outcome(StrEnum):
    """What the BRAS was answered.

    REPORTED: refused, as Geobill said, which wrote it down itself. REFUSED: the database said so
    while Geobill was away.
    """

    ACCEPT = "ACCEPT"
    WRONG_PASSWORD = "WRONG_PASSWORD"  # noqa: S105
    REFUSED = "REFUSED"
    REPORTED = "REPORTED"


@dataclass(frozen=True, slots=True)
class Note:
    """One authorization that was answered. `source`: who decided (rest, fast, cache, standby, "").

    `reason`, `missed`, `subscription_id` are what Geobill said of it, if it was asked.
    """

    outcome: Outcome
    source: str
    at: datetime
    nas_address: str
    identity: Identity
    told_class: str
    attributes: dict[str, Any]
    reason: str = ""
    missed: str = ""
    subscription_id: int | None = None


def parse(entry: bytes, *, received_at: datetime) -> Note:
    """The note in an entry; BadEntryError when it is none. Its time is never from the future."""
    if len(entry) > ENTRY_BYTES_MAX or not entry.startswith(FORMS):
        raise BadEntryError("not a note")
    parts = entry.decode("ascii", "replace").split("|")
    if len(parts) != FIELDS[parts[0]] or parts[1] not in set(Outcome):
        raise BadEntryError("not of this form")
    if parts[0] == "n2":
        parts = _as_n1(parts)
    time_s = int(parts[3]) if parts[3].isascii() and parts[3].isdigit() else 0
    at = received_at
    if 0 < time_s <= SECONDS_MAX:
        at = min(datetime.fromtimestamp(time_s, tz=UTC), received_at)
    told = echo.values_of(parts[10])
    # Of a refusal nothing of it reached the subscriber.
    reply = _reply(parts[11]) if parts[1] == Outcome.ACCEPT else {}
    attributes: dict[str, Any] = dict(told)
    if parts[9] in PROOFS:
        attributes[PROOFS[parts[9]]] = MASK
    for place, name in ((6, "Agent-Circuit-Id"), (7, "Agent-Remote-Id")):
        if parts[place]:
            attributes[name] = f"0x{parts[place]}"
    attributes |= {f"reply:{name}": values for name, values in reply.items()}
    login = (told.get("User-Name") or [""])[0].strip().lower()
    reason, missed, service = _reason(parts[8])
    return Note(
        outcome=Outcome(parts[1]),
        source=parts[2][:8],
        at=at,
        nas_address=parts[4],
        identity=Identity(
            login[:253], parts[5][:12], parts[6][:506], parts[7][:506], bool(parts[9])
        ),
        told_class=(reply.get("Class") or [""])[0],
        attributes=attributes,
        reason=reason,
        missed=missed,
        subscription_id=service,
    )


def _as_n1(parts: list[str]) -> list[str]:
    """Form n2 as n1 has it; BadEntryError when a value is not of its form."""
    texts = {place: bytes_of_base64(parts[place]) for place in (CALLING, USER, PORT, REPLY)}
    pairs_told = [
        f"{name}=h{texts[place].hex()}"
        for name, place in (
            ("User-Name", USER), ("Calling-Station-Id", CALLING), ("NAS-Port-Id", PORT),
        )
    ]  # fmt: skip
    pairs_told += [
        f"{name}=t{told}" for name, told in zip(PLAIN, parts[PORT + 1 : REPLY], strict=True) if told
    ]
    octets = [hex_of_octets(parts[place]) for place in (6, 7)]
    mac = mac_of_station(texts[CALLING], texts[USER])
    return [
        *parts[:5], mac, *octets, parts[8], parts[9], ";".join(pairs_told), texts[REPLY].hex(),
    ]  # fmt: skip


def reason_text(*, reason: str, missed: str, subscription_id: int | None) -> str:
    """What Geobill says of its answer, so that it comes back in the note (`Bill-Reason`)."""
    return f"{reason[:32]}/{missed[:40]}/{subscription_id or ''}"


def pairs(text: str) -> dict[str, list[str]]:
    """FreeRADIUS' text of a list: `Name = "text", Name = 5, …`; a torn end is left out."""
    found: dict[str, list[str]] = {}
    for match in _PAIR.finditer(text):
        name, value = match[1], match[2]
        if value.startswith('"'):
            value = _ESCAPED.sub(lambda one: _sign(one[1], one[2]), value[1:-1])
        found.setdefault(name, []).append(value.replace("\x00", "\ufffd"))
    return found


def _sign(octal: str | None, letter: str | None) -> str:
    return chr(int(octal, 8)) if octal else _PLAIN.get(letter or "", letter or "")


def _reply(hexed: str) -> dict[str, list[str]]:
    try:
        text = bytes.fromhex(hexed).decode("utf-8", "replace")
    except ValueError as error:
        raise BadEntryError("the reply is not hex") from error
    if len(text) >= REPLY_MAX:  # cut there: the last value may be a part of itself
        text = text.rpartition(", ")[0]
    found = {name: told for name, told in pairs(text).items() if not name.startswith(_INNER)}
    if "Class" in found:
        found["Class"] = [_class(one) for one in found["Class"]]
    return found


def _class(text: str) -> str:
    """`0x733a…` → "s:…"."""
    try:
        return bytes.fromhex(text.removeprefix("0x")).decode("utf-8", "replace")
    except ValueError:
        return text


def _reason(text: str) -> tuple[str, str, int | None]:
    match = REASON.match(text)
    if match is None:
        return "", "", None
    return match[1], match[2], int(match[3]) if match[3] else None
