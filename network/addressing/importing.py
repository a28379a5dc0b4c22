"""Importing who has which address and access: each row is judged and told, nothing is dropped.

A dry run judges and writes nothing. In earnest the rows are taken in portions, one transaction
each; what cannot be given because another service holds it becomes a claim on the list of
conflicts. Running a file again changes nothing more. No running session is touched by a login, a
password, a MAC or a port that comes in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, OperationalError, connection, transaction

from network import credentials, logins, provisioning
from network.addressing import importaccess
from network.addressing import importlookups as lookups
from network.addressing.importaccess import Access, BadCellError
from network.addressing.importfile import Line
from network.addressing.importoutcome import (
    BAD,
    Code,
    Note,
    Outcome,
    access_judged,
    addresses_of,
    judged,
    mac_of,
    place_of,
)
from network.pools import is_deadlock
from project.core import audit
from project.core.actor import Actor

PORTION = 500
ATTEMPTS = 5
CREDENTIALS_SET = "network.credentials.set"


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

    def __init__(self, *, writes: bool, source: str, at: datetime, actor: Actor) -> None:
        self.writes, self.source, self.at, self.actor = writes, source[:120], at, actor
        self._address_rows: dict[str, int] = {}
        self._service_rows: dict[tuple[int, str], int] = {}
        self._said: dict[tuple[str, str | int], tuple[str | int, int]] = {}

    def take(self, lines: Sequence[Line]) -> list[Outcome]:
        """Judge these rows and, in earnest, write what is fine; one transaction."""
        with transaction.atomic():
            told = self._held(self._resolved(lines))
            return self._written(told) if self.writes else told

    def remember(self, lines: Sequence[Line]) -> None:
        """Rows that an earlier attempt has taken: repeats of them are told."""
        self._resolved(lines)

    def _resolved(self, lines: Sequence[Line]) -> list[Outcome]:
        """Whose row it is, and what it says, before anybody's addresses are looked at."""
        known = lookups.services(lines)
        return [self._read(line, known) for line in lines]

    def _read(self, line: Line, known: lookups.Services) -> Outcome:
        if line.is_torn:
            return Outcome(line, Code.BAD_ROW, about=f"{line.number}–{line.until}")
        found = lookups.rows_of(line, known)
        if len(found) != 1:
            code = Code.AMBIGUOUS if found else Code.UNKNOWN
            about = ", ".join(f"{row.login} ({row.subscription_id})" for row in found[:4])
            return Outcome(line, code, about=about)
        service = found[0]
        has = Access(service.login, service.password, service.circuit_hex, service.remote_hex)
        mine = Outcome(line, Code.NOTHING, subscription_id=service.subscription_id, has=has)
        if service.state == "TERMINATED":
            return replace(mine, code=Code.ENDED)
        try:
            mac, addresses = mac_of(line), addresses_of(line)
            access = importaccess.wanted(line, has=has)
        except BadCellError as error:
            return replace(mine, code=BAD[error.column], about=error.about)
        mine = replace(mine, addresses=addresses, says_access=bool(access))
        before = self._before(service.subscription_id, addresses, line.number)
        before = before or self._said_before(service.subscription_id, access, mac, line.number)
        if before:
            return replace(mine, code=Code.REPEATED, about=str(before))
        notes = (Note.MAC_CHANGED,) if mac and service.mac and mac != service.mac else ()
        new_mac = "" if mac == service.mac else mac
        mine = replace(mine, mac=new_mac, access=access.less(has), notes=notes)
        return replace(mine, code=mine.unaddressed)

    def _said_before(
        self, subscription_id: int, access: Access, mac: str, number: int
    ) -> int | None:
        """The row that said something else of this service's access, or gave its login or its MAC
        away, be it as a login in another spelling."""
        port = f"{access.circuit_hex} {access.remote_hex}".strip()
        says: list[tuple[tuple[str, str | int], str | int]] = [
            ((name, subscription_id), value)
            for name, value in (
                ("login of", access.login), ("password of", access.password), ("port of", port),
            )
            if value
        ]  # fmt: skip
        if access.login:
            says.append((("login", access.login), subscription_id))
        for one in sorted({*logins.macs_in(access.login), mac} - {""}):
            says.append((("mac", one), subscription_id))
        for key, value in says:
            told = self._said.get(key)
            if told and told[0] != value:
                return told[1]
        for key, value in says:
            self._said.setdefault(key, (value, number))
        return None

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
        mac_logins = credentials.mac_logins(one.mac for one in fine)
        names = importaccess.login_holders(o.access.login for o in fine if o.access.login)
        ports = importaccess.at_ports(one.port for one in fine if one.access)
        leaving = {
            (one.subscription_id, address)
            for one in fine
            for kind, address in own.get(one.subscription_id or 0, {}).items()
            if one.addresses.get(kind, address) != address
        }
        leaving |= {(o.subscription_id, place_of(o.has.login)) for o in fine if o.access.login}
        while True:
            told = [
                judged(
                    access_judged(one, names=names, ports=ports, leaving=leaving),
                    own=own,
                    known=known,
                    macs=macs,
                    mac_logins=mac_logins,
                    leaving=leaving,
                )
                if one.is_fine
                else one
                for one in outcomes
            ]
            moving = {one.subscription_id for one in told if one.is_fine}
            staying = {(mine, address) for mine, address in leaving if mine not in moving}
            # Who cannot move after all keeps what he has, and who wanted it does not get it.
            if not staying:
                return told
            leaving -= staying

    def _written(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Give what is to be given; a row that somebody was faster than is told as taken."""
        importaccess.lock([one.subscription_id or 0 for one in outcomes if one.is_fine])
        told = self._given_with_access(outcomes)
        self._claim([one for one in told if one.code is Code.TAKEN])
        self._set_macs([one for one in told if one.is_fine and one.mac])
        ids = [one.subscription_id for one in told if one.is_fine and one.subscription_id]
        provisioning.refresh_decisions(subscription_ids=ids, at=self.at)
        return told

    def _given_with_access(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Give the addresses, and write the access of the rows that have got theirs: a row goes in
        as a whole or not."""
        for left in reversed(range(ATTEMPTS)):
            try:
                with transaction.atomic():
                    told = self._given(outcomes)
                    written = [one for one in told if one.is_fine and one.access]
                    importaccess.write(
                        {one.subscription_id or 0: one.access for one in written}, at=self.at
                    )
                    self._audit(written)
                    return told
            except (IntegrityError, OperationalError) as error:
                if not left or (isinstance(error, OperationalError) and not is_deadlock(error)):
                    raise
                # Somebody took one of the logins meanwhile: see whose they are now.
                outcomes = self._held(outcomes)
        return outcomes

    def _given(self, outcomes: list[Outcome]) -> list[Outcome]:
        wishes = [
            (one, kind, address)
            for one in outcomes
            if one.code in {Code.GIVEN, Code.CHANGED}
            for kind, address in one.addresses.items()
        ]
        given = self._give(wishes)
        late = {id(one) for one, _kind, address in wishes if address not in given}
        return [replace(one, code=Code.TAKEN) if id(one) in late else one for one in outcomes]

    def _audit(self, written: list[Outcome]) -> None:
        """Each login and password that was set, without the password."""
        told = [
            audit.Told(
                ("subscription", one.subscription_id),
                one.access.login or one.has.login,
                {"login": one.has.login},
                {
                    "login": one.access.login or one.has.login,
                    "has_new_password": bool(one.access.password),
                },
            )
            for one in written
            if one.access.login or one.access.password
        ]
        audit.record_all(at=self.at, actor=self.actor, action=CREDENTIALS_SET, told=told)

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
