"""What may be done to a sold service: who may, when it makes sense, what it is called.

The rules are in the operations of billing and network. This table only keeps buttons away that
would be refused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.subscriptions.queries import ServiceRow, ServiceState
from network import credentials
from network.queries import Access
from project.core.roles import Permission

STAFF_REASONS = ("ADMIN", "ABUSE")
May = Callable[[Permission], bool]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that staff do to a service; any one of `permissions` is enough.

    `has_effect`: whether it changes what the client has or owes, which is then shown before.
    `word`: what must be typed first, for what cannot be undone.
    """

    slug: str
    title: Any
    icon: str
    permissions: tuple[Permission, ...]
    explanation: Any
    said: Any
    has_effect: bool = True
    word: Any = ""

    def permitted(self, may: May) -> bool:
        """Whether the person may do it at all."""
        return any(may(one) for one in self.permissions)


ACTIONS: dict[str, Action] = {
    one.slug: one
    for one in (
        Action(
            slug="unblock",
            title=_("Unblock"),
            icon="ti-lock-open",
            permissions=(Permission.SERVICES_BLOCK,),
            explanation=_(
                "The block by staff is taken away. What is due for today is charged; if the money "
                "is not enough, the service stays blocked for debt."
            ),
            said=_("The block is taken away."),
        ),
        Action(
            slug="resume",
            title=_("End the pause"),
            icon="ti-player-play",
            permissions=(Permission.SERVICES_BLOCK,),
            explanation=_("The service is on from today, and today is charged."),
            said=_("The pause has ended."),
        ),
        Action(
            slug="change-tariff",
            title=_("Change the tariff"),
            icon="ti-arrows-exchange",
            permissions=(Permission.SERVICES_CREATE,),
            explanation=_(
                "The price is that of the service's own place on the first day of the new tariff."
            ),
            said=_("The tariff is changed."),
        ),
        Action(
            slug="cancel-change",
            title=_("Cancel the change of tariff"),
            icon="ti-arrow-back-up",
            permissions=(Permission.SERVICES_CREATE,),
            explanation=_(
                "The tariff that is planned for a later day will not come; the present one goes on."
            ),
            said=_("The change of tariff is cancelled."),
        ),
        Action(
            slug="promise",
            title=_("Promised payment"),
            icon="ti-heart-handshake",
            permissions=(Permission.SERVICES_BLOCK,),
            explanation=_(
                "The client promises to pay. The account gets credit for some days, as the tariff "
                "allows; no money moves. What is due is charged, and a block for debt goes."
            ),
            said=_("The promised payment is in force."),
        ),
        Action(
            slug="boost",
            title=_("Add-on for some days"),
            icon="ti-rocket",
            permissions=(Permission.SERVICES_CREATE,),
            explanation=_(
                "A faster line or another add-on for so many days, charged by the day from today. "
                "It ends by itself."
            ),
            said=_("The add-on is on."),
        ),
        Action(
            slug="pause",
            title=_("Pause"),
            icon="ti-player-pause",
            permissions=(Permission.SERVICES_BLOCK,),
            explanation=_(
                "At the client's wish. While the pause lasts nothing is charged and there is no "
                "access. A day that is charged already cannot be paused."
            ),
            said=_("The service is paused."),
        ),
        Action(
            slug="cancel-pause",
            title=_("Cancel the planned pause"),
            icon="ti-arrow-back-up",
            permissions=(Permission.SERVICES_BLOCK,),
            explanation=_(
                "The pause that has not begun yet will not come; a fee that was taken for it comes "
                "back."
            ),
            said=_("The pause is cancelled."),
        ),
        Action(
            slug="block",
            title=_("Block"),
            icon="ti-lock",
            permissions=(Permission.SERVICES_BLOCK,),
            explanation=_(
                "Access closes at once, an open session too. It opens again only when staff take "
                "the block away: a payment is not enough."
            ),
            said=_("The service is blocked."),
        ),
        Action(
            slug="disconnect",
            title=_("Restart the session"),
            icon="ti-plug-connected-x",
            permissions=(Permission.SESSIONS_DISCONNECT,),
            explanation=_(
                "The access server is asked to end the open session. The client's router connects "
                "again by itself, usually within a minute."
            ),
            said=_("The access server is asked to end the session."),
            has_effect=False,
        ),
        Action(
            slug="reset-password",
            title=_("New password"),
            icon="ti-key",
            permissions=credentials.PERMISSIONS,
            explanation=_(
                "A new random password. The open session is reconnected, and the router gets in "
                "again only with the new password: the client must write it there."
            ),
            said=_("A new password is made. Press “show” beside the login to read it."),
            has_effect=False,
        ),
        Action(
            slug="terminate",
            title=_("End the service"),
            icon="ti-circle-x",
            permissions=(Permission.SERVICES_CREATE,),
            explanation=_(
                "Today is the last day of the service and of its add-ons. Prepaid days come back "
                "to the balance. This cannot be undone: a new service would have to be sold."
            ),
            said=_("The service has ended."),
            word=pgettext_lazy("typed word", "end"),
        ),
    )
}
ALIVE = {ServiceState.ON, ServiceState.BLOCKED, ServiceState.PAUSED}


def fits(action: Action, row: ServiceRow, access: Access | None) -> bool:
    """Whether the action makes sense for the service as it is now."""
    is_main = row.parent_id is None
    by_staff = any(reason in STAFF_REASONS for reason in row.block_reasons)
    makes_sense = {
        "unblock": is_main and by_staff,
        "resume": is_main and row.state == ServiceState.PAUSED,
        "change-tariff": row.state in ALIVE and row.charge_type != "ONE_OFF",
        "cancel-change": row.next_from is not None,
        "promise": is_main and row.state in ALIVE,
        "boost": is_main and row.state in ALIVE,
        "pause": is_main and row.state in ALIVE and row.pause_from is None and not by_staff,
        "cancel-pause": (
            is_main and row.pause_from is not None and row.state != ServiceState.PAUSED
        ),
        "block": is_main and row.state in ALIVE and not by_staff,
        "disconnect": access is not None and access.is_online,
        "reset-password": access is not None,
        "terminate": row.state != ServiceState.TERMINATED,
    }
    return makes_sense[action.slug]


def possible(row: ServiceRow, access: Access | None, may: May) -> list[Action]:
    """What this person may do to the service now, the most wanted first."""
    return [one for one in ACTIONS.values() if one.permitted(may) and fits(one, row, access)]


NEXT_BEST: dict[str, Sequence[str]] = {
    "DEBT": ("cash", "statement", "change-tariff", "call"),
    "ADMIN": ("unblock", "call", "cash"),
    "ABUSE": ("unblock", "call", "cash"),
    "PAUSED": ("resume", "cash", "call"),
    "DRAFT": ("cash", "call", "statement"),
    "WRONG_PASSWORD": ("reset-password", "call", "cash"),
    "OFFLINE": ("call", "reset-password", "cash"),
    "SUSPECT": ("disconnect", "call", "cash"),
    "ONLINE": ("cash", "disconnect", "change-tariff", "statement"),
    "NONE": ("sell", "cash", "call"),
}


def next_best(state: str, available: Iterable[str], *, count: int = 3) -> list[str]:
    """The most useful things to do in this state, of those available."""
    known = set(available)
    wanted = NEXT_BEST.get(state, NEXT_BEST["OFFLINE"])
    rest = ("cash", "disconnect", "change-tariff", "statement", "call", "reset-password")
    return [one for one in dict.fromkeys((*wanted, *rest)) if one in known][:count]
