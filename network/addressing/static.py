"""A service's own address by hand: given, changed, taken back. The session follows by the decision.

The new address goes into `radius_decision` in the same transaction; where the service is online the
outbox tells its BRAS, by the cheapest action that its driver knows (`network.wishes`).
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from network import provisioning
from network.addressing import ranges
from network.models import AddressKind, IpAssignment, IpClaim, IpPlan, RadiusDecision
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

SUGGESTED = 6

_FIND = """
SELECT %(address)s::inet::text, network_ip_is_reserved(%(address)s::inet),
    (SELECT p.id FROM network_ippool p WHERE p.kind = %(kind)s AND p.first <= %(address)s::inet
        AND p.last >= %(address)s::inet AND p.unit_bits = masklen(%(address)s::inet)
     ORDER BY p.is_guest, NOT p.is_open, p.id LIMIT 1)
"""
_TAKEN = """
SELECT a.id, a.subscription_id, a.state FROM network_ipassignment a
WHERE a.address && %s::inet ORDER BY a.id FOR UPDATE
"""
_FREE = """
SELECT f.address::text FROM network_ipfree f
WHERE f.pool_id = ANY(%(pools)s) AND f.ready_at <= %(at)s
ORDER BY array_position(%(pools)s::bigint[], f.pool_id), f.ready_at, f.address LIMIT %(most)s
"""


class WrongKindError(DomainError):
    """An IPv6 prefix where an IPv4 address is wanted, or the reverse."""

    code = "wrong_address_kind"
    message = _("Write an IPv4 address like 10.0.0.5, or an IPv6 prefix like 2001:db8:0:100::/56.")


class AddressTakenError(DomainError):
    """Somebody else holds it."""

    code = "address_taken"
    http_status = 409
    message = _("This address is held by %(login)s.")


class AddressReservedError(DomainError):
    """It lies in a range that nobody is given."""

    code = "address_reserved"
    http_status = 409
    message = _("This address is reserved: nobody is given it.")


class OutsidePoolsError(DomainError):
    """No pool has it."""

    code = "outside_pools"
    message = _("No pool has this address. Confirm that you want it all the same.")


class ServiceEndedError(DomainError):
    """A service that has ended, or is no internet service, holds no address."""

    code = "service_without_address"
    http_status = 409
    message = _("Only a living internet service can have an address.")


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of an address that is wanted. `holder_id` is None for nobody or the same."""

    address: str
    pool_id: int | None
    is_reserved: bool
    holder_id: int | None
    taken_ids: tuple[int, ...]


def parsed(*, text: str, kind: str) -> str:
    """The address or prefix in its usual form; raises WrongKindError, NoHostsError."""
    cleaned = text.strip()
    try:
        network = ipaddress.ip_network(cleaned)
    except ValueError as error:
        raise WrongKindError(field="address") from error
    is_ipv4 = network.version == 4 and network.prefixlen == 32
    is_prefix = network.version == 6 and network.prefixlen <= 64
    if not (is_ipv4 if kind == AddressKind.IPV4 else is_prefix):
        raise WrongKindError(field="address")
    ranges.refuse_no_hosts(
        str(network.network_address), str(network.broadcast_address), field="address"
    )
    return str(network.network_address) if is_ipv4 else str(network)


def find(*, subscription_id: int, kind: str, address: str) -> Found:
    """Whether the (parsed) address is free for this service; locks what holds it."""
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"address": address, "kind": kind})
        told, is_reserved, pool_id = cursor.fetchone()
        cursor.execute(_TAKEN, [address])
        taken = cursor.fetchall()
    others = [row for row in taken if row[1] != subscription_id]
    return Found(
        address=str(told),
        pool_id=pool_id,
        is_reserved=is_reserved,
        holder_id=(others[0][1] or 0) if others else None,
        taken_ids=tuple(row[0] for row in taken),
    )


