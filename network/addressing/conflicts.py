"""Where addresses are not as they should be, and what can be done about each.

| kind | what it is |
|---|---|
| OTHERS | a session runs on an address that another service holds |
| TWICE | two sessions run on one address |
| NOT_DECIDED | a session runs on another address than the decision says |
| OUTSIDE_SESSION, OUTSIDE_OWN | an address that no pool has |
| RESERVED | somebody holds an address of a reserved range |
| CLAIM | an import wanted an address that another service holds |
| NOT_BY_RULE | an own address that a rule gave, of a pool that no rule names for the service now |

In a small network all is compared for each page. In a large one (`network.large`) a task reads
everything each five minutes, and a page compares what was found then as of now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection, transaction

from network import large
from network.addressing import static
from network.models import IpAssignment, IpClaim, Session
from project.core import audit
from project.core.actor import Actor
from project.core.errors import NotFoundError

MOST = 200


class Kind(StrEnum):
    """What is wrong."""

    OTHERS = "OTHERS"
    TWICE = "TWICE"
    NOT_DECIDED = "NOT_DECIDED"
    CLAIM = "CLAIM"
    RESERVED = "RESERVED"
    OUTSIDE_SESSION = "OUTSIDE_SESSION"
    OUTSIDE_OWN = "OUTSIDE_OWN"
    NOT_BY_RULE = "NOT_BY_RULE"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that is wrong. `other_id` is the second service; `right` the address that ought
    to be; `key` is the session's unique id, or the id of the assignment or claim.
    """

    kind: Kind
    address: str
    address_kind: str
    subscription_id: int | None
    other_id: int | None
    right: str
    key: str


# Each gives: address, kind of address, service, other service, right address, key, and its place.
# `{sessions}` and `{held}`: all of them, or those that were found (`find`), compared as of now.
_QUERIES = {
    Kind.OTHERS: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, a.subscription_id, '', s.unique_id,
               s.id
        FROM {sessions} JOIN network_ipassignment a ON a.address = s.framed_ip
        WHERE a.subscription_id IS DISTINCT FROM s.subscription_id
          AND a.state IN ('ASSIGNED', 'IN_USE')""",
    Kind.TWICE: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, o.subscription_id, '', s.unique_id,
               row_number() OVER (ORDER BY s.framed_ip, s.id)
        FROM {twice} JOIN LATERAL (
            SELECT x.subscription_id, x.id FROM network_session x
            WHERE x.framed_ip = s.framed_ip ORDER BY x.started_at DESC, x.id DESC LIMIT 1
        ) o ON o.id <> s.id""",
    Kind.NOT_DECIDED: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, NULL::bigint, host(d.framed_ip),
               s.unique_id, s.id
        FROM {sessions} JOIN radius_decision d ON d.subscription_id = s.subscription_id
        WHERE NOT s.is_guest AND d.framed_ip <> s.framed_ip""",
    Kind.CLAIM: """
        SELECT CASE WHEN c.kind = 'IPV4' THEN host(c.address) ELSE c.address::text END, c.kind,
               c.subscription_id, a.subscription_id, '', c.id::text, c.id
        FROM network_ipclaim c LEFT JOIN network_ipassignment a ON a.address && c.address
        WHERE c.settled_at IS NULL""",
    Kind.RESERVED: """
        SELECT CASE WHEN a.kind = 'IPV4' THEN host(a.address) ELSE a.address::text END, a.kind,
               a.subscription_id, NULL::bigint, r.note, a.id::text, a.address
        FROM network_ipreserve r JOIN {held} ON a.address >= r.first AND a.address <= r.last""",
    Kind.OUTSIDE_SESSION: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, NULL::bigint, '', s.unique_id, s.id
        FROM {sessions}
        WHERE s.framed_ip IS NOT NULL
          AND NOT EXISTS (SELECT FROM network_ippool p WHERE p.kind = 'IPV4'
                          AND p.first <= s.framed_ip AND p.last >= s.framed_ip)
          AND NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.address = s.framed_ip
                          AND a.subscription_id = s.subscription_id)""",
    Kind.OUTSIDE_OWN: """
        SELECT CASE WHEN a.kind = 'IPV4' THEN host(a.address) ELSE a.address::text END, a.kind,
               a.subscription_id, NULL::bigint, '', a.id::text, a.address
        FROM {held}
        WHERE a.pool_id IS NULL
          AND NOT EXISTS (SELECT FROM network_ippool p WHERE p.kind = a.kind
                          AND p.first <= a.address AND p.last >= a.address)""",
    Kind.NOT_BY_RULE: """
        SELECT CASE WHEN a.kind = 'IPV4' THEN host(a.address) ELSE a.address::text END, a.kind,
               a.subscription_id, NULL::bigint, '', a.id::text, a.address
        FROM {held} JOIN network_ipplan x
          ON x.subscription_id = a.subscription_id AND x.kind = a.kind
        WHERE a.state = 'ASSIGNED' AND a.source = 'RULE' AND NOT a.pool_id = ANY(x.pool_ids)""",
}
# OFFSET 0: else the limit makes the planner walk along the order and look each row up, which takes
# a million look-ups where nothing is wrong. Joined as a whole it reads each table once.
_LISTED = """
SELECT address, address_kind, service, other, ought, key FROM ({rows} OFFSET 0) found
    (address, address_kind, service, other, ought, key, place)
ORDER BY place LIMIT %(most)s"""
_ALL = {
    "sessions": "network_session s",
    "held": "network_ipassignment a",
    "twice": """(SELECT framed_ip FROM network_session WHERE framed_ip IS NOT NULL
          GROUP BY framed_ip HAVING count(*) > 1 LIMIT %(most)s) twice
        JOIN network_session s ON s.framed_ip = twice.framed_ip""",
}
_FOUND_SESSIONS = """network_ip_conflict_found f
        JOIN network_session s ON f.kind = %(kind)s AND s.unique_id = f.ref"""
