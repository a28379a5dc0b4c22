"""Importing who has which address: each row is judged and told, nothing is dropped.

A dry run judges and writes nothing. In earnest the rows are taken in portions, one transaction
each; what cannot be given because another service holds it becomes a claim on the list of
conflicts. Running a file again changes nothing more.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from network import provisioning
from network.addressing import importlookups as lookups
from network.addressing import ranges
from network.addressing.importfile import Line
from network.identifiers import normalised_mac
from network.models import AddressKind

PORTION = 500


class Code(StrEnum):
    """What came of a row."""

    GIVEN = "GIVEN"
    CHANGED = "CHANGED"
    SAME = "SAME"
    MAC_ONLY = "MAC_ONLY"
    NOTHING = "NOTHING"
    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"
    ENDED = "ENDED"
    BAD_ADDRESS = "BAD_ADDRESS"
    BAD_MAC = "BAD_MAC"
    TAKEN = "TAKEN"
    RESERVED = "RESERVED"
    REPEATED = "REPEATED"


FINE = frozenset({Code.GIVEN, Code.CHANGED, Code.SAME, Code.MAC_ONLY})


class Note(StrEnum):
    """What should be known of a row that went in."""

    OUTSIDE = "OUTSIDE"
    MAC_TAKEN = "MAC_TAKEN"
    MAC_CHANGED = "MAC_CHANGED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row, its service, and what came of it. `about`: the holder, the old address, a row."""

    line: Line
    code: Code
    subscription_id: int | None = None
    addresses: dict[str, str] = field(default_factory=dict)
    mac: str = ""
    about: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether the row is in, or would be."""
        return self.code in FINE


_GIVE = """
WITH added AS (
    INSERT INTO network_ipassignment (pool_id, kind, address, subscription_id, device, state,
        source, session_unique_id, since_at)
    SELECT w.pool, w.kind, w.address, w.id, '', 'ASSIGNED', 'IMPORT', '', %(at)s
    FROM unnest(%(pools)s::bigint[], %(kinds)s::text[], %(addresses)s::inet[], %(ids)s::bigint[])
         AS w(pool, kind, address, id)
    ORDER BY w.address ON CONFLICT DO NOTHING RETURNING address, pool_id
), gone AS (
    DELETE FROM network_ipfree f USING added
    WHERE f.pool_id = added.pool_id AND f.address = added.address
)
SELECT address::text FROM added
"""
_CLAIM = """
INSERT INTO network_ipclaim (subscription_id, kind, address, source, created_at)
SELECT w.id, w.kind, w.address, %(source)s, %(at)s
FROM unnest(%(ids)s::bigint[], %(kinds)s::text[], %(addresses)s::inet[]) AS w(id, kind, address)
ON CONFLICT DO NOTHING
"""
_MACS = """
WITH told AS (SELECT * FROM unnest(%(ids)s::bigint[], %(macs)s::text[]) AS w(id, mac)),
kept AS (
    UPDATE network_accesscredential c SET mac = told.mac, updated_at = %(at)s
    FROM told WHERE c.subscription_id = told.id
)
UPDATE radius_decision d SET mac = told.mac, updated_at = %(at)s
FROM told WHERE d.subscription_id = told.id
"""


class Import:
    """One run over a file: portion by portion, in the order of the rows.

    `writes` False is the dry run. What was seen in rows before is remembered over the portions.
    """

    def __init__(self, *, writes: bool, source: str, at: datetime) -> None:
        self.writes, self.source, self.at = writes, source[:120], at
        self._address_rows: dict[str, int] = {}
        self._service_rows: dict[tuple[int, str], int] = {}

    def take(self, lines: Sequence[Line]) -> list[Outcome]:
        """Judge these rows and, in earnest, write what is fine; one transaction."""
        with transaction.atomic():
            judged = self._held(self._resolved(lines))
            return self._written(judged) if self.writes else judged

    def remember(self, lines: Sequence[Line]) -> None:
        """Rows that an earlier attempt has taken: repeats of them are told."""
        self._resolved(lines)

    def _resolved(self, lines: Sequence[Line]) -> list[Outcome]:
        """Whose row it is, and what it says, before anybody's addresses are looked at."""
        logins, contracts = lookups.services(lines)
        return [self._read(line, logins, contracts) for line in lines]

    def _read(self, line: Line, logins: dict[str, Any], contracts: dict[str, Any]) -> Outcome:
        found = lookups.rows_of(line, logins, contracts)
        if len(found) != 1:
            code = Code.AMBIGUOUS if found else Code.UNKNOWN
            return Outcome(line, code, about=", ".join(row[0] for row in found[:4]))
        _login, _contract, subscription_id, state, mac = found[0]
        mine = Outcome(line, Code.NOTHING, subscription_id=subscription_id, mac=mac)
        if state == "TERMINATED":
            return replace(mine, code=Code.ENDED)
        wanted_mac = normalised_mac(line.mac)
        if line.mac and not wanted_mac:
            return replace(mine, code=Code.BAD_MAC, about=line.mac[:40])
        try:
            addresses = _addresses(line)
        except ValueError as error:
            return replace(mine, code=Code.BAD_ADDRESS, about=str(error)[:60])
        before = self._before(subscription_id, addresses, line.number)
        if before:
            return replace(mine, code=Code.REPEATED, addresses=addresses, about=str(before))
        notes = (Note.MAC_CHANGED,) if wanted_mac and mac and wanted_mac != mac else ()
        changes_mac = bool(wanted_mac) and wanted_mac != mac
        code = Code.MAC_ONLY if changes_mac else Code.SAME if addresses or mac else Code.NOTHING
        return replace(
            mine, code=code, addresses=addresses, mac=wanted_mac if changes_mac else "", notes=notes
        )

    def _before(self, subscription_id: int, addresses: dict[str, str], number: int) -> int | None:
        """The row that said something of the same address, or of the same service, before."""
        for kind, address in addresses.items():
            seen = self._address_rows.get(address) or self._service_rows.get(
                (subscription_id, kind)
            )
            if seen:
                return seen
        for kind, address in addresses.items():
            self._address_rows[address] = number
            self._service_rows[subscription_id, kind] = number
        return None

    def _held(self, outcomes: list[Outcome]) -> list[Outcome]:
        """What the rows that are fine so far would change, seen who holds what now."""
        fine = [one for one in outcomes if one.is_fine]
        own = lookups.own([one.subscription_id or 0 for one in fine])
        known = lookups.known((a, k) for one in fine for k, a in one.addresses.items())
        macs = lookups.mac_holders([one.mac for one in fine if one.mac])
        leaving = {
            (one.subscription_id, address)
            for one in fine
            for kind, address in own.get(one.subscription_id or 0, {}).items()
            if one.addresses.get(kind, address) != address
        }
        while True:
            judged = [
                _judged(one, own=own, known=known, macs=macs, leaving=leaving)
                if one.is_fine
                else one
                for one in outcomes
            ]
            moving = {one.subscription_id for one in judged if one.is_fine}
            staying = {(mine, address) for mine, address in leaving if mine not in moving}
            # Who cannot move after all keeps his address, and who wanted it does not get it.
            if not staying:
                return judged
            leaving -= staying

    def _written(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Give what is to be given; a row that somebody was faster than is told as TAKEN."""
        wishes = [
            (one, kind, address)
            for one in outcomes
            if one.code in {Code.GIVEN, Code.CHANGED}
            for kind, address in one.addresses.items()
        ]
        given = self._give(wishes)
        late = {id(one) for one, _kind, address in wishes if address not in given}
        told = [replace(one, code=Code.TAKEN) if id(one) in late else one for one in outcomes]
        self._claim([one for one in told if one.code is Code.TAKEN])
        self._set_macs([one for one in told if one.is_fine and one.mac])
        ids = [one.subscription_id for one in told if one.is_fine and one.subscription_id]
        provisioning.refresh_decisions(subscription_ids=ids, at=self.at)
        return told

    def _give(self, wishes: list[tuple[Outcome, str, str]]) -> set[str]:
        if not wishes:
            return set()
        own = lookups.own(
            [one.subscription_id or 0 for one, _kind, _address in wishes], with_id=True
        )
        known = lookups.known((address, kind) for _one, kind, address in wishes)
        kept = {(i, k): a for i, row in own.items() for k, (a, _n) in row.items()}
        changed = [w for w in wishes if kept.get((w[0].subscription_id or 0, w[1])) != w[2]]
        old = [
            own[one.subscription_id or 0][kind][1]
            for one, kind, _address in changed
            if kind in own.get(one.subscription_id or 0, {})
        ]
        in_the_way = [n for _o, _k, address in changed for n in known[address].ids]
        same = {address for one, kind, address in wishes if (one, kind, address) not in changed}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT network_ip_drop(%s::bigint[], %s)",
                [sorted({*old, *in_the_way}), self.at],
            )
            cursor.execute(
                _GIVE,
                {
                    "pools": [known[address].pool_id for _o, _k, address in changed],
                    "kinds": [kind for _o, kind, _a in changed],
                    "addresses": [address for _o, _k, address in changed],
                    "ids": [one.subscription_id for one, _k, _a in changed],
                    "at": self.at,
                },
            )
            return same | {lookups.plain(row[0]) for row in cursor.fetchall()}

    def _claim(self, taken: list[Outcome]) -> None:
        wishes = [(o.subscription_id, k, a) for o in taken for k, a in o.addresses.items()]
        if not wishes:
            return
        ids, kinds, addresses = (list(column) for column in zip(*wishes, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM,
                {
                    "ids": ids,
                    "kinds": kinds,
                    "addresses": addresses,
                    "source": self.source,
                    "at": self.at,
                },
            )

    def _set_macs(self, outcomes: list[Outcome]) -> None:
        if not outcomes:
            return
        ids = [one.subscription_id for one in outcomes]
        macs = [one.mac for one in outcomes]
        with connection.cursor() as cursor:
            cursor.execute(_MACS, {"ids": ids, "macs": macs, "at": self.at})


def portions(lines: Sequence[Line], *, since: int = 0) -> Iterator[Sequence[Line]]:
    """The rows from `since` on, 500 at a time."""
    for start in range(since, len(lines), PORTION):
        yield lines[start : start + PORTION]


def _judged(
    one: Outcome,
    *,
    own: dict[int, dict[str, Any]],
    known: dict[str, lookups.Known],
    macs: dict[str, set[int]],
    leaving: set[tuple[int | None, str]],
) -> Outcome:
    mine = one.subscription_id or 0
    notes = list(one.notes)
    if one.mac and macs.get(one.mac, set()) - {mine}:
        notes = [Note.MAC_TAKEN]
        code = Code.SAME if one.code is Code.MAC_ONLY and one.addresses else one.code
        one = replace(one, mac="", code=Code.NOTHING if not one.addresses else code)
    code, about = one.code, one.about
    for kind, address in one.addresses.items():
        fact = known[address]
        others = [h for h in fact.holders if h != mine and (h, address) not in leaving]
        if others:
            return replace(one, code=Code.TAKEN, about=str(others[0] or ""), notes=())
        if fact.is_reserved:
            return replace(one, code=Code.RESERVED, about=address, notes=())
        if fact.pool_id is None:
            notes.append(Note.OUTSIDE)
        before = own.get(mine, {}).get(kind)
        if before == address:
            continue
        code, about = (Code.CHANGED, before) if before else (Code.GIVEN, about)
    return replace(one, code=code, about=about, notes=tuple(dict.fromkeys(notes)))


def _addresses(line: Line) -> dict[str, str]:
    """Addresses of a row by kind; ValueError with the text that is none."""
    found: dict[str, str] = {}
    for column, text in (
        ("address", line.address),
        ("prefix", line.prefix),
        ("delegated", line.delegated),
    ):
        if not text:
            continue
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise ValueError(text) from error
        if network.version == 4 and network.prefixlen == 32 and column == "address":
            found[AddressKind.IPV4.value] = str(network.network_address)
        elif network.version == 6 and network.prefixlen <= 64:
            is_delegated = column == "delegated"
            kind = AddressKind.DELEGATED if is_delegated else AddressKind.IPV6_PREFIX
            found[kind.value] = str(network)
        else:
            raise ValueError(text)
        try:
            ranges.refuse_no_hosts(
                str(network.network_address), str(network.broadcast_address), field=column
            )
        except ranges.NoHostsError as error:
            raise ValueError(f"{text} (RFC 6890)") from error
    return found
