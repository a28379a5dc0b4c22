"""Access servers (BRAS, NAS): their cards, secrets, and whether they can be reached."""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from network import crypto, intervals, readiness, wishes
from network.models import Nas, Session
from network.operations import BadSecretError, UnknownVendorError, is_good_secret
from network.radius import dynauth
from network.radius.dynauth import Outcome
from network.vendors.driver import ReplyAttribute, identification
from network.vendors.places import session_values
from network.vendors.registry import CAPABILITIES, driver_for, drivers
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

NAME_LENGTH = 80
NO_SUCH_SESSION = "geobill-reachability-check"


class NasNotFoundError(NotFoundError):
    """There is no such access server."""

    code = "nas_not_found"
    message = _("There is no such access server.")


class BadNasError(DomainError):
    """A field of the card cannot be so."""

    code = "bad_nas"
    message = _("Check the fields of the access server.")


class BadNasAddressError(BadNasError):
    """The text is no IP address."""

    code = "bad_nas_address"
    message = _("Write one IPv4 or IPv6 address.")


class NasExistsError(BadNasError):
    """Another access server has this name or address."""

    code = "nas_exists"
    message = _("Another access server has this name or address.")


class NasBusyError(DomainError):
    """Sessions still run on it."""

    code = "nas_busy"
    message = _("Sessions still run on this access server. End them or move them first.")


@dataclass(frozen=True, slots=True)
class Card:
    """What is written on the card of an access server. `secret` "" keeps the one that is there;
    `interim_s` None is as usual; `capabilities` overrules single flags of the driver; `point` is
    (longitude, latitude)."""

    name: str
    address: str
    vendor: str
    secret: str = ""
    coa_port: int = 3799
    requires_message_authenticator: bool = False
    on_refusal: str = Nas.OnRefusal.DISCONNECT.value
    in_flight_max: int = dynauth.IN_FLIGHT_MAX
    only_watched: bool = False
    ends_unknown: bool = False
    interim_s: int | None = None
    capabilities: dict[str, bool] = field(default_factory=dict)
    point: tuple[float, float] | None = None


def save(*, nas_id: int | None, card: Card, at: datetime, actor: Actor) -> Nas:
    """A new access server, or another card of one that is there. Audited, without the secret."""
    _check(card, is_new=nas_id is None)
    values: dict[str, Any] = {
        "name": card.name.strip(),
        "address": str(ipaddress.ip_address(card.address.strip())),
        "vendor": card.vendor,
        "coa_port": card.coa_port,
        "requires_message_authenticator": card.requires_message_authenticator,
        "on_refusal": card.on_refusal,
        "in_flight_max": card.in_flight_max,
        "only_watched": card.only_watched,
        "ends_unknown": card.ends_unknown,
        "interim_s": card.interim_s,
        "capabilities": {one: card.capabilities[one] for one in sorted(card.capabilities)},
    }
    told = {**values, "point": card.point and list(card.point)}
    kind = ""
    try:
        with transaction.atomic():
            before = None
            if nas_id is None:
                nas = Nas(created_at=at, secret_encrypted=crypto.encrypt(card.secret))
            else:
                nas = _nas(nas_id)
                before, kind = {name: getattr(nas, name) for name in values}, nas.kind
            intervals.remember(nas, interim_s=card.interim_s, at=at)
            for name, value in values.items():
                setattr(nas, name, value)
            nas.point = Point(*card.point, srid=4326) if card.point else None
            if card.secret and nas_id is not None:
                nas.secret_encrypted = crypto.encrypt(card.secret)
            nas.save()
            nas.refresh_from_db(fields=["kind"])
            if nas.only_watched:
                wishes.take_back(nas_id=nas.id, at=at)
            audit.record(
                at=at,
                actor=actor,
                action="network.nas.added" if before is None else "network.nas.changed",
                obj=("nas", nas.id),
                summary=f"{nas.name} ({nas.address})",
                before=before,
                after=told,
            )
            if nas.kind != kind and not nas.retired_at and not readiness.is_shared(nas):
                readiness.begin(nas=nas, at=at, actor=actor)
            return nas
    except IntegrityError as error:
        raise NasExistsError(field="address") from error


def reveal_secret(*, nas_id: int, at: datetime, actor: Actor) -> str:
    """The RADIUS secret in clear text, to be typed into the access server; the look is audited."""
    with transaction.atomic():
        nas = _nas(nas_id)
        audit.record(
            at=at,
            actor=actor,
            action="network.nas.secret_shown",
            obj=("nas", nas.id),
            summary=f"Secret of {nas.name} shown",
        )
        return crypto.decrypt(nas.secret_encrypted)


