"""Who calls: HTTP Basic and log-ins in the body (pure). Addresses are checked before all else."""

import base64
import binascii

from billing.payments import recipes
from billing.payments.gateway import IncomingRequest, Merchant, Refusal, Setting
from billing.payments.results import Result

BASIC_SETTINGS = (
    Setting("basic_user", help="HTTP Basic: user name; empty: not asked for"),
    Setting("basic_password", kind="secret", goes_with="basic_user", help="HTTP Basic: password"),
)


def basic(request: IncomingRequest, merchant: Merchant) -> tuple[str, ...]:
    """HTTP Basic, where the merchant account has a user name for it. Raises Refusal.

    A user name without a password lets nobody in: an empty password is anybody's.
    """
    user, password = str(merchant["basic_user"]), str(merchant["basic_password"])
    if not user:
        return ()
    if not password:
        raise Refusal(Result.WRONG_ADDRESS, "HTTP Basic: basic_password is not set here")
    scheme, _, told = request.headers.get("authorization", "").partition(" ")
    try:
        pair = base64.b64decode(told.strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        pair = ""
    right = f"{user}:{password}"
    if not recipes.same(pair, right) or scheme.lower() != "basic":
        raise Refusal(Result.WRONG_ADDRESS, "HTTP Basic: wrong user or password")
    return ("basic",)


def credentials_hold(login: str, password: str, merchant: Merchant) -> bool:
    """A log-in in the body against the settings `login` and `password`; both always compared."""
    is_login = recipes.same(login, str(merchant["login"]))
    is_password = recipes.same(password, str(merchant["password"]))
    return is_login and is_password and bool(merchant["password"])