_FOUND = {
    "sessions": _FOUND_SESSIONS,
    "twice": _FOUND_SESSIONS,
    "held": """network_ip_conflict_found f
        JOIN network_ipassignment a
          ON a.id = CASE WHEN f.kind = %(kind)s THEN f.ref::bigint END""",
}
FOUND_KINDS = tuple(kind for kind in Kind if kind is not Kind.CLAIM)  # open claims have an index


def listed(*, kinds: Iterable[Kind] = tuple(Kind)) -> list[Conflict]:
    """What is wrong now, at most 200 of each kind, in the order of weight.

    In a large network: of what `find` has found, what still is so.
    """
    is_large = large.is_large()
    found = []
    with connection.cursor() as cursor:
        for kind in kinds:
            cursor.execute(
                _statement(kind, among=_FOUND if is_large and kind in FOUND_KINDS else _ALL),
                {"most": MOST, "kind": kind.value},
            )
            found += [Conflict(kind, *row) for row in cursor.fetchall()]
    return found


def find() -> int:
    """In a large network: read everything and keep what is wrong, for `listed`; gives how much."""
    if not large.is_large():
        return 0
    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('ip_conflicts', 0))")
        cursor.execute("DELETE FROM network_ip_conflict_found")
        for kind in FOUND_KINDS:
            rows = _statement(kind, among=_ALL)
            cursor.execute(
                "INSERT INTO network_ip_conflict_found (kind, ref)"  # noqa: S608 (our own text)
                f" SELECT DISTINCT %(kind)s::text, key FROM ({rows}) wrong",
                {"most": MOST, "kind": kind.value},
            )
            count += cursor.rowcount
    return count


def _statement(kind: Kind, *, among: dict[str, str]) -> str:
    return _LISTED.format(rows=_QUERIES[kind].format(**among))


def adopt(*, unique_id: str, at: datetime, actor: Actor) -> str:
    """Make the address that a session runs on its service's own. Raises what `static.assign` does,
    NotFoundError when the session has ended or is nobody's."""
    session = Session.objects.filter(unique_id=unique_id, subscription__isnull=False).first()
    if session is None or session.framed_ip is None:
        raise NotFoundError
    assert session.subscription_id is not None
    return static.assign(
        subscription_id=session.subscription_id,
        kind="IPV4",
        address=session.framed_ip,
        at=at,
        actor=actor,
        may_be_outside=True,
    )


def by_rule(*, assignment_id: int, at: datetime, actor: Actor) -> None:
    """Let the rules choose in place of this own address; a lease of a session just ends."""
    held = IpAssignment.objects.filter(id=assignment_id).first()
    if held is None:
        raise NotFoundError
    if held.subscription_id is None or held.state != IpAssignment.State.ASSIGNED:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT network_ip_drop(ARRAY[%s]::bigint[], %s)", [held.id, at])
            audit.record(
                at=at,
                actor=actor,
                action="network.ip_address.freed",
                obj=("ip_assignment", held.id),
                summary=str(held),
            )
        return
    static.give_back(subscription_id=held.subscription_id, kind=held.kind, at=at, actor=actor)


def settle_claim(*, claim_id: int, gives: bool, at: datetime, actor: Actor) -> None:
    """Give a claimed address to the service that an import named, taking it from its holder; or
    leave all as it is. Audited."""
    with transaction.atomic():
        claim = (
            IpClaim.objects.select_for_update().filter(id=claim_id, settled_at__isnull=True).first()
        )
        if claim is None:
            raise NotFoundError
        if gives:
            for held in IpAssignment.objects.filter(address=claim.address):
                by_rule(assignment_id=held.id, at=at, actor=actor)
            static.assign(
                subscription_id=claim.subscription_id,
                kind=claim.kind,
                address=claim.address,
                at=at,
                actor=actor,
                source=IpAssignment.Source.IMPORT,
                may_be_outside=True,
            )
        IpClaim.objects.filter(id=claim_id).update(settled_at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_claim.settled",
            obj=("subscription", claim.subscription_id),
            summary=f"{claim.address}: {'given' if gives else 'left'}",
        )
