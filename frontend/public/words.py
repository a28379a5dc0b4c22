"""What each answer says to a client, by its reason: headline, sentence, what the button does."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.answers import Reason


@dataclass(frozen=True, slots=True)
class Words:
    """The text of an answer page. `ask` "" means that no request is offered on the page itself."""

    title: Any
    text: Any
    ask: Any = ""
    ask_icon: str = "ti-send"


CALL_ME = _("Ask for a survey")
TELL_ME = _("Tell me when it is ready")
WANT_IT = _("I want it here")

WORDS: dict[Reason, Words] = {
    Reason.AVAILABLE: Words(
        title=_("Yes, we can connect you"),
        text=_("Our network is at your house. Choose a plan."),
    ),
    Reason.PLANNED: Words(
        title=_("Not yet, but we are on the way to you"),
        text=_(
            "Your house is inside a planned zone. Leave a phone number, and we will call as soon as"
            " a connection can be ordered."
        ),
        ask=TELL_ME,
        ask_icon="ti-bell",
    ),
    Reason.BUILDING: Words(
        title=_("Not yet, but we are already building here"),
        text=_(
            "Work is going on in your zone. Leave a phone number, and we will call as soon as a"
            " connection can be ordered."
        ),
        ask=TELL_ME,
        ask_icon="ti-bell",
    ),
    Reason.SUSPENDED: Words(
        title=_("New connections here are on hold"),
        text=_(
            "The network is there, but for now we connect nobody new in this zone. Leave a phone"
            " number, and we will call when that changes."
        ),
        ask=TELL_ME,
        ask_icon="ti-bell",
    ),
    Reason.OUTSIDE_ZONE: Words(
        title=_("We are not here yet"),
        text=_("Leave a request: requests show us where to build next."),
        ask=WANT_IT,
        ask_icon="ti-hand-stop",
    ),
    Reason.OVERRIDDEN: Words(
        title=_("This house cannot be connected for now"),
        text=_(
            "We have looked at it on the spot: our line does not reach this house. Leave a request,"
            " and we will call if that changes."
        ),
        ask=WANT_IT,
        ask_icon="ti-hand-stop",
    ),
    Reason.NO_FREE_PORT: Words(
        title=_("The line is there, a free port is not"),
        text=_(
            "All ports of the equipment for your house are taken. An engineer will look whether one"
            " can be freed or added."
        ),
        ask=CALL_ME,
        ask_icon="ti-clipboard-check",
    ),
    Reason.BUILDING_NOT_WIRED: Words(
        title=_("We are next door, but not inside your house yet"),
        text=_(
            "The network reaches your street, but our cable has not been led into this house. An"
            " engineer will look at what that takes."
        ),
        ask=CALL_ME,
        ask_icon="ti-clipboard-check",
    ),
    Reason.TECH_LIMIT: Words(
        title=_("Probably yes. It has to be measured on the spot"),
        text=_(
            "The network is near, but whether it works well at your house can only be measured"
            " there."
        ),
        ask=CALL_ME,
        ask_icon="ti-clipboard-check",
    ),
    Reason.NEAR_EDGE: Words(
        title=_("Almost there. It takes a look on the spot"),
        text=_(
            "The edge of our zone is close by. The map does not show whether the cable reaches you,"
            " so we promise nothing before we have looked."
        ),
        ask=CALL_ME,
        ask_icon="ti-clipboard-check",
    ),
    Reason.ADDRESS_AMBIGUOUS: Words(
        title=_("Which address is yours?"),
        text=_("What you wrote fits several places. Choose yours."),
    ),
    Reason.ADDRESS_UNKNOWN: Words(
        title=_("We did not find this address"),
        text=_(
            "Check the spelling, put a pin on the map, or leave a request, and we will find the"
            " house ourselves."
        ),
        ask=_("Find my house"),
        ask_icon="ti-search",
    ),
}

STREET_ONLY = Words(
    title=_("Which house?"),
    text=_(
        "We know the street, but not this house. Choose the right one, or put a pin on the map."
    ),
)
