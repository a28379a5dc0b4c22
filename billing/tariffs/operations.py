"""Writing tariffs: what is sold, on what terms, at what price and where."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.ledger import operations as ledger
from billing.tariffs.models import PriceRule, Tariff, TariffVersion
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

VAT_ACCOUNT_CODE = "tax.vat"


class PriceRuleOverlapError(DomainError):
    """Two prices for the same tariff, place, network type and segment on one day."""

    code = "price_rule_overlap"
    http_status = 409
    message = _("There is already a price for this tariff, place and period.")


class BadTermsError(DomainError):
    """The terms contradict each other."""

    code = "bad_tariff_terms"
    message = _("These tariff terms cannot be used.")


class TariffExistsError(DomainError):
    """The tariff's code is taken."""

    code = "tariff_exists"
    http_status = 409
    message = _("There is already a tariff with this code.")


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one tariff version; speeds in bit/s, VAT in basis points (2000 = 20 %)."""

    charge_type: str
    revenue_account_code: str
    funds_policy: str = "BLOCK"
    resume_rule: str = "RESUME_CALENDAR"
    charge_when_blocked: bool = False
    pausable: bool = True
    speed_down_bit_s: int | None = None
    speed_up_bit_s: int | None = None
    vat_rate_bp: int = 0


@transaction.atomic
def define_tariff(
    *,
    at: datetime,
    actor: Actor,
    code: str,
    service_type: str,
    name_uk: str,
    name_en: str,
    description_uk: str = "",
    description_en: str = "",
    sort: int = 100,
    is_public: bool = True,
) -> int:
    """Name a new product; it is sold once it has published terms and a price. Returns its id."""
    if service_type not in Tariff.ServiceType.values:
        raise BadTermsError(field="service_type")
    if Tariff.objects.filter(code=code).exists():
        raise TariffExistsError(field="code")
    tariff = Tariff.objects.create(
        code=code,
        service_type=service_type,
        name_uk=name_uk,
        name_en=name_en,
        description_uk=description_uk,
        description_en=description_en,
        sort=sort,
        is_public=is_public,
    )
    audit.record(
        at=at,
        actor=actor,
        action="billing.tariff.defined",
        obj=("tariff", tariff.id),
        summary=f"{code} {name_uk}",
    )
    return tariff.id


@transaction.atomic
def publish_version(
    *,
    at: datetime,
    actor: Actor,
    tariff_id: int,
    applies_from: date,
    terms: Terms,
    applies_existing_from: date | None = None,
) -> int:
    """Publish new terms of a tariff; returns the version's id.

    New subscriptions get them from `applies_from`; existing ones from `applies_existing_from`, or
    never when it is None.
    """
    _require_sane(terms, applies_from=applies_from, applies_existing_from=applies_existing_from)
    tariff = Tariff.objects.select_for_update().get(id=tariff_id)
    ledger.ensure_control_account(at=at, kind="REVENUE", code=terms.revenue_account_code)
    ledger.ensure_control_account(at=at, kind="TAX", code=VAT_ACCOUNT_CODE)
    last = tariff.versions.order_by("-version").first()
    if last is not None and applies_from <= last.applies_from:
        raise BadTermsError(_("New terms begin later than the last ones."), field="applies_from")
    version = TariffVersion.objects.create(
        tariff=tariff,
        version=last.version + 1 if last else 1,
        applies_from=applies_from,
        applies_existing_from=applies_existing_from,
        published_at=at,
        **_columns(terms),
    )
    audit.record(
        at=at,
        actor=actor,
        action="billing.tariff_version.published",
        obj=("tariff", tariff.id),
        summary=f"{tariff.code} v{version.version}: {applies_from:%d.%m.%Y}",
        after=_columns(terms),
    )
    return version.id


def _columns(terms: Terms) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in Terms.__slots__}


def _require_sane(terms: Terms, *, applies_from: date, applies_existing_from: date | None) -> None:
    if terms.charge_type not in TariffVersion.ChargeType.values:
        raise BadTermsError(field="charge_type")
    if not 0 <= terms.vat_rate_bp < 10_000:
        raise BadTermsError(_("The VAT rate is between 0 and 100 %."), field="vat_rate_bp")
    if applies_existing_from is not None and applies_existing_from < applies_from:
        raise BadTermsError(
            _("Existing clients cannot get the terms before new ones do."),
            field="applies_existing_from",
        )


@transaction.atomic
def set_price(
    *,
    at: datetime,
    actor: Actor,
    tariff_id: int,
    price_kopecks: int,
    valid_from: date,
    valid_until: date | None = None,
    connection_fee_kopecks: int = 0,
    zone_id: int | None = None,
    admin_unit_id: int | None = None,
    network_type: str = "",
    segment: str = "",
) -> int:
    """Set a price for one zone, one administrative unit, or everywhere; returns the rule's id.

    An older open-ended price of the same place ends where this one begins; what it sold keeps it.
    Raises PriceRuleOverlapError when another price of the same place lies inside the period.
    """
    if price_kopecks <= 0 or connection_fee_kopecks < 0:
        raise BadTermsError(_("A price is more than zero."), field="price_kopecks")
    if zone_id is not None and admin_unit_id is not None:
        raise BadTermsError(_("A price is for a zone or for a locality, not for both."))
    level = PriceRule.Level.DEFAULT
    if zone_id is not None:
        level = PriceRule.Level.ZONE
    elif admin_unit_id is not None:
        level = PriceRule.Level.LOCALITY
    same_place = {
        "tariff_id": tariff_id,
        "level": level,
        "zone_id": zone_id,
        "admin_unit_id": admin_unit_id,
        "network_type": network_type,
        "segment": segment,
    }
    _close_open_rule(same_place=same_place, valid_from=valid_from)
    try:
        with transaction.atomic():
            rule = PriceRule.objects.create(
                **same_place,
                price_kopecks=price_kopecks,
                connection_fee_kopecks=connection_fee_kopecks,
                valid=DateRange(valid_from, valid_until),
                created_at=at,
                created_by=actor.label[:150],
            )
    except IntegrityError as error:
        raise PriceRuleOverlapError() from error
    audit.record(
        at=at,
        actor=actor,
        action="billing.price_rule.created",
        obj=("tariff", tariff_id),
        summary=f"{level} {price_kopecks} {valid_from:%d.%m.%Y}",
        after={
            **same_place,
            "price_kopecks": price_kopecks,
            "connection_fee_kopecks": connection_fee_kopecks,
        },
    )
    return rule.id


def _close_open_rule(*, same_place: dict[str, Any], valid_from: date) -> None:
    older = (
        PriceRule.objects.select_for_update()
        .filter(**same_place, valid__startswith__lt=valid_from, valid__upper_inf=True)
        .first()
    )
    if older is not None:
        older.valid = DateRange(older.valid.lower, valid_from)
        older.save(update_fields=["valid"])
