"""Writing tariffs: what is sold, on what terms, at what price and where."""

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from billing.ledger import operations as ledger
from billing.tariffs.models import PriceRule, Tariff, TariffVersion
from billing.tariffs.sanity import MOST_KOPECKS, BadTermsError, require_sane
from billing.tariffs.targets import PriceTarget
from billing.tariffs.terms import Terms, columns, told
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

VAT_ACCOUNT_CODE = "tax.vat"


class PriceRuleOverlapError(DomainError):
    """Two prices for the same tariff, place, network type and segment on one day.

    The context names the other rule: `rule_id`, `price_kopecks`, `valid_from`, `valid_until`.
    """

    code = "price_rule_overlap"
    http_status = 409
    message = _("There is already a price for this tariff, place and period.")


class TariffExistsError(DomainError):
    """The tariff's code is taken."""

    code = "tariff_exists"
    http_status = 409
    message = _("There is already a tariff with this code.")


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
    tariff = Tariff.objects.select_for_update().get(id=tariff_id)
    require_sane(terms, tariff=tariff)
    require_dates(
        tariff=tariff, applies_from=applies_from, applies_existing_from=applies_existing_from
    )
    require_reachable(terms, tariff=tariff, applies_existing_from=applies_existing_from)
    ledger.ensure_control_account(at=at, kind="REVENUE", code=terms.revenue_account_code)
    ledger.ensure_control_account(at=at, kind="TAX", code=VAT_ACCOUNT_CODE)
    version = TariffVersion.objects.create(
        tariff=tariff,
        version=next_number(tariff),
        applies_from=applies_from,
        applies_existing_from=applies_existing_from,
        published_at=at,
        **columns(terms),
    )
    audit.record(
        at=at,
        actor=actor,
        action="billing.tariff_version.published",
        obj=("tariff", tariff.id),
        summary=f"{tariff.code} v{version.version}: {applies_from:%d.%m.%Y}",
        after=told(terms),
    )
    return version.id


def next_number(tariff: Tariff) -> int:
    """The number of the next version of a tariff."""
    return (tariff.versions.aggregate(last=Max("version"))["last"] or 0) + 1


def require_dates(
    *, tariff: Tariff, applies_from: date, applies_existing_from: date | None
) -> None:
    """Published terms follow each other; raises BadTermsError."""
    last = tariff.versions.filter(published_at__isnull=False).order_by("-applies_from").first()
    if last is not None and applies_from <= last.applies_from:
        raise BadTermsError(_("New terms begin later than the last ones."), field="applies_from")
    if applies_existing_from is not None and applies_existing_from < applies_from:
        raise BadTermsError(
            _("Existing clients cannot get the terms before new ones do."),
            field="applies_existing_from",
        )


def require_reachable(terms: Terms, *, tariff: Tariff, applies_existing_from: date | None) -> None:
    """What is paid once does not become paid by time for those who have it, nor the other way.

    Who has paid for good would never be charged again. Raises BadTermsError.
    """
    if applies_existing_from is None:
        return
    once = TariffVersion.ChargeType.ONE_OFF
    sold = tariff.versions.filter(published_at__isnull=False)
    others = (
        sold.exclude(charge_type=once)
        if terms.charge_type == once
        else sold.filter(charge_type=once)
    )
    if others.exists():
        raise BadTermsError(
            _(
                "What is paid once and what is paid by time are different things to clients: "
                "these terms are for new ones alone."
            ),
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
    A price for a period is followed by the older one again, as a rule of its own.
    Raises BadTermsError, and PriceRuleOverlapError (with the other rule) when another price of the
    same place lies inside the period.
    """
    require_price(price_kopecks=price_kopecks, connection_fee_kopecks=connection_fee_kopecks)
    require_period(valid_from=valid_from, valid_until=valid_until)
    target = PriceTarget.of(
        zone_id=zone_id, admin_unit_id=admin_unit_id, network_type=network_type, segment=segment
    )
    same_place = {"tariff_id": tariff_id, **target.columns()}
    older = _close_open_rule(same_place=same_place, valid_from=valid_from)
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
        raise overlap_error(
            tariff_id=tariff_id, target=target, valid=DateRange(valid_from, valid_until)
        ) from error
    if older is not None and valid_until is not None:
        PriceRule.objects.create(
            **same_place,
            price_kopecks=older.price_kopecks,
            connection_fee_kopecks=older.connection_fee_kopecks,
            valid=DateRange(valid_until, None),
            created_at=at,
            created_by=actor.label[:150],
        )
    audit.record(
        at=at,
        actor=actor,
        action="billing.price_rule.created",
        obj=("tariff", tariff_id),
        summary=f"{target.level} {price_kopecks} {valid_from:%d.%m.%Y}",
        after={
            **same_place,
            "price_kopecks": price_kopecks,
            "connection_fee_kopecks": connection_fee_kopecks,
        },
    )
    return rule.id


def _close_open_rule(*, same_place: dict[str, Any], valid_from: date) -> PriceRule | None:
    older = (
        PriceRule.objects.select_for_update()
        .filter(**same_place, valid__startswith__lt=valid_from, valid__upper_inf=True)
        .first()
    )
    if older is not None:
        older.valid = DateRange(older.valid.lower, valid_from)
        older.save(update_fields=["valid"])
    return older


def require_price(*, price_kopecks: int, connection_fee_kopecks: int) -> None:
    """There is no price of nothing, and no sum beyond MOST_KOPECKS; raises BadTermsError."""
    if not 0 < price_kopecks <= MOST_KOPECKS:
        raise BadTermsError(_("A price is more than zero."), field="price_kopecks")
    if not 0 <= connection_fee_kopecks <= MOST_KOPECKS:
        raise BadTermsError(
            _("A connection fee is not less than zero."), field="connection_fee_kopecks"
        )


def require_period(*, valid_from: date, valid_until: date | None) -> None:
    """A half-open period holds at least one day; raises BadTermsError."""
    if valid_until is not None and valid_until <= valid_from:
        raise BadTermsError(_("The last day cannot be before the first one."), field="valid_until")


def overlap_error(
    *, tariff_id: int, target: PriceTarget, valid: DateRange
) -> PriceRuleOverlapError:
    """The refusal that shows the other rule."""
    other = (
        PriceRule.objects.filter(tariff_id=tariff_id, valid__overlap=valid, **target.columns())
        .order_by("valid")
        .first()
    )
    if other is None:
        return PriceRuleOverlapError()
    return PriceRuleOverlapError(
        rule_id=other.id,
        price_kopecks=other.price_kopecks,
        valid_from=other.valid.lower.isoformat() if other.valid.lower else None,
        valid_until=other.valid.upper.isoformat() if other.valid.upper else None,
    )
