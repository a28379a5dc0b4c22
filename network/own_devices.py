"""The subscriber's own word on a new device, given on a page of the public site.

A person is let to the devices of one service by its login and password, or by a link that staff
made for them. Either way the page has a signed address, which is good for a day and opens nothing
but this: which new devices wait, and whether they are the subscriber's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from network import confirmations, crypto
from network.models import AccessCredential, MacRequest
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError, NotFoundError

LINK_LIVES = timedelta(days=1)
SALT = "network.own_devices"
ID_MAX = 2**63 - 1
TOKEN_LENGTH_MAX = 120


class WrongLoginError(DomainError):
    """No service has this login and password; which of the two is wrong is not told."""

    code = "wrong_login"
    http_status = 422
    message = _("This login and password do not belong together. Both are in your contract.")


class LinkOverError(NotFoundError):
    """The page's address is not whole, or it is older than a day."""

    code = "link_over"
    message = _("This link is no longer good. Sign in with your login and password once more.")


@dataclass(frozen=True, slots=True)
class OwnDevices:
    """One service with the device that is registered and the new ones that wait for a word."""

    subscription_id: int
    login: str
    mac: str
    waiting: Sequence[MacRequest]


def sign_in(*, login: str, password: str) -> str:
    """The token of the page of the service with this login; raises WrongLoginError."""
    row = None
    if "\x00" not in login:  # compared as RADIUS compares it
        row = AccessCredential.objects.filter(login=login.strip().lower()).first()
    known = crypto.decrypt(row.password_encrypted) if row is not None else ""
    is_right = constant_time_compare(known.encode(), password.encode())
    if row is None or not known or not is_right:
        raise WrongLoginError(field="password")
    return token_of(subscription_id=row.subscription_id)


def token_of(*, subscription_id: int) -> str:
    """A token for the page of this service, good for a day from now."""
    return TimestampSigner(salt=SALT, sep=".").sign(str(subscription_id))


def address_of(*, subscription_id: int) -> str:
    """The whole address of the page, for staff to send to the subscriber."""
    public = str(settings.GEOBILL_PUBLIC_URL).rstrip("/")
    return f"{public}/device/{token_of(subscription_id=subscription_id)}/"


def devices_of(*, token: str) -> OwnDevices:
    """What the page of this token shows; raises LinkOverError."""
    credential = AccessCredential.objects.filter(subscription_id=_service_of(token)).first()
    if credential is None:
        raise LinkOverError
    return OwnDevices(
        subscription_id=credential.subscription_id,
        login=credential.login,
        mac=credential.mac,
        waiting=confirmations.waiting_macs_of(subscription_ids=[credential.subscription_id]),
    )


def answer(*, token: str, request_id: int, is_own: bool, at: datetime, ip: str | None) -> None:
    """The subscriber says whether a waiting device is theirs. Audited as the client's act.

    Raises LinkOverError, UnknownMacRequestError (it is not of this service), MacDecidedError,
    MacIsLoginError.
    """
    page = devices_of(token=token)
    known = MacRequest.objects.filter(id=request_id, subscription_id=page.subscription_id)
    if not 0 < request_id <= ID_MAX or not known.exists():
        raise confirmations.UnknownMacRequestError
    actor = Actor(kind=ActorKind.CLIENT, label=page.login, ip=ip)
    decide = confirmations.confirm_mac if is_own else confirmations.decline_mac
    decide(request_id=request_id, at=at, actor=actor)


def _service_of(token: str) -> int:
    if len(token) > TOKEN_LENGTH_MAX:
        raise LinkOverError
    try:
        text = TimestampSigner(salt=SALT, sep=".").unsign(token, max_age=LINK_LIVES)
    except (BadSignature, SignatureExpired) as error:
        raise LinkOverError from error
    return int(text)
