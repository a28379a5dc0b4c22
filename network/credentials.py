"""A login and a password of the service's own, set by hand: what the subscriber's router has."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from network import crypto, logins, proofs, recognised
from network.models import AccessCredential, RadiusDecision
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError


class NoCredentialError(NotFoundError):
    """The service has no login: it is not an internet service, or it is not sold yet."""

    code = "no_credential"
    message = _("This service has no login.")


class BadLoginError(DomainError):
    """The text can be no login."""

    code = "bad_login"
    message = _(
        "A login has 1 to 64 Latin letters, digits and signs like . _ - @ /. Routers send spaces "
        "and other letters in different ways, and RADIUS servers read %{ and ${ as variables."
    )


class LoginTakenError(DomainError):
    """Another service has this login."""

    code = "login_taken"
    http_status = 409
    message = _("Another service has this login; upper and lower case count as the same.")


class LoginIsMacError(DomainError):
    """The login is the MAC of another service's device, which sends it as User-Name."""

    code = "login_is_mac"
    http_status = 409
    message = _(
        "This is the MAC address of another service's device, which logs in with it as its name."
    )


class BadPasswordError(DomainError):
    """The text can be no password."""

    code = "bad_password"
    message = _(
        "A password has 1 to 128 visible Latin characters without spaces: RADIUS carries no more, "
        "and routers send other letters in different ways."
    )


def set_credentials(
    *, subscription_id: int, login: str = "", password: str = "", at: datetime, actor: Actor
) -> bool:
    """Give the service this login and this password ("": as it is); whether something changed.

    Sessions that came in by the old ones are reconnected. Audited, without the password. Raises
    BadLoginError, LoginTakenError, LoginIsMacError, BadPasswordError.
    """
    wanted = checked_login(login) if login.strip() else ""
    if password and not logins.is_password(password):
        raise BadPasswordError(field="password")
    with transaction.atomic():
        credential = locked(subscription_id)
        old, told = credential.login, crypto.decrypt(credential.password_encrypted)
        values: dict[str, Any] = {}
        if wanted and wanted != old:
            _refuse_mac_of_another(subscription_id, wanted)
            values["login"] = wanted
        if password and password != told:
            values["password"] = password
        if not values:
            return False
        try:
            with transaction.atomic():
                _write(credential, values, at=at)
        except IntegrityError as error:
            raise LoginTakenError(field="login") from error
        proofs.on_credentials_changed(
            subscription_id=subscription_id, login=old, at=at, is_login_new="login" in values
        )
        if "login" in values:
            recognised.restart(subscription_ids=[subscription_id], at=at)
        audit.record(
            at=at,
            actor=actor,
            action="network.credentials.set",
            obj=("subscription", subscription_id),
            summary=values.get("login", old),
            before={"login": old},
            after={"login": values.get("login", old), "has_new_password": "password" in values},
        )
        return True


def checked_login(text: str) -> str:
    """The login as it is kept; raises BadLoginError."""
    login = logins.normalised_login(text)
    if not login:
        raise BadLoginError(field="login")
    return login


def locked(subscription_id: int) -> AccessCredential:
    """The credential, locked behind its decision, which is the mutex of a service."""
    decisions = RadiusDecision.objects.select_for_update()
    decisions.filter(subscription_id=subscription_id).first()
    found = (
        AccessCredential.objects.select_for_update().filter(subscription_id=subscription_id).first()
    )
    if found is None:
        raise NoCredentialError
    return found


def _write(credential: AccessCredential, values: Mapping[str, Any], *, at: datetime) -> None:
    kept = dict(values)
    if "password" in kept:
        kept["password_encrypted"] = crypto.encrypt(kept.pop("password"))
    # The table of logins of the fast path follows the decision by its trigger.
    AccessCredential.objects.filter(id=credential.id).update(**kept, updated_at=at)
    rows = RadiusDecision.objects.filter(subscription_id=credential.subscription_id)
    rows.update(**values, updated_at=at)


def _refuse_mac_of_another(subscription_id: int, login: str) -> None:
    mac = logins.mac_in(login)
    others = RadiusDecision.objects.exclude(subscription_id=subscription_id)
    if mac and others.filter(mac=mac).exists():
        raise LoginIsMacError(field="login")
