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
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import connection, transaction

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


# Each gives: address, kind of address, service, other service, right address, key.
_QUERIES = {
    Kind.OTHERS: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, a.subscription_id, '', s.unique_id
        FROM network_session s JOIN network_ipassignment a ON a.address = s.framed_ip
        WHERE a.subscription_id IS DISTINCT FROM s.subscription_id
          AND a.state IN ('ASSIGNED', 'IN_USE') ORDER BY s.id LIMIT %(most)s""",
    Kind.TWICE: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, o.subscription_id, '', s.unique_id
        FROM (SELECT framed_ip FROM network_session WHERE framed_ip IS NOT NULL
              GROUP BY framed_ip HAVING count(*) > 1 LIMIT %(most)s) twice
        JOIN network_session s ON s.framed_ip = twice.framed_ip
        JOIN LATERAL (SELECT x.subscription_id, x.id FROM network_session x
                      WHERE x.framed_ip = s.framed_ip ORDER BY x.started_at DESC, x.id DESC LIMIT 1
        ) o ON o.id <> s.id ORDER BY s.framed_ip, s.id LIMIT %(most)s""",
    Kind.NOT_DECIDED: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, NULL, host(d.framed_ip), s.unique_id
        FROM network_session s JOIN radius_decision d ON d.subscription_id = s.subscription_id
        WHERE NOT s.is_guest AND d.framed_ip <> s.framed_ip
        ORDER BY s.id LIMIT %(most)s""",
    Kind.CLAIM: """
        SELECT CASE WHEN c.kind = 'IPV4' THEN host(c.address) ELSE c.address::text END, c.kind,
               c.subscription_id, a.subscription_id, '', c.id::text
        FROM network_ipclaim c LEFT JOIN network_ipassignment a ON a.address && c.address
        WHERE c.settled_at IS NULL ORDER BY c.id LIMIT %(most)s""",
    Kind.RESERVED: """
        SELECT CASE WHEN a.kind = 'IPV4' THEN host(a.address) ELSE a.address::text END, a.kind,
               a.subscription_id, NULL, r.note, a.id::text
        FROM network_ipreserve r JOIN network_ipassignment a
          ON a.address >= r.first AND a.address <= r.last
        ORDER BY a.address LIMIT %(most)s""",
    Kind.OUTSIDE_SESSION: """
        SELECT host(s.framed_ip), 'IPV4', s.subscription_id, NULL, '', s.unique_id
        FROM network_session s
        WHERE s.framed_ip IS NOT NULL
          AND NOT EXISTS (SELECT FROM network_ippool p WHERE p.kind = 'IPV4'
                          AND p.first <= s.framed_ip AND p.last >= s.framed_ip)
          AND NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.address = s.framed_ip
                          AND a.subscription_id = s.subscription_id)
        ORDER BY s.id LIMIT %(most)s""",
    Kind.OUTSIDE_OWN: """
        SELECT CASE WHEN a.kind = 'IPV4' THEN host(a.address) ELSE a.address::text END, a.kind,
               a.subscription_id, NULL, '', a.id::text
        FROM network_ipassignment a
        WHERE a.pool_id IS NULL
          AND NOT EXISTS (SELECT FROM network_ippool p WHERE p.kind = a.kind
                          AND p.first <= a.address AND p.last >= a.address)
        ORDER BY a.address LIMIT %(most)s""",
    Kind.NOT_BY_RULE: """
        SELECT CASE WHEN a.kind = 'IPV4' THEN host(a.address) ELSE a.address::text END, a.kind,
               a.subscription_id, NULL, '', a.id::text
        FROM network_ipassignment a JOIN network_ipplan x
          ON x.subscription_id = a.subscription_id AND x.kind = a.kind
        WHERE a.state = 'ASSIGNED' AND a.source = 'RULE' AND NOT a.pool_id = ANY(x.pool_ids)
        ORDER BY a.address LIMIT %(most)s""",
}


def listed(*, kinds: Iterable[Kind] = tuple(Kind)) -> list[Conflict]:
    """What is wrong now, at most 200 of each kind, in the order of weight."""
    found = []
    with connection.cursor() as cursor:
        for kind in kinds:
            cursor.execute(_QUERIES[kind], {"most": MOST})
            found += [Conflict(kind, *row) for row in cursor.fetchall()]
    return found


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
