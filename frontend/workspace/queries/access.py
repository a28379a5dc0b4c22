"""Pages of identity: refusals and guests, new devices, conflicts, what Option 82 says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from billing.models import Subscription
from coverage import queries as coverage_queries
from coverage.plant import queries as plant
from crm import queries as crm_queries
from frontend.workspace import access_words
from frontend.workspace.paging import PAGE_SIZE
from network import confirmations, guests, places, port_keys, rejects
from network.models import AccessAlert, AccessCredential, GuestVisit, MacRequest, RejectLog
from network.option82 import parsing, rules


@dataclass(frozen=True, slots=True)
class Whose:
    """A service as a line shows it."""

    subscription_id: int
    customer_id: int | None
    name: str
    login: str
    address: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened to a service, or to nobody that is known."""

    id: int
    row: Any
    whose: Whose | None
    reason: Any = ""
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A conflict and the services that it is about."""

    row: AccessAlert
    whose: Sequence[Whose]
    missed: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule tried on a value: what it read, or in words why not."""

    rule: str
    reading: parsing.Reading | None
    why: Any


@dataclass(frozen=True, slots=True)
class Test:
    """What the test box shows."""

    circuit_hex: str
    remote_hex: str
    circuit_text: str | None
    remote_text: str | None
    tried: Sequence[Tried]
    reading: parsing.Reading | None
    located: plant.Located | None
    address: str


def whose(services: Iterable[Subscription | None]) -> dict[int, Whose]:
    """These services with their holders and addresses; three queries whatever their number."""
    known = {one.id: one for one in services if one is not None}
    holders = crm_queries.customers_of_accounts(
        account_ids=[one.account_id for one in known.values()]
    )
    labels = coverage_queries.address_labels(
        building_ids=[one.building_id for one in known.values()]
    )
    logins = dict(
        AccessCredential.objects.filter(subscription_id__in=known).values_list(
            "subscription_id", "login"
        )
    )
    found = {}
    for one in known.values():
        holder = holders.get(one.account_id)
        found[one.id] = Whose(
            subscription_id=one.id,
            customer_id=holder[0] if holder else None,
            name=holder[1] if holder else one.account.holder_name,
            login=logins.get(one.id, ""),
            address=labels.get(one.building_id, ""),
        )
    return found


def refusals(*, text: str, reason: str, kind: str, before: int | None) -> list[Line]:
    """Refusals and guests, the newest first, one more than a page holds."""
    rows = rejects.listed(
        text=text,
        reason=reason,
        guests={"guest": True, "refused": False}.get(kind),
        before=before,
        limit=PAGE_SIZE + 1,
    )
    return _lines(rows)


def new_macs() -> list[Line]:
    """New devices that wait for a word."""
    return _lines(confirmations.waiting_macs())


def alerts() -> list[Alert]:
    """Open conflicts."""
    rows = confirmations.open_alerts()
    known = whose(one for row in rows for one in row.subscriptions.all())
    return [
        Alert(
            row,
            [known[one.id] for one in row.subscriptions.all()],
            access_words.factors(row.missed),
        )
        for row in rows
    ]


def guest_visits() -> list[Line]:
    """Devices that were guests, the newest first."""
    return _lines(guests.visits(limit=PAGE_SIZE))


def test_of(*, circuit_hex: str, remote_hex: str) -> Test:
    """What the rules make of a value, and where in the network it comes from."""
    tried = [
        Tried(one.rule, one.reading, access_words.MISFITS.get(one.reason, one.reason))
        for one in rules.trials(circuit_hex=circuit_hex, remote_hex=remote_hex)
    ]
    located = places.located_at(circuit_hex=circuit_hex, remote_hex=remote_hex)
    address = ""
    if located is not None and located.building_id is not None:
        labels = coverage_queries.address_labels(building_ids=[located.building_id])
        address = labels.get(located.building_id, "")
    return Test(
        circuit_hex=circuit_hex,
        remote_hex=remote_hex,
        circuit_text=parsing.as_text(circuit_hex),
        remote_text=parsing.as_text(remote_hex),
        tried=tried,
        reading=next((one.reading for one in tried if one.reading), None),
        located=located,
        address=address,
    )


def line_of(*, subscription_id: int, circuit_hex: str, remote_hex: str) -> Any:
    """In words, whether a log-in from the registered port counts with another VLAN too; None where
    no port is registered."""
    if not circuit_hex:
        return None
    told = port_keys.told(circuit_hex=circuit_hex, remote_hex=remote_hex)
    if not told.keys:
        return access_words.LINE_UNREAD
    if told.is_ambiguous:
        return access_words.LINE_AMBIGUOUS
    if port_keys.sharing(subscription_id=subscription_id):
        return access_words.LINE_SHARED
    return access_words.LINE_READ


def _lines(rows: Sequence[RejectLog | MacRequest | GuestVisit]) -> list[Line]:
    known = whose(row.subscription for row in rows)
    return [
        Line(
            id=row.id,
            row=row,
            whose=known.get(row.subscription_id or 0),
            reason=access_words.REASONS.get(getattr(row, "reason", ""), ""),
            missed=access_words.factors(getattr(row, "missed", "")),
        )
        for row in rows
    ]
