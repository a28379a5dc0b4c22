"""What an import must know of its rows: whose they are, who holds what; set-based."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from network.addressing.importfile import Line

_SERVICES = """
SELECT d.login, a.code, d.subscription_id, s.state, c.mac, d.password, d.circuit_hex, d.remote_hex
FROM radius_decision d
JOIN billing_subscription s ON s.id = d.subscription_id
JOIN ledger_account a ON a.id = s.account_id
JOIN network_accesscredential c ON c.subscription_id = d.subscription_id
WHERE lower(d.login) = ANY(%(logins)s) OR lower(a.code) = ANY(%(contracts)s)
   OR d.subscription_id = ANY(%(ids)s)
ORDER BY d.subscription_id
"""
_KNOWN = """
SELECT w.address::text, network_ip_is_reserved(w.address),
    (SELECT p.id FROM network_ippool p WHERE p.kind = w.kind AND p.first <= w.address
        AND p.last >= w.address AND p.unit_bits = masklen(w.address)
     ORDER BY p.is_guest, NOT p.is_open, p.id LIMIT 1),
    (SELECT array_agg(a.id ORDER BY a.id) FROM network_ipassignment a WHERE a.address && w.address),
    (SELECT array_agg(COALESCE(a.subscription_id, 0) ORDER BY a.id) FROM network_ipassignment a
     WHERE a.address && w.address AND a.state <> 'GRACE')
FROM unnest(%(addresses)s::inet[], %(kinds)s::text[]) AS w(address, kind)
"""
_OWN = """
SELECT a.subscription_id, a.kind, a.address::text, a.id FROM network_ipassignment a
WHERE a.subscription_id = ANY(%(ids)s) AND a.state = 'ASSIGNED'
"""
_MAC_HOLDERS = """
SELECT mac, subscription_id FROM network_accesscredential WHERE mac = ANY(%(macs)s) AND mac <> ''
"""


_NUMBER = re.compile(r"[0-9]{1,18}")


class Service(NamedTuple):
    """A service as it is now."""

    login: str
    contract: str
    subscription_id: int
    state: str
    mac: str
    password: str
    circuit_hex: str
    remote_hex: str


@dataclass(frozen=True, slots=True)
class Services:
    """Services by what a row may name them by."""

    by_login: dict[str, Service] = field(default_factory=dict)
    by_contract: dict[str, list[Service]] = field(default_factory=dict)
    by_number: dict[str, Service] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a wanted address."""

    is_reserved: bool
    pool_id: int | None
    ids: tuple[int, ...]
    holders: tuple[int, ...]


def services(lines: Sequence[Line]) -> Services:
    """The services that these rows may mean."""
    numbers = (line.service for line in lines)
    with connection.cursor() as cursor:
        cursor.execute(
            _SERVICES,
            {
                "logins": [line.login.lower() for line in lines if line.login],
                "contracts": [line.contract.lower() for line in lines if line.contract],
                "ids": sorted({int(one) for one in numbers if _NUMBER.fullmatch(one)}),
            },
        )
        rows = [Service(*row) for row in cursor.fetchall()]
    found = Services()
    for row in rows:
        found.by_login[row.login.lower()] = row
        found.by_contract.setdefault(row.contract.lower(), []).append(row)
        found.by_number[str(row.subscription_id)] = row
    return found


def rows_of(line: Line, known: Services) -> list[Service]:
    """The services that a row can mean: the service's number, of the contract if one is named; of a
    contract those that go on, if any, and of several the one that has the login; else the login's.
    """
    if line.service:
        one = known.by_number.get(line.service.lstrip("0"))
        is_told = one is not None and line.contract.lower() in {"", one.contract.lower()}
        return [one] if one is not None and is_told else []
    if not line.contract:
        one = known.by_login.get(line.login.lower())
        return [one] if one is not None else []
    rows = known.by_contract.get(line.contract.lower(), [])
    living = [row for row in rows if row.state != "TERMINATED"] or rows[:1]
    named = [row for row in living if row.login == line.login.lower()]
    return named if len(living) > 1 and named else living


def own(ids: Sequence[int], *, with_id: bool = False) -> dict[int, dict[str, Any]]:
    """The own addresses of these services by kind; with their row's id, when asked."""
    found: dict[int, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_OWN, {"ids": list(ids)})
        for subscription_id, kind, address, row_id in cursor.fetchall():
            told = (plain(address), row_id) if with_id else plain(address)
            found.setdefault(subscription_id, {})[kind] = told
    return found


def known(wishes: Iterable[tuple[str, str]]) -> dict[str, Known]:
    """What is known of each wanted (address, kind)."""
    wanted = sorted(set(wishes))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOWN,
            {"addresses": [one[0] for one in wanted], "kinds": [one[1] for one in wanted]},
        )
        return {
            plain(row[0]): Known(row[1], row[2], tuple(row[3] or ()), tuple(row[4] or ()))
            for row in cursor.fetchall()
        }


def mac_holders(macs: Sequence[str]) -> dict[str, set[int]]:
    """Which services have these MACs registered."""
    found: dict[str, set[int]] = {}
    if macs:
        with connection.cursor() as cursor:
            cursor.execute(_MAC_HOLDERS, {"macs": list(macs)})
            for mac, subscription_id in cursor.fetchall():
                found.setdefault(mac, set()).add(subscription_id)
    return found


def plain(address: str) -> str:
    """An address without the length that a whole one needs not."""
    return address.removesuffix("/32") if "." in address else address
