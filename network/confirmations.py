"""What people must look at: new MACs that wait for a word, and conflicts of identity."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from network import credentials, recognised, wishes
from network.identity import Identity
from network.models import AccessAlert, AccessCredential, MacRequest, RadiusDecision
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

CONFLICT = "CONFLICT"
QUIET = timedelta(days=7)
WAITING_PER_SERVICE_MAX = 10

_ASK = """
INSERT INTO network_macrequest AS m
    (subscription_id, mac, by_port, state, nas_address, first_at, last_at, times)
SELECT %(subscription)s, %(mac)s, %(by_port)s, 'WAITING', %(nas)s::inet, %(at)s, %(at)s, 1
WHERE (SELECT count(*) FROM network_macrequest x
       WHERE x.subscription_id = %(subscription)s AND x.state = 'WAITING') < %(most)s
ON CONFLICT (subscription_id, mac) DO UPDATE
SET last_at = EXCLUDED.last_at, times = m.times + 1, nas_address = EXCLUDED.nas_address,
    by_port = m.by_port OR EXCLUDED.by_port,
    state = CASE WHEN m.state = 'CONFIRMED' THEN 'WAITING' ELSE m.state END,
    decided_at = CASE WHEN m.state = 'CONFIRMED' THEN NULL ELSE m.decided_at END
"""

_ALERT = """
INSERT INTO network_accessalert AS a
    (kind, login, mac, circuit_hex, remote_hex, nas_address, missed, first_at, last_at, times)
VALUES (%(kind)s, %(login)s, %(mac)s, %(circuit)s, %(remote)s, %(nas)s::inet, %(missed)s,
        %(at)s, %(at)s, 1)
ON CONFLICT (kind, login, mac, circuit_hex, remote_hex) WHERE closed_at IS NULL DO UPDATE
SET last_at = EXCLUDED.last_at, times = a.times + 1, nas_address = EXCLUDED.nas_address
RETURNING id, times
"""


class UnknownMacRequestError(NotFoundError):
    """There is no such request."""

    code = "mac_request_unknown"
    message = _("This request is not there (any more).")


class MacDecidedError(DomainError):
    """Somebody was faster."""

    code = "mac_request_decided"
    http_status = 409
    message = _("This has been decided already.")


def ask_for_mac(
    *,
    subscription_id: int,
    mac: str,
    by_port: bool,
    nas_address: str | None,
    at: datetime,
) -> None:
    """Note that a new MAC showed up for a service; the same one again only counts up."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ASK,
            {
                "subscription": subscription_id,
                "mac": mac,
                "by_port": by_port,
                "nas": nas_address,
                "at": at,
                "most": WAITING_PER_SERVICE_MAX,
            },
        )


def waiting_macs(*, limit: int = 200) -> list[MacRequest]:
    """New MACs that wait for a word, the newest first."""
    return list(
        MacRequest.objects.filter(state=MacRequest.State.WAITING)
        .select_related("subscription__credential", "subscription__account")
        .order_by("-last_at")[:limit]
    )


def waiting_macs_of(*, subscription_ids: Iterable[int]) -> list[MacRequest]:
    """New MACs of these services that wait, the newest first: for the card and self-service."""
    return list(
        MacRequest.objects.filter(
            subscription_id__in=list(subscription_ids), state=MacRequest.State.WAITING
        ).order_by("-last_at")
    )


