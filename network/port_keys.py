"""The lines of services as the rules of Option 82 read them, kept beside the raw ids.

Only rules of which somebody has said so (`ignores_vlan`) count: where each subscriber has a VLAN of
his own, a port with another one is another line. `RadiusDecision.port_key` is the key
(`option82.ports`) of what is registered, "" where no rule reads switch and port of it, or they
read different ones. It is made when a port is registered and anew when a rule changes. Who
comes from a port that is nobody's as it stands is looked up by it; only the REST group can read
ids, so the fast path leaves such a question to it (`sql/radius_authorize.sql`).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from network.models import RadiusDecision, Session
from network.option82 import ports, rules
from network.option82.parsing import Rule
from network.option82.ports import Told
from project.core import outbox

PORTION = 2_000

_ROWS = """
SELECT subscription_id, circuit_hex, remote_hex, port_key FROM radius_decision
WHERE subscription_id = ANY(%(ids)s) AND (circuit_hex <> '' OR port_key <> '')
"""
_NEXT = """
SELECT subscription_id FROM radius_decision
WHERE subscription_id > %(after)s AND (circuit_hex <> '' OR port_key <> '')
ORDER BY subscription_id LIMIT %(most)s FOR UPDATE
"""
_WRITE = """
UPDATE radius_decision d SET port_key = n.key
FROM unnest(%(ids)s::bigint[], %(keys)s::text[]) AS n(id, key)
WHERE d.subscription_id = n.id
"""


def told(*, circuit_hex: str, remote_hex: str) -> Told:
    """The line that these ids name by the active rules; one query."""
    return ports.told(active(), circuit_hex=circuit_hex, remote_hex=remote_hex)


def left_behind(
    *, subscription_id: int, before: Mapping[str, str], after: Mapping[str, str]
) -> list[str]:
    """Sessions of a service that came by the line it had, with another VLAN, and not by the one it
    has now; ids of sessions."""
    rules_now = active()
    if not rules_now or before == after:
        return []

    def keys_of(circuit_hex: str, remote_hex: str) -> set[str]:
        return set(ports.told(rules_now, circuit_hex=circuit_hex, remote_hex=remote_hex).keys)

    old, new = (keys_of(one["circuit_hex"], one["remote_hex"]) for one in (before, after))
    if not old - new:
        return []
    own = Session.objects.filter(subscription_id=subscription_id, is_guest=False)
    found = []
    for unique_id, circuit, remote in own.exclude(circuit_hex="").values_list(
        "unique_id", "circuit_hex", "remote_hex"
    ):
        keys = keys_of(circuit, remote)
        if keys & old and not keys & new:
            found.append(unique_id)
    return found


def refresh(*, ids: Iterable[int]) -> None:
    """Read anew what is registered for these services, in the transaction that holds their rows."""
    with connection.cursor() as cursor:
        _refresh(cursor, ids=list(ids))


def sharing(*, subscription_id: int) -> int:
    """How many other services are registered at the line of this one, as it is read."""
    key = (
        RadiusDecision.objects.filter(subscription_id=subscription_id)
        .values_list("port_key", flat=True)
        .first()
    )
    if not key:
        return 0
    others = RadiusDecision.objects.exclude(subscription_id=subscription_id)
    return others.filter(port_key=key).count()


def on_rules_changed(*, payload: dict[str, Any], at: datetime) -> None:
    """Outbox: read the ports of the next portion of services anew; the rest is the next event."""
    with transaction.atomic(), connection.cursor() as cursor:
        after = int(payload.get("after", 0))
        cursor.execute(_NEXT, {"after": after, "most": PORTION})
        ids = [row[0] for row in cursor.fetchall()]
        _refresh(cursor, ids=ids)
    if len(ids) == PORTION:
        outbox.emit(topic=rules.CHANGED, payload={"after": ids[-1]}, at=at)


def _refresh(cursor: Any, *, ids: Sequence[int]) -> None:
    cursor.execute(_ROWS, {"ids": list(ids)})
    rows = cursor.fetchall()
    in_use = active() if rows else ()
    new = {}
    for subscription_id, circuit, remote, was in rows:
        found = ports.told(in_use, circuit_hex=circuit, remote_hex=remote) if circuit else Told()
        key = found.keys[0] if found.keys and not found.is_ambiguous else ""
        if key != was:
            new[subscription_id] = key
    if new:
        cursor.execute(_WRITE, {"ids": list(new), "keys": list(new.values())})


def active() -> list[Rule]:
    """The rules by which a port counts with another VLAN; one query."""
    return [rules.as_rule(one) for one in rules.listed(active_only=True) if one.ignores_vlan]
