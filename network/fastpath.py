"""The fast path: Accepts made ready in the database, so that FreeRADIUS needs no Django for them.

`radius_decision.replies` holds for each kind of BRAS in use (`Nas.kind`: its driver, its interval
of reports, a flag of its card) the attributes of the Accept, as an object of texts; further values
of one attribute have `#2`, `#3`… behind its name. What cannot be said beforehand (a guest, an
address of a pool, more values than there is room for) is not there, and the REST group is asked.
`sql/radius_authorize.sql` reads it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import Error, connection, transaction

from network import edited_drivers, intervals, places, pools, port_keys
from network.profile import AccessProfile
from network.vendors.driver import Driver, ReplyAttribute
from network.vendors.registry import SHIPPED, Kind, driver_of, drivers, kind_of

REBUILT_AT_ONCE = 2_000
VALUES_MAX = 4  # of one attribute
DIGITS = 10
QUOTES = ("'", '"', "`")

CLASS = "{class_text}"

_IN_USE = "SELECT DISTINCT kind FROM network_nas WHERE retired_at IS NULL ORDER BY 1"
_VENDORS = "SELECT DISTINCT vendor FROM network_nas WHERE retired_at IS NULL ORDER BY 1"
_ROWS = """
SELECT d.subscription_id, d.state = 'FULL' AND NOT EXISTS (
           SELECT FROM network_ipplan x
           WHERE x.subscription_id = d.subscription_id AND x.mode = 'DYNAMIC'),
       d.profile, host(d.framed_ip), d.framed_ipv6_prefix::text, d.delegated_ipv6_prefix::text,
       d.replies
FROM radius_decision d WHERE d.subscription_id = ANY(%(ids)s)
"""
_NEXT = """
SELECT subscription_id FROM radius_decision WHERE subscription_id > %(last)s
ORDER BY subscription_id LIMIT %(most)s FOR UPDATE
"""
_WRITE = """
UPDATE radius_decision d SET replies = n.replies
FROM unnest(%(ids)s::bigint[], %(replies)s::jsonb[]) AS n(id, replies)
WHERE d.subscription_id = n.id
"""


def profile_of(
    told: Any, *, held: pools.Held, interim_s: int | None, class_text: str = ""
) -> AccessProfile:
    """What a service with full access gets: the decision's profile with these addresses."""
    return replace(
        AccessProfile.from_json(json.loads(told) if isinstance(told, str) else told),
        framed_ip=held.ipv4,
        framed_ipv6_prefix=held.ipv6_prefix,
        delegated_ipv6_prefix=held.delegated,
        interim_s=interim_s,
        class_text=class_text,
    )


def refresh(cursor: Any, *, ids: Iterable[int]) -> None:
    """Make the replies of these services ready, in the transaction that holds their rows.

    By the drivers of this moment: whoever changes one has all replies made anew after his commit,
    which waits for our rows. With those of some seconds ago a reply could be written behind that
    and stay until the night.
    """
    edited_drivers.current()
    cursor.execute(_IN_USE)
    in_use = {row[0]: kind_of(row[0]) for row in cursor.fetchall()}
    cursor.execute(_ROWS, {"ids": list(ids)})
    new: dict[int, str] = {}
    for subscription_id, is_ready, told, ipv4, ipv6, delegated, was in cursor.fetchall():
        replies: dict[str, Any] = {}
        if is_ready:
            held = pools.Held(ipv4, ipv6, delegated)
            profile = profile_of(told, held=held, interim_s=None)
            replies = _replies(in_use, profile, subscription_id=subscription_id)
        if replies != (json.loads(was) if isinstance(was, str) else was):
            new[subscription_id] = json.dumps(replies)
    if new:
        cursor.execute(_WRITE, {"ids": list(new), "replies": list(new.values())})


def rebuild(*, at: datetime) -> int:
    """Make all replies ready anew, and what places say: another kind of BRAS came into use; a
    driver, a setting or the map of zones was changed.

    In small transactions, each with its rows locked; gives how many rows were looked at.
    """
    return sum(seen for _last, seen in portions(at=at))


def portions(*, at: datetime, after: int = 0) -> Iterator[tuple[int, int]]:
    """The same step by step, for who wants to see how far it is: the last service of each portion
    and how many it had; `after` goes on behind one."""
    last = after
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_NEXT, {"last": last, "most": REBUILT_AT_ONCE})
            ids = [row[0] for row in cursor.fetchall()]
            places.refresh(cursor, ids=ids, at=at)
            port_keys.refresh(ids=ids)
            refresh(cursor, ids=ids)
        if not ids:
            return
        last = ids[-1]
        yield last, len(ids)


def reply_of(attributes: Iterable[ReplyAttribute]) -> dict[str, str] | None:
    """The attributes as `replies` keeps them; None when there are too many of one name, or a value
    begins with a quote, which rlm_sql would not take as it is."""
    told: dict[str, str] = {}
    counts: dict[str, int] = {}
    for one in attributes:
        number = counts[one.name] = counts.get(one.name, 0) + 1
        value = str(one.value)
        if number > VALUES_MAX or value[:1] in QUOTES:
            return None
        told[one.name if number == 1 else f"{one.name}#{number}"] = value
    return told


def attributes_of(told: Any, *, class_text: str) -> tuple[ReplyAttribute, ...]:
    """The attributes that `reply_of` kept, and the session's own Class."""
    kept: dict[str, str] = json.loads(told) if isinstance(told, str) else told
    found = [ReplyAttribute("Class", ":=", class_text)]
    for key, text in kept.items():
        name, _sep, further = key.partition("#")
        is_number = text.isascii() and text.isdigit() and len(text) < DIGITS
        value = int(text) if is_number and text == str(int(text)) else text
        found.append(ReplyAttribute(name, "+=" if further else ":=", value))
    return tuple(found)


def drivers_in_use() -> list[Driver]:
    """Drivers of the BRASes that are registered; all drivers while there is none, or the database
    cannot be asked."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_VENDORS)
            chosen = [driver_of(row[0]) for row in cursor.fetchall()]
        return chosen or list(drivers().values())
    except Error:
        return list(SHIPPED.values())


def has_plain_class(driver: Driver) -> bool:
    """Whether the Class of this driver is ours as it is: another one is made for each request."""
    return all(
        one.form == CLASS and one.attribute == "Class"
        for one in driver.accept_templates
        if CLASS in one.form
    )


def _replies(
    in_use: Mapping[str, Kind], profile: AccessProfile, *, subscription_id: int
) -> dict[str, Any]:
    told = {}
    for code, kind in in_use.items():
        if not has_plain_class(kind.driver):
            continue
        interim_s = intervals.of_service_s(kind.interim_s, subscription_id=subscription_id)
        reply = reply_of(kind.driver.accept(replace(profile, interim_s=interim_s)))
        if reply is not None:
            told[code] = reply
    return told
