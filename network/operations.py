"""Writing of provisioning: BRASes, access parameters, passwords."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from network import (
    confirmations,
    credentials,
    crypto,
    port_keys,
    proofs,
    provisioning,
    recognised,
    rejects,
    sessions,
    wishes,
)
from network.identifiers import normalised_mac
from network.models import AccessAction, AccessCredential, Nas, RadiusDecision
from network.vendors.registry import drivers
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

REJECTS_KEPT_DAYS = 30


class BadSecretError(DomainError):
    """A RADIUS secret that a BRAS or FreeRADIUS would read differently from us."""

    code = "bad_secret"
    message = _("A secret is 8 to 64 visible ASCII characters without spaces.")


class UnknownVendorError(DomainError):
    """There is no driver of that name."""

    code = "unknown_vendor"
    message = _("There is no driver for this kind of access server.")


class BadMacError(DomainError):
    """The text is no MAC address."""

    code = "bad_mac"
    message = _("This is not a MAC address.")


def reveal_password(*, subscription_id: int, at: datetime, actor: Actor) -> str:
    """The service's password in clear text, to be read to its owner; the look is audited."""
    with transaction.atomic():
        credential = credentials.locked(subscription_id)
        audit.record(
            at=at,
            actor=actor,
            action="network.password.revealed",
            obj=("subscription", subscription_id),
            summary=f"Password of {credential.login} shown",
        )
        return crypto.decrypt(credential.password_encrypted)


def reset_password(*, subscription_id: int, at: datetime, actor: Actor) -> str:
    """A new random password; a session that came in by the old one is reconnected. Audited."""
    with transaction.atomic():
        credential = credentials.locked(subscription_id)
        password = provisioning.generated_password()
        credentials.write(subscription_id, password=password, at=at)
        proofs.on_credentials_changed(
            subscription_id=subscription_id, login=credential.login, at=at
        )
        audit.record(
            at=at,
            actor=actor,
            action="network.password.reset",
            obj=("subscription", subscription_id),
            summary=f"New password for {credential.login}",
        )
        return password


def set_equipment(
    *,
    subscription_id: int,
    mac: str,
    circuit_hex: str = "",
    remote_hex: str = "",
    at: datetime,
    actor: Actor,
) -> None:
    """Register the MAC and the switch port (Option 82, hex) of a service; a session that runs on
    the old ones is reconnected, and that of a stranger who waits on the new ones. Audited.
    Raises BadMacError, MacIsLoginError."""
    normalised = normalised_mac(mac)
    if mac.strip() and not normalised:
        raise BadMacError(field="mac", mac=mac)
    new = {"mac": normalised, "circuit_hex": circuit_hex.lower(), "remote_hex": remote_hex.lower()}
    with transaction.atomic():
        credential = credentials.locked(subscription_id)
        if normalised != credential.mac:
            credentials.refuse_login_of_another(subscription_id, normalised)
        before = {name: getattr(credential, name) for name in new}
        AccessCredential.objects.filter(id=credential.id).update(**new, updated_at=at)
        RadiusDecision.objects.filter(subscription_id=subscription_id).update(**new, updated_at=at)
        port_keys.refresh(ids=[subscription_id])
        wishes.on_equipment_changed(
            subscription_id=subscription_id, before=before, after=new, at=at
        )
        behind = port_keys.left_behind(subscription_id=subscription_id, before=before, after=new)
        kind = AccessAction.Kind.DISCONNECT
        wishes.wish(sessions=behind, at=at, cause=wishes.EQUIPMENT, kind=kind)
        recognised.restart(subscription_ids=[subscription_id], at=at)
        confirmations.mac_was_registered(subscription_id=subscription_id, mac=normalised, at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.equipment.set",
            obj=("subscription", subscription_id),
            summary=f"Equipment of {credential.login}",
            before=before,
            after=new,
        )


def is_good_secret(secret: str) -> bool:
    """Whether a BRAS and FreeRADIUS read this secret as we do."""
    visible = secret.isascii() and secret.isprintable() and " " not in secret
    return 8 <= len(secret) <= 64 and visible


def save_nas(
    *,
    name: str,
    address: str,
    vendor: str,
    secret: str,
    at: datetime,
    actor: Actor,
    coa_port: int = 3799,
    requires_message_authenticator: bool = False,
) -> Nas:
    """Register a BRAS, or change the one with this address. Audited, without the secret."""
    if vendor not in drivers():
        raise UnknownVendorError(field="vendor", vendor=vendor)
    if not is_good_secret(secret):
        raise BadSecretError(field="secret")
    values = {
        "name": name,
        "vendor": vendor,
        "coa_port": coa_port,
        "requires_message_authenticator": requires_message_authenticator,
    }
    with transaction.atomic():
        nas, created = Nas.objects.update_or_create(
            address=address,
            defaults={**values, "secret_encrypted": crypto.encrypt(secret), "retired_at": None},
            create_defaults={
                **values,
                "secret_encrypted": crypto.encrypt(secret),
                "created_at": at,
            },
        )
        audit.record(
            at=at,
            actor=actor,
            action="network.nas.added" if created else "network.nas.changed",
            obj=("nas", nas.id),
            summary=f"{name} ({address})",
            after=values,
        )
        return nas


def reap_sessions(*, at: datetime) -> tuple[int, int]:
    """Suspect and close sessions that are not heard of; gives (suspected, closed)."""
    return sessions.reap(at=at)


def forget_rejects(*, before: datetime) -> int:
    """Delete refusals that are older; gives how many."""
    return rejects.forget(before=before)


def refresh_access(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """Decide these services anew (the same as billing's hook does)."""
    provisioning.refresh_decisions(subscription_ids=subscription_ids, at=at)
