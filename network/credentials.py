"""A login and a password of the service's own, set by hand: what the subscriber's router has."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from network import crypto, logins, proofs, recognised, secretwrites
from network.models import AccessCredential, RadiusDecision
from network.pools import is_deadlock
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError, NotPermittedError
from project.core.models import User
from project.core.roles import Permission

ATTEMPTS = 3
# Either lets staff set logins and passwords: by hand, anew at random, from a file.
PERMISSIONS = (Permission.CUSTOMERS_EDIT, Permission.NETWORK_EDIT)

_WRITE = """
WITH kept AS (
    UPDATE network_accesscredential
    SET login = COALESCE(%(login)s::text, login),
        password_encrypted = COALESCE(%(token)s::bytea, password_encrypted), updated_at = %(at)s
    WHERE subscription_id = %(id)s
)
UPDATE radius_decision
SET login = COALESCE(%(login)s::text, login), password = COALESCE(%(password)s::text, password),
    updated_at = %(at)s
WHERE subscription_id = %(id)s
"""
# Its index is of logins that may be a MAC only.
_MAC_LOGINS = """
SELECT login, subscription_id FROM network_accesscredential
WHERE length(regexp_replace(login, '[^0-9a-f]', '', 'g')) BETWEEN 12 AND 14
  AND regexp_replace(login, '[^0-9a-f]', '', 'g') = ANY(%(digits)s)
"""


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


class MacIsLoginError(DomainError):
    """The MAC is the login of another service, whose device sends it as User-Name."""

    code = "mac_is_login"
    http_status = 409
    message = _("This MAC address is the login of another service: %(login)s.")


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
    BadLoginError, LoginTakenError, LoginIsMacError, MacIsLoginError, BadPasswordError.
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
        _written(subscription_id, values, at=at)
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


def require(actor: Actor) -> None:
    """Raises NotPermittedError where this member of staff may set no logins and passwords."""
    if actor.user_id is not None:
        user = User.objects.get(id=actor.user_id)
        if not any(user.may(one) for one in PERMISSIONS):
            raise NotPermittedError


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


def write(subscription_id: int, *, login: str = "", password: str = "", at: datetime) -> None:
    """Write the login and the password ("": as it is) of a service that is locked."""
    values = {
        "id": subscription_id,
        "login": login or None,
        "password": password or None,
        "token": crypto.encrypt(password) if password else None,
        "at": at,
    }
    # The table of logins of the fast path follows the decision by its trigger.
    secretwrites.execute(_WRITE, values)


def _written(subscription_id: int, values: Mapping[str, Any], *, at: datetime) -> None:
    """Write it; of two that wait for each other's login PostgreSQL ends one, which tries again."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with transaction.atomic():
                write(subscription_id, **values, at=at)
                return
        except IntegrityError as error:
            raise LoginTakenError(field="login") from error
        except OperationalError as error:
            if not (left and is_deadlock(error)):
                raise


def mac_logins(macs: Iterable[str]) -> dict[str, dict[int, str]]:
    """Which services have one of these MACs as their login, however it is spelt there, by MAC."""
    wanted = sorted(set(macs) - {""})
    found: dict[str, dict[int, str]] = {}
    if not wanted:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_MAC_LOGINS, {"digits": [*wanted, *(f"1{one}" for one in wanted),
                                                *(f"01{one}" for one in wanted)]})  # fmt: skip
        for login, subscription_id in cursor.fetchall():
            for mac in logins.macs_in(login):
                found.setdefault(mac, {})[subscription_id] = login
    return found


def refuse_login_of_another(subscription_id: int, mac: str, *, field: str = "mac") -> None:
    """Raises MacIsLoginError where this MAC is another service's login: the device that logs in
    with it would be two services'."""
    for holder, login in mac_logins([mac]).get(mac, {}).items():
        if holder != subscription_id:
            raise MacIsLoginError(MacIsLoginError.message % {"login": login}, field=field)


def _refuse_mac_of_another(subscription_id: int, login: str) -> None:
    macs = logins.macs_in(login)
    others = RadiusDecision.objects.exclude(subscription_id=subscription_id)
    if macs and others.filter(mac__in=macs).exists():
        raise LoginIsMacError(field="login")
    for mac in macs:
        refuse_login_of_another(subscription_id, mac, field="login")
