"""What happened to sessions, and to those who asked for one: the lines of a session's time line.

Each line carries the packet's attributes as they were, without secrets. Lines are kept by day
(`network.partitions`) and go after `GEOBILL_SESSION_EVENTS_KEPT_DAYS`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from django.db import connection

ATTRIBUTES_MAX = 80
VALUES_MAX = 32
TEXT_MAX = 512
MASK = "***"
# Names are compared in lower case; whatever holds a password or what one can be guessed from.
SECRET_WORDS = ("password", "secret", "chap-", "mschap", "ms-chap", "token", "mppe")


class Kind(StrEnum):
    """What a line of the time line is about."""

    AUTHORIZE = "AUTHORIZE"
    REJECT = "REJECT"
    START = "START"
    STOP = "STOP"
    COA = "COA"
    DISCONNECT = "DISCONNECT"
    BLOCK = "BLOCK"
    UNBLOCK = "UNBLOCK"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    SUSPECT = "SUSPECT"
    LOST = "LOST"
    REVIVED = "REVIVED"
    BOOT = "BOOT"


@dataclass(frozen=True, slots=True)
class Event:
    """One line. A session is named by its unique id, or before it starts by the nonce of its Class
    (`s:<service>:<nonce>`); both may be unknown.
    """

    at: datetime
    kind: Kind
    subscription_id: int | None = None
    session_unique_id: str = ""
    nonce: str = ""
    nas_id: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


_INSERT = """
INSERT INTO network_session_event
    (at, kind, subscription_id, session_unique_id, nonce, nas_id, attributes)
SELECT * FROM unnest(%(at)s::timestamptz[], %(kind)s::text[], %(subscription_id)s::bigint[],
    %(session_unique_id)s::text[], %(nonce)s::text[], %(nas_id)s::bigint[],
    ARRAY(SELECT one.value FROM jsonb_array_elements(%(attributes)s::jsonb)
          WITH ORDINALITY one(value, place) ORDER BY one.place))
ON CONFLICT DO NOTHING
"""


def record(
    *,
    at: datetime,
    kind: Kind,
    subscription_id: int | None = None,
    session_unique_id: str = "",
    nonce: str = "",
    nas_id: int | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write one line, in the present transaction. A start or stop told twice is one line."""
    record_many(
        [
            Event(
                at=at,
                kind=kind,
                subscription_id=subscription_id,
                session_unique_id=session_unique_id,
                nonce=nonce,
                nas_id=nas_id,
                attributes=attributes or {},
            )
        ]
    )


def record_many(events: Iterable[Event]) -> None:
    """Write many lines in one statement, in the present transaction."""
    given = list(events)
    if not given:
        return
    columns: dict[str, Any] = {
        "at": [one.at for one in given],
        "kind": [str(one.kind) for one in given],
        "subscription_id": [one.subscription_id for one in given],
        "session_unique_id": [one.session_unique_id for one in given],
        "nonce": [one.nonce for one in given],
        "nas_id": [one.nas_id for one in given],
        # One text: an array of texts is escaped quote by quote, which takes longer than the rest.
        "attributes": json.dumps([shown(one.attributes) for one in given], ensure_ascii=True),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, columns)


def shown(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as they may be kept: no secrets, bounded, nothing that PostgreSQL refuses."""
    kept = list(attributes.items())[:ATTRIBUTES_MAX]
    return {_text(name): _value(name, value) for name, value in kept}


@lru_cache(maxsize=2_000)
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)


def _value(name: str, value: Any) -> Any:
    if _is_secret(name):
        return MASK
    if isinstance(value, list | tuple):
        return [_value(name, one) for one in value[:VALUES_MAX]]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _text(value)


def _text(value: Any) -> str:
    """Text without NUL and lone surrogates, neither of which jsonb takes."""
    whole = str(value)[:TEXT_MAX].replace("\x00", "\ufffd")
    if whole.isascii():
        return whole
    return whole.encode("utf-8", "replace").decode("utf-8")