def retire(*, nas_id: int, at: datetime, actor: Actor) -> None:
    """It serves nobody any more: its packets are not answered. Audited. NasBusyError."""
    with transaction.atomic():
        nas = _nas(nas_id)
        if Session.objects.filter(nas_id=nas_id, state=Session.State.OPEN).exists():
            raise NasBusyError
        Nas.objects.filter(id=nas_id, retired_at=None).update(retired_at=at)
        _note(nas, action="network.nas.retired", at=at, actor=actor)


def restore(*, nas_id: int, at: datetime, actor: Actor) -> None:
    """A retired access server serves again. Audited."""
    with transaction.atomic():
        nas = _nas(nas_id)
        Nas.objects.filter(id=nas_id).update(retired_at=None)
        if nas.retired_at and not readiness.is_shared(nas):
            readiness.begin(nas=nas, at=at, actor=actor)
        _note(nas, action="network.nas.restored", at=at, actor=actor)


def check(*, nas_id: int, at: datetime) -> Nas:
    """Ask the access server whether it hears us, and store the answer.

    Status-Server first (RFC 5997); most BRASes do not know it, so then a Disconnect for a session
    that cannot be there: any genuine answer, mostly a NAK, proves address, port and secret.
    """
    nas = _nas(nas_id, lock=False)
    peer = dynauth.Peer(
        address=nas.address,
        port=nas.coa_port,
        secret=crypto.decrypt(nas.secret_encrypted),
        message_authenticator=nas.requires_message_authenticator,
    )
    verdict, result = dynauth.status(peer), Nas.Check.STATUS
    if verdict.outcome is Outcome.TIMED_OUT:
        verdict = dynauth.ask(peer, code=dynauth.Code.DISCONNECT, attributes=_nobody(nas))
        result = Nas.Check.SESSION
    if verdict.outcome is Outcome.TIMED_OUT:
        result = Nas.Check.SILENT
    nas.checked_at, nas.check_result = at, result
    nas.check_ms = None if result == Nas.Check.SILENT else verdict.took_ms
    nas.save(update_fields=["checked_at", "check_result", "check_ms"])
    return nas


def _nobody(nas: Nas) -> list[ReplyAttribute]:
    values = session_values(
        acct_session_id=NO_SUCH_SESSION,
        login=NO_SUCH_SESSION,
        framed_ip=None,
        nas_ip=nas.address if ":" not in nas.address else None,
        mac="",
    )
    return identification(driver_for(nas), values)


def _check(card: Card, *, is_new: bool) -> None:
    if not 1 <= len(card.name.strip()) <= NAME_LENGTH or not card.name.isprintable():
        raise BadNasError(field="name")
    try:
        ipaddress.ip_address(card.address.strip())
    except ValueError as error:
        raise BadNasAddressError(field="address") from error
    if "%" in card.address:  # fe80::1%eth0 is an address only beside that interface
        raise BadNasAddressError(field="address")
    if card.vendor not in drivers():
        raise UnknownVendorError(field="vendor", vendor=card.vendor)
    if (is_new or card.secret) and not is_good_secret(card.secret):
        raise BadSecretError(field="secret")
    if not 1 <= card.coa_port <= 65_535:
        raise BadNasError(field="coa_port")
    if not 1 <= card.in_flight_max <= dynauth.IN_FLIGHT_MAX:
        raise BadNasError(field="in_flight_max")
    if card.interim_s is not None and not (
        intervals.SHORTEST_S <= card.interim_s <= intervals.LONGEST_S
    ):
        raise BadNasError(field="interim_s")
    if card.on_refusal not in Nas.OnRefusal.values or set(card.capabilities) - set(CAPABILITIES):
        raise BadNasError(field="on_refusal")
    if card.point and not (-180 <= card.point[0] <= 180 and -90 <= card.point[1] <= 90):
        raise BadNasError(field="point")


def _nas(nas_id: int, *, lock: bool = True) -> Nas:
    rows = Nas.objects.select_for_update() if lock else Nas.objects
    found = rows.filter(id=nas_id).first()
    if found is None:
        raise NasNotFoundError
    return found


def _note(nas: Nas, *, action: str, at: datetime, actor: Actor) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=action,
        obj=("nas", nas.id),
        summary=f"{nas.name} ({nas.address})",
    )


def card_of(*, nas_id: int) -> Nas:
    """The access server; NasNotFoundError."""
    return _nas(nas_id, lock=False)
