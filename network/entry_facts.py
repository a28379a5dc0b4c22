"""From an entry of the accounting stream to a statement about a session (pure: no Django).

Nearly all entries are interim updates in one plain form, and a worker's speed is that of reading
them. `facts_of` reads those by themselves and gives the rest to the general way; a test holds that
both say the same.
"""

import re
import socket
from binascii import a2b_base64
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import md5
from typing import Any

from network.accounting import (
    OCTETS_MAX,
    SECONDS_MAX,
    Boot,
    SessionFacts,
    class_text,
    identity_of_class,
    read,
)
from network.identifiers import mac_of_station
from network.radius import echo
from network.radius.messages import RadiusMessage
from network.radius.stream_entry import parse

_ENTRY_CHARS_MAX = 3_000
_TEXT, _OCTETS = "([0-9A-Za-z+/]*=*)", "(?:0x((?:[0-9a-f]{2})*))?"
_NUMBER, _IPV4 = "([0-9]{1,10})", r"([0-9]{1,3}(?:\.[0-9]{1,3}){3})"
# Everything that the plain form says, in the order of stream_entry.
_PLAIN = re.compile(
    rf"5([1-9][0-9]{{9}})Interim-Update\|{_IPV4}{_OCTETS}\|{_TEXT}\|{_TEXT}\|{_IPV4}?{_OCTETS}"
    rf"\|([0-9]{{0,10}}){_OCTETS}\|{_NUMBER}{_OCTETS}\|{_NUMBER}{_OCTETS}"
    rf"\|{_NUMBER}\|{_NUMBER}\|[^|]*\|([ -{{}}~]*)\|"
)
_NOBODY = "0.0.0.0"  # noqa: S104 (an address that a BRAS tells)


def facts_of(entry: bytes, *, received_at: datetime) -> SessionFacts | Boot:
    """The statement of one entry; BadEntryError or UselessPacketError when it makes none."""
    text = entry.decode("ascii", "replace")
    match = _PLAIN.fullmatch(text) if len(text) <= _ENTRY_CHARS_MAX else None
    if match is not None:
        facts = _interim(match.groups(), received_at=received_at)
        if facts is not None:
            return facts
    message = parse(entry)
    return read(message, received_at=received_at, echo=echo_of(message))


def echo_of(message: RadiusMessage) -> str:
    """What the BRAS says it applies, of the message that is in an entry; form 1 tells nothing."""
    if not message.has("Bill-Echo"):
        return ""
    framed_ip = message.text("Framed-IP-Address")
    told_class = class_text(message)
    return echo.of_entry(message.text("Bill-Echo"), told_class=told_class, framed_ip=framed_ip)


def _interim(told: tuple[Any, ...], *, received_at: datetime) -> SessionFacts | None:
    """An interim update with a MAC, 64-bit counters and IPv4 addresses, or None."""
    (time_s, source, told_class, user, calling, framed_ip, session, seconds, circuit,
     in_low, remote, in_high, port, out_low, out_high, echoed) = told  # fmt: skip
    try:
        socket.inet_pton(socket.AF_INET, source)
        if framed_ip:
            socket.inet_pton(socket.AF_INET, framed_ip)
        login = _text(user)
        acct_session_id = _plain(bytes.fromhex(session)) if session else ""
        own_class = _plain(bytes.fromhex(told_class)) if told_class else ""
        nas_port_id = _plain(bytes.fromhex(port)) if port else ""
        station = a2b_base64(calling, strict_mode=True)
        mac = mac_of_station(station, a2b_base64(user, strict_mode=True))
    except (OSError, ValueError):
        return None
    in_octets = (int(in_high) << 32) + int(in_low)
    out_octets = (int(out_high) << 32) + int(out_low)
    if (
        source == _NOBODY
        or not acct_session_id
        or not mac
        or max(in_octets, out_octets) > OCTETS_MAX
    ):
        return None
    at = min(_moment(int(time_s)), received_at)
    session_time_s = min(int(seconds or "0"), SECONDS_MAX)
    subscription_id, is_guest, nonce = identity_of_class(own_class)
    key = f"{source}|{acct_session_id}|{own_class}|{mac}"
    return SessionFacts(
        unique_id=md5(key.encode("utf-8"), usedforsecurity=False).hexdigest(),
        acct_session_id=acct_session_id[:253],
        nas_address=source,
        login=login[:253],
        mac=mac,
        circuit_hex=(circuit or "")[:506],
        remote_hex=(remote or "")[:506],
        nas_port_id=nas_port_id[:253],
        nonce=nonce,
        framed_ip=framed_ip if framed_ip and framed_ip != _NOBODY else None,
        subscription_id=subscription_id,
        is_guest=is_guest,
        started_at=at - timedelta(seconds=session_time_s),
        last_seen_at=at,
        in_octets=in_octets,
        out_octets=out_octets,
        session_time_s=session_time_s,
        echo=echo.of_entry(echoed, told_class=own_class, framed_ip=framed_ip or ""),
    )


@lru_cache(maxsize=256)
def _moment(seconds: int) -> datetime:
    """Packets of a batch are of a few seconds."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def _text(told: str) -> str:
    return _plain(a2b_base64(told, strict_mode=True))


def _plain(told: bytes) -> str:
    """Bytes of an attribute as text; what is no UTF-8, and NUL, becomes U+FFFD."""
    return told.decode("utf-8", "replace").replace("\x00", "\ufffd")