def assign(
    *,
    subscription_id: int,
    kind: str,
    address: str,
    at: datetime,
    actor: Actor,
    source: str = IpAssignment.Source.STAFF,
    may_be_outside: bool = False,
    comment: str = "",
) -> str:
    """Give the service this very address for its own, in place of the one that it has.

    Raises WrongKindError, AddressTakenError, AddressReservedError, OutsidePoolsError,
    ServiceEndedError. Audited. The old one rests before somebody else gets it.
    """
    wanted = parsed(text=address, kind=kind)
    with transaction.atomic():
        before = _lock_service(subscription_id)
        found = find(subscription_id=subscription_id, kind=kind, address=wanted)
        if found.holder_id is not None:
            raise AddressTakenError(
                AddressTakenError.message % {"login": login_of(found.holder_id)},
                field="address",
                holder=found.holder_id,
            )
        if found.is_reserved:
            raise AddressReservedError(field="address")
        if found.pool_id is None and not may_be_outside:
            raise OutsidePoolsError(field="address")
        _drop(subscription_id=subscription_id, kind=kind, also=found.taken_ids, at=at)
        IpAssignment.objects.create(
            pool_id=found.pool_id,
            kind=kind,
            address=wanted,
            subscription_id=subscription_id,
            state=IpAssignment.State.ASSIGNED,
            source=source,
            since_at=at,
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT network_ip_sweep(p.id, %(a)s::inet) FROM network_ippool p"
                " WHERE family(p.first) = family(%(a)s::inet)",
                {"a": wanted},
            )
        IpClaim.objects.filter(
            subscription_id=subscription_id, kind=kind, settled_at__isnull=True
        ).update(settled_at=at)
        _told(subscription_id, before, {kind: wanted}, at=at, actor=actor, comment=comment)
    return wanted


def give_back(
    *, subscription_id: int, kind: str, at: datetime, actor: Actor, comment: str = ""
) -> None:
    """Take the service's own address away; the rules then say what it gets. Audited."""
    with transaction.atomic():
        before = _lock_service(subscription_id)
        _drop(subscription_id=subscription_id, kind=kind, also=(), at=at)
        _told(subscription_id, before, {kind: None}, at=at, actor=actor, comment=comment)


def suggestions(*, subscription_id: int, kind: str, at: datetime) -> list[str]:
    """A few free addresses of the pools that the rules name for the service."""
    plan = IpPlan.objects.filter(subscription_id=subscription_id, kind=kind).first()
    if plan is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FREE, {"pools": plan.pool_ids, "at": at, "most": SUGGESTED})
        return [row[0].removesuffix("/32") for row in cursor.fetchall()]


def login_of(subscription_id: int) -> str:
    """How people call a holder of an address."""
    known = RadiusDecision.objects.filter(subscription_id=subscription_id).first()
    return known.login if known else str(_("a guest"))


def _lock_service(subscription_id: int) -> dict[str, Any]:
    row = RadiusDecision.objects.select_for_update().filter(subscription_id=subscription_id).first()
    if row is None:
        raise NotFoundError
    if row.subscription.state == "TERMINATED":
        raise ServiceEndedError
    return _addresses_of(subscription_id)


def _addresses_of(subscription_id: int) -> dict[str, Any]:
    return dict(
        IpAssignment.objects.filter(
            subscription_id=subscription_id, state=IpAssignment.State.ASSIGNED
        ).values_list("kind", "address")
    )


def _drop(*, subscription_id: int, kind: str, also: tuple[int, ...], at: datetime) -> None:
    """End the service's own of this kind, its leases of the kind, and what is in the way."""
    own = IpAssignment.objects.filter(subscription_id=subscription_id, kind=kind)
    ids = sorted({*own.values_list("id", flat=True), *also})
    with connection.cursor() as cursor:
        cursor.execute("SELECT network_ip_drop(%s, %s)", [ids, at])


def _told(
    subscription_id: int,
    before: dict[str, Any],
    changed: dict[str, Any],
    *,
    at: datetime,
    actor: Actor,
    comment: str,
) -> None:
    provisioning.refresh_decisions(subscription_ids=[subscription_id], at=at)
    after = _addresses_of(subscription_id)
    kind = next(iter(changed))
    audit.record(
        at=at,
        actor=actor,
        action="network.ip_address.changed",
        obj=("subscription", subscription_id),
        summary=f"{before.get(kind, '—')} → {after.get(kind, '—')} {comment}".strip(),
        before=before,
        after=after,
    )


__all__ = [
    "AddressReservedError",
    "AddressTakenError",
    "Found",
    "OutsidePoolsError",
    "ServiceEndedError",
    "WrongKindError",
    "assign",
    "find",
    "give_back",
    "login_of",
    "parsed",
    "suggestions",
]
