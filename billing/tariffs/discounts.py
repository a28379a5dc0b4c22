"""Discounts: so much off a month's price for a period, by tariff, zone, segment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.tariffs.models import Discount, Tariff
from billing.tariffs.operations import require_period
from billing.tariffs.sanity import MOST_KOPECKS, BadTermsError
from billing.tariffs.targets import PriceTarget
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

MOST_DAYS = 3_660


class DiscountEndError(DomainError):
    """The discount cannot end on that day."""

    code = "bad_discount_end"
    http_status = 409
    message = _("A discount can end today or later, and not after the day it ends already.")


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered: `percent_bp` (1000 is 10 %) or `amount_kopecks` a month, one of the two.

    For one tariff or all, one zone or all, one segment or all; in [valid_from, valid_until).
    """

    name_uk: str
    name_en: str
    valid_from: date
    valid_until: date
    percent_bp: int | None = None
    amount_kopecks: int | None = None
    tariff_id: int | None = None
    zone_id: int | None = None
    segment: str = ""


@transaction.atomic
def give(*, at: datetime, on_date: date, actor: Actor, offer: Offer) -> int:
    """Offer a discount from tomorrow or later (today is charged); its id. Raises BadTermsError."""
    require_period(valid_from=offer.valid_from, valid_until=offer.valid_until)
    if offer.valid_from <= on_date:
        raise BadTermsError(_("A discount begins tomorrow or later."), field="valid_from")
    if (offer.valid_until - offer.valid_from).days > MOST_DAYS:
        raise BadTermsError(_("A discount lasts ten years at most."), field="valid_until")
    if (offer.percent_bp is None) == (offer.amount_kopecks is None):
        raise BadTermsError(_("Give a percent or a sum."), field="percent_bp")
    if offer.percent_bp is not None and not 0 < offer.percent_bp <= 10_000:
        raise BadTermsError(_("The percent is more than 0 and at most 100."), field="percent_bp")
    if offer.amount_kopecks is not None and not 0 < offer.amount_kopecks <= MOST_KOPECKS:
        raise BadTermsError(_("The sum is more than zero."), field="amount_kopecks")
    PriceTarget.of(zone_id=offer.zone_id, segment=offer.segment)
    if offer.tariff_id is not None and not Tariff.objects.filter(id=offer.tariff_id).exists():
        raise BadTermsError(_("There is no such tariff."), field="tariff_id")
    row = Discount.objects.create(
        name_uk=offer.name_uk,
        name_en=offer.name_en,
        tariff_id=offer.tariff_id,
        zone_id=offer.zone_id,
        segment=offer.segment,
        kind=Discount.Kind.FIXED if offer.percent_bp is None else Discount.Kind.PERCENT,
        percent_bp=offer.percent_bp,
        amount_kopecks=offer.amount_kopecks,
        valid=DateRange(offer.valid_from, offer.valid_until),
        created_at=at,
        created_by=actor.label[:150],
    )
    _audit(row, "billing.discount.given", at=at, actor=actor)
    return row.id


@transaction.atomic
def end(*, at: datetime, on_date: date, actor: Actor, discount_id: int, until: date) -> None:
    """Set the first day on which it is no longer in force; days that are charged keep it.

    Raises NotFoundError, DiscountEndError.
    """
    row = Discount.objects.select_for_update().filter(id=discount_id).first()
    if row is None:
        raise NotFoundError()
    if until <= on_date or until <= row.valid.lower or until > row.valid.upper:
        raise DiscountEndError(field="until")
    row.valid = DateRange(row.valid.lower, until)
    row.save(update_fields=["valid"])
    _audit(row, "billing.discount.ended", at=at, actor=actor)


def listed(*, on_date: date) -> Sequence[Discount]:
    """Those in force and to come first, by their first day; at most 500."""
    rows = Discount.objects.select_related("tariff", "zone").order_by("-valid")[:500]
    return sorted(rows, key=lambda row: (row.valid.upper <= on_date, row.valid.lower, row.id))


def is_known(*, discount_id: int) -> bool:
    """Whether there is such a discount."""
    return Discount.objects.filter(id=discount_id).exists()


def _audit(row: Discount, action: str, *, at: datetime, actor: Actor) -> None:
    worth = f"{row.percent_bp} bp" if row.kind == Discount.Kind.PERCENT else row.amount_kopecks
    audit.record(
        at=at,
        actor=actor,
        action=action,
        obj=("discount", row.id),
        summary=f"{row.name_uk}: {worth}, {row.valid.lower:%d.%m.%Y} – {row.valid.upper:%d.%m.%Y}",
    )
