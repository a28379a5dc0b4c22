"""Addresses that wait for a pin: a person pins one, writes it right, or puts it aside."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.addresses import House, StreetName
from coverage.addressfiles import unplaced
from coverage.addressfiles.tablerows import read_row
from coverage.importers.localities import LocalityFinder
from coverage.importers.streets import StreetBook
from coverage.models import AdminUnit, Street, UnplacedAddress
from coverage.placing import operations as placing
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

PAGE_ROWS = 50


class UnknownAddressError(NotFoundError):
    """No such address waits."""

    code = "unknown_unplaced_address"
    message = _("This address does not wait for a pin any more.")


class BadAddressError(DomainError):
    """The address as written can't be placed; `field` is "address" or "locality"."""

    code = "bad_unplaced_address"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A page of addresses that wait, oldest first; `before` them there are none."""

    rows: list[UnplacedAddress]
    total: int
    counts: dict[str, int]
    next_id: int | None


def waiting(*, reason: str = "", after_id: int = 0) -> Waiting:
    """A page of what waits, after the address of that id; `counts` by reason."""
    open_rows = UnplacedAddress.objects.filter(settled_at__isnull=True)
    counts: dict[str, int] = {}
    for code in open_rows.values_list("reason", flat=True):
        counts[code] = counts.get(code, 0) + 1
    rows = open_rows.filter(id__gt=after_id).select_related("locality", "street")
    if reason:
        rows = rows.filter(reason=reason)
    found = list(rows.order_by("id")[: PAGE_ROWS + 1])
    more = len(found) > PAGE_ROWS
    shown = found[:PAGE_ROWS]
    return Waiting(shown, sum(counts.values()), counts, shown[-1].id if more else None)


def pin(
    *,
    address_id: int,
    lon: float,
    lat: float,
    address: str,
    actor: Actor,
    at: datetime,
    confirmed: bool = False,
) -> int:
    """Make a building at the pin with this address; its id.

    `address` is what the person leaves or writes in the field ("вул. Бучми, 42"). All waiting rows
    of the same address are settled with it. Raises UnknownAddressError, BadAddressError and what
    `placing.create_building` raises.
    """
    with transaction.atomic():
        row = _locked(address_id)
        street, house = _read(row, address, lon=lon, lat=lat)
        done = placing.create_building(
            lon=lon,
            lat=lat,
            actor=actor,
            at=at,
            values=_values(row, street, house),
            confirmed=confirmed,
        )
        row.building_id, row.settled_at = done.building_id, at
        row.street, row.number = street, house.canonical
        row.save(update_fields=["building", "settled_at", "street", "number"])
        unplaced.settle(at=at)
    return done.building_id


def put_aside(*, address_id: int, actor: Actor, at: datetime) -> None:
    """A person says that nothing shall come of this row; it is kept, settled."""
    with transaction.atomic():
        row = _locked(address_id)
        row.settled_at = at
        row.save(update_fields=["settled_at"])
        audit.record(
            at=at, actor=actor, action="coverage.unplaced_address.put_aside",
            obj=("unplaced_address", row.id), summary=row.text[:200],
        )  # fmt: skip


def suggested(row: UnplacedAddress) -> str:
    """The address as far as it was understood, else as written without the settlement."""
    if row.street is not None:
        street = _standing(row.street)
        return f"{street.type} {street.name}, {row.number or ''}".strip(" ,")
    return row.text


def _locked(address_id: int) -> UnplacedAddress:
    row = (
        UnplacedAddress.objects.select_for_update(of=("self",))
        .select_related("locality", "street")
        .filter(id=address_id, settled_at__isnull=True)
        .first()
    )
    if row is None:
        raise UnknownAddressError
    return row


def _read(row: UnplacedAddress, address: str, *, lon: float, lat: float) -> tuple[Street, House]:
    read = read_row(row.row, {"address": address[:300]})
    if read.street is None:
        raise BadAddressError(_("Write the street and the house."), field="address")
    if read.house is None:
        raise BadAddressError(_("Write one house number."), field="address")
    locality = row.locality or placing_locality(lon=lon, lat=lat)
    if locality is None:
        text = _("The pin lies in no known settlement.")
        raise BadAddressError(text, field="place")
    return _street(locality, read.street), read.house


def placing_locality(*, lon: float, lat: float) -> AdminUnit | None:
    """The settlement whose boundary contains the place."""
    found = LocalityFinder().find(shapely.Point(lon, lat))
    return AdminUnit.objects.get(id=found.unit_id) if found is not None else None


def _street(locality: AdminUnit, name: StreetName) -> Street:
    book = StreetBook(locality.id)
    streets = book.find(name)
    if len(streets) == 1:
        return _standing(streets[0])
    if streets:
        raise BadAddressError(
            _("Several streets have this name here: write the type."), field="address"
        )
    if not name.type:
        text = _("There is no such street here; with its type written it is added.")
        raise BadAddressError(text, field="address")
    return book.get_or_create(name, source="PIN")


def _standing(street: Street) -> Street:
    """The street that took over a merged one."""
    return street.merged_into or street


def _values(row: UnplacedAddress, street: Street, house: House) -> dict[str, Any]:
    values: dict[str, Any] = {"street_id": street.id, "number": house.canonical}
    if row.flats is not None:
        values["flats"] = row.flats
    if row.levels is not None:
        values["levels"] = row.levels
    return values
