"""How services are told apart: by service, zone, BRAS, or everywhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import Zone
from network import places, proofs, wishes
from network.models import AccessCredential, AccessMode, Nas, RadiusDecision
from network.models.access import Mode
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

SESSIONS_MAX = 100

# The services of a zone that have no mode of their own.
_LOCK = """
SELECT subscription_id FROM radius_decision WHERE zone_id = %(zone)s
ORDER BY subscription_id FOR UPDATE
"""
_ZONE = """
UPDATE radius_decision d SET mode = %(mode)s, updated_at = %(at)s
FROM network_accesscredential c
WHERE d.zone_id = %(zone)s AND c.subscription_id = d.subscription_id AND c.mode = ''
  AND d.mode <> %(mode)s
"""


class UnknownModeError(DomainError):
    """There is no such way to tell services apart."""

    code = "access_mode"
    message = _("There is no such mode.")


class UnknownPlaceError(NotFoundError):
    """The zone, BRAS or service is not there."""

    code = "access_mode_place"
    message = _("This place is not there (any more).")


class SessionsLimitError(DomainError):
    """The number of sessions is out of range."""

    code = "sessions_max"
    message = _("From 1 to 100 devices, or nothing.")


@dataclass(frozen=True, slots=True)
class Setting:
    """A mode and where it holds; both names empty: everywhere else."""

    mode: str
    zone_id: int | None = None
    zone_name: str = ""
    nas_id: int | None = None
    nas_name: str = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """How many sessions came in another way than a mode; with `looked_at` of so many only, the
    first ones of the place."""

    number: int
    looked_at: int = 0


def default_mode() -> str:
    """What holds where nothing else is said."""
    row = AccessMode.objects.filter(zone=None, nas=None).first()
    return row.mode if row else Mode.AUTO.value


def settings_of_places() -> list[Setting]:
    """The modes of zones and of BRASes, by name."""
    rows = AccessMode.objects.exclude(zone=None, nas=None).select_related("zone", "nas")
    found = [
        Setting(
            mode=row.mode,
            zone_id=row.zone_id,
            zone_name=row.zone.name if row.zone else "",
            nas_id=row.nas_id,
            nas_name=row.nas.name if row.nas else "",
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.nas_name, one.zone_name))


def set_mode(
    *,
    mode: str,
    at: datetime,
    actor: Actor,
    zone_id: int | None = None,
    nas_id: int | None = None,
    reconnects: bool = False,
) -> Reached:
    """Set the mode of a zone, of a BRAS or (neither) of all; "" takes a place's own mode away.

    The services of a zone follow in this transaction. Gives how many sessions run there that came
    in another way (`proofs.in_another_way`); with `reconnects` they are reconnected, as fast as
    each BRAS takes it, else they go on. Audited.
    """
    is_default = zone_id is None and nas_id is None
    if mode not in Mode.values and (mode or is_default):
        raise UnknownModeError(field="mode")
    with transaction.atomic():
        name = _place_name(zone_id=zone_id, nas_id=nas_id)
        place: dict[str, Any] = {"zone_id": zone_id, "nas_id": nas_id}
        rows = AccessMode.objects.select_for_update().filter(**place)
        before = rows.first()
        before_mode = before.mode if before else ""
        if not mode:
            rows.delete()
        elif before is None:
            AccessMode.objects.create(mode=mode, zone_id=zone_id, nas_id=nas_id, changed_at=at)
        else:
            rows.update(mode=mode, changed_at=at)
        if zone_id is not None:
            with connection.cursor() as cursor:
                cursor.execute(_LOCK, {"zone": zone_id})
                cursor.execute(_ZONE, {"mode": mode, "zone": zone_id, "at": at})
        audit.record(
            at=at,
            actor=actor,
            action="network.mode.set",
            obj=("zone", zone_id) if zone_id else ("nas", nas_id or 0),
            summary=name,
            before={"mode": before_mode},
            after={"mode": mode, **({"reconnects": True} if reconnects else {})},
        )
        strays = proofs.in_another_way(zone_id=zone_id, nas_id=nas_id)
        if reconnects:
            sessions = strays.sessions
            wishes.wish(sessions=sessions, at=at, cause=wishes.MODE, kind=proofs.DISCONNECT)
        return Reached(
            len(strays.sessions), looked_at=0 if strays.is_whole else proofs.LOOKED_AT_MAX
        )


def set_parameters(
    *,
    subscription_id: int,
    mode: str,
    sessions_max: int | None,
    at: datetime,
    actor: Actor,
) -> None:
    """Set how one service is told ("": as its place says) and how many devices may be online at
    once (None: as everywhere); a session that would be told otherwise is reconnected. Audited."""
    if mode and mode not in Mode.values:
        raise UnknownModeError(field="mode")
    if sessions_max is not None and not 1 <= sessions_max <= SESSIONS_MAX:
        raise SessionsLimitError(field="sessions_max")
    with transaction.atomic():
        decisions = RadiusDecision.objects.filter(subscription_id=subscription_id)
        was = decisions.select_for_update().first()
        if was is None:
            raise UnknownPlaceError
        credential = AccessCredential.objects.get(subscription_id=subscription_id)
        before = {"mode": credential.mode, "sessions_max": credential.sessions_max}
        after = {"mode": mode, "sessions_max": sessions_max}
        AccessCredential.objects.filter(id=credential.id).update(**after, updated_at=at)
        with connection.cursor() as cursor:
            places.refresh(cursor, ids=[subscription_id], at=at)
        proofs.on_mode_changed(
            subscription_id=subscription_id,
            before=was.mode,
            after=decisions.values_list("mode", flat=True)[0],
            at=at,
        )
        audit.record(
            at=at,
            actor=actor,
            action="network.access_parameters.set",
            obj=("subscription", subscription_id),
            summary=credential.login,
            before=before,
            after=after,
        )


def _place_name(*, zone_id: int | None, nas_id: int | None) -> str:
    if zone_id is not None:
        zone = Zone.objects.filter(id=zone_id).first()
        if zone is None:
            raise UnknownPlaceError(field="zone_id")
        return zone.name
    if nas_id is not None:
        nas = Nas.objects.filter(id=nas_id).first()
        if nas is None:
            raise UnknownPlaceError(field="nas_id")
        return nas.name
    return ""