def waiting_count() -> int:
    """How much waits for somebody: new MACs and open alerts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM network_macrequest WHERE state = 'WAITING')"
            " + (SELECT count(*) FROM network_accessalert WHERE closed_at IS NULL)"
        )
        return int(cursor.fetchone()[0])


def confirm_mac(*, request_id: int, at: datetime, actor: Actor) -> None:
    """The new MAC is the subscriber's: register it, have its guest session made full, and end what
    runs on the old one. Audited.

    Called for an operator, and for the subscriber himself in self-service. Raises
    UnknownMacRequestError, MacDecidedError, MacIsLoginError.
    """
    with transaction.atomic():
        asked = MacRequest.objects.filter(id=request_id).first()
        if asked is None:
            raise UnknownMacRequestError
        # Decision, credential, request: the order in which everybody locks.
        credential = credentials.locked(asked.subscription_id)
        row = _decide(request_id, state=MacRequest.State.CONFIRMED, at=at)
        credentials.refuse_login_of_another(row.subscription_id, row.mac)
        before = credential.mac
        AccessCredential.objects.filter(id=credential.id).update(mac=row.mac, updated_at=at)
        RadiusDecision.objects.filter(subscription_id=row.subscription_id).update(
            mac=row.mac, updated_at=at
        )
        audit.record(
            at=at,
            actor=actor,
            action="network.mac.confirmed",
            obj=("subscription", row.subscription_id),
            summary=credential.login,
            before={"mac": before},
            after={"mac": row.mac},
        )
        port = {"circuit_hex": credential.circuit_hex, "remote_hex": credential.remote_hex}
        wishes.on_equipment_changed(
            subscription_id=row.subscription_id,
            before={"mac": before, **port},
            after={"mac": row.mac, **port},
            at=at,
        )
        recognised.restart(subscription_ids=[row.subscription_id], at=at)


def decline_mac(*, request_id: int, at: datetime, actor: Actor) -> None:
    """It is not the subscriber's; it stays a guest and is not asked about again. Audited."""
    with transaction.atomic():
        row = _decide(request_id, state=MacRequest.State.DECLINED, at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.mac.declined",
            obj=("subscription", row.subscription_id),
            summary=row.mac,
        )


def mac_was_registered(*, subscription_id: int, mac: str, at: datetime) -> None:
    """A MAC was registered by other means: what waited for it is settled."""
    MacRequest.objects.filter(
        subscription_id=subscription_id, mac=mac, state=MacRequest.State.WAITING
    ).update(state=MacRequest.State.CONFIRMED, decided_at=at)


def raise_alert(
    *,
    identity: Identity,
    missed: str,
    subscription_ids: Iterable[int],
    nas_address: str | None,
    at: datetime,
) -> None:
    """Factors lead to several services: an alert for operators; the same one only counts up."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _ALERT,
            {
                "kind": CONFLICT,
                "login": identity.login,
                "mac": identity.mac,
                "circuit": identity.circuit_hex,
                "remote": identity.remote_hex,
                "nas": nas_address,
                "missed": missed,
                "at": at,
            },
        )
        alert_id, times = cursor.fetchone()
        if times == 1:
            AccessAlert.objects.get(id=alert_id).subscriptions.set(list(subscription_ids))


def open_alerts(*, limit: int = 200) -> list[AccessAlert]:
    """Alerts that nobody has closed, the newest first."""
    return list(
        AccessAlert.objects.filter(closed_at=None)
        .prefetch_related("subscriptions__credential", "subscriptions__account")
        .order_by("-last_at")[:limit]
    )


def close_alert(*, alert_id: int, at: datetime, actor: Actor) -> None:
    """It was looked at. Should it happen again, there will be a new one. Audited."""
    with transaction.atomic():
        closed = AccessAlert.objects.filter(id=alert_id, closed_at=None).update(closed_at=at)
        if not closed:
            known = AccessAlert.objects.filter(id=alert_id).exists()
            raise MacDecidedError if known else UnknownMacRequestError
        audit.record(
            at=at,
            actor=actor,
            action="network.alert.closed",
            obj=("accessalert", alert_id),
            summary=CONFLICT,
        )


def close_quiet_alerts(*, at: datetime) -> int:
    """Close what has not come back for a week; gives how many."""
    return AccessAlert.objects.filter(closed_at=None, last_at__lt=at - QUIET).update(closed_at=at)


def _decide(request_id: int, *, state: str, at: datetime) -> MacRequest:
    row = MacRequest.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        raise UnknownMacRequestError
    if row.state != MacRequest.State.WAITING:
        raise MacDecidedError
    row.state = state
    row.decided_at = at
    row.save(update_fields=["state", "decided_at"])
    return row
