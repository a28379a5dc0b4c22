"""What an import must know of its rows: whose they are, who holds what; set-based."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from network.addressing.importfile import Line

_SERVICES = """
SELECT d.login, a.code, d.subscription_id, s.state, c.mac
FROM radius_decision d
JOIN billing_subscription s ON s.id = d.subscription_id
JOIN ledger_account a ON a.id = s.account_id
JOIN network_accesscredential c ON c.subscription_id = d.subscription_id
WHERE lower(d.login) = ANY(%(logins)s) OR lower(a.code) = ANY(%(contracts)s)
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


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a wanted address."""

    is_reserved: bool
    pool_id: int | None
    ids: tuple[int, ...]
    holders: tuple[int, ...]


def services(lines: Sequence[Line]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows of services by login, and by contract."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SERVICES,
            {
                "logins": [line.login.lower() for line in lines if line.login],
                "contracts": [line.contract.lower() for line in lines if line.contract],
            },
        )
        rows = cursor.fetchall()
    contracts: dict[str, list[Any]] = {}
    for row in rows:
        contracts.setdefault(row[1].lower(), []).append(row)
    return {row[0].lower(): [row] for row in rows}, contracts


def rows_of(line: Line, logins: dict[str, Any], contracts: dict[str, Any]) -> list[Any]:
    """The services that a row can mean: the login's; of a contract those that go on, if any."""
    if line.login:
        return list(logins.get(line.login.lower(), []))
    known = contracts.get(line.contract.lower(), [])
    living = [row for row in known if row[3] != "TERMINATED"]
    return list(living or known[:1])


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
