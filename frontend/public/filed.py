"""A filed request as its client sees it, behind an address that only the client has."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import queries as crm_queries
from crm.models import ConnectionRequest
from frontend import formats
from frontend.public.queries import Step


@dataclass(frozen=True, slots=True)
class FiledPage:
    """A filed request as its client sees it: no more of the contact than its last two digits."""

    number: int
    title: Any
    state: str
    address: str
    created_at: datetime
    masked_phone: str
    plan: str
    price_kopecks: int | None
    connection_fee_kopecks: int | None
    steps: tuple[Step, ...]


FILED_TITLES = {
    "NEW": gettext_lazy("We have your request"),
    "VERIFIED": gettext_lazy("The request has been checked"),
    "SCHEDULED": gettext_lazy("The visit is arranged"),
    "INSTALLED": gettext_lazy("You are connected"),
    "REJECTED": gettext_lazy("We cannot do it this time"),
    "CANCELLED": gettext_lazy("The request was cancelled"),
}
FILED_ORDER = ("NEW", "VERIFIED", "SCHEDULED", "INSTALLED")


def filed_page(*, public_id: str, language: str) -> FiledPage:
    """The request behind an address that only its client has; raises NotFoundError."""
    filed = crm_queries.request_by_public_id(public_id=public_id)
    tariff = filed.tariff
    name = ""
    if tariff is not None:
        name = tariff.name_en if language.startswith("en") else tariff.name_uk
    return FiledPage(
        number=filed.number,
        title=FILED_TITLES[filed.state],
        state=filed.state,
        address=_filed_address(filed) + (f", {_('flat')} {filed.unit}" if filed.unit else ""),
        created_at=filed.created_at,
        masked_phone=_masked(filed.contact_phone),
        plan=name,
        price_kopecks=filed.offer.get("price_kopecks"),
        connection_fee_kopecks=filed.offer.get("connection_fee_kopecks"),
        steps=_filed_steps(filed.state, with_plan=bool(name), visit=filed.scheduled_for_date),
    )


def _filed_address(filed: ConnectionRequest) -> str:
    """The address as matched, else as the client typed it."""
    if filed.building_id is None and filed.check_made.raw_text:
        return filed.check_made.raw_text
    return filed.address_text


def _masked(phone: str) -> str:
    return f"{phone[:4]} ••• •• {phone[-2:]}" if len(phone) > 8 else "•••"


def _filed_steps(state: str, *, with_plan: bool, visit: date | None) -> tuple[Step, ...]:
    if state in {"REJECTED", "CANCELLED"}:
        return (Step(_("The request is closed"), _("You can leave a new one at any time.")),)
    reached = FILED_ORDER.index(state)
    call = _("An operator calls you") if with_plan else _("An operator or an engineer calls you")
    day = formats.day(visit) if visit else _("a day that suits you")
    steps = (
        Step(_("The request is filed"), "", True),
        Step(call, _("checks the address and the wishes"), reached >= 1),
        Step(_("We agree on a visit"), day, reached >= 2),
        Step(_("The engineer connects you"), "", reached >= 3),
    )
    return steps if with_plan else steps[:3]
