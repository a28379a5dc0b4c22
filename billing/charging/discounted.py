"""The basis by which a plan is charged on a date, with its discount; for one service at a time.

The daily run does the same set-based (`sql/charging.sql`).
"""

from datetime import date

from django.db import connection

from billing.charging.models import ChargeBasis
from billing.subscriptions.models import PlanSpan, Subscription
from billing.tariffs.models import TariffVersion

_BEST = """
    SELECT d.id, billing_discount_off(d.kind, d.percent_bp, d.amount_kopecks, %(price)s) AS off
    FROM billing_discount AS d
    WHERE d.valid @> %(day)s::date
      AND billing_discount_fits(d, %(tariff)s, %(zone_version)s::bigint, %(segment)s)
    ORDER BY off DESC, d.id LIMIT 1
"""
# The basis of the newest charge of a service up to a day, for services whose last charge was made
# before `ChargeState.charged_basis_id` was kept.
_LAST = """
    SELECT charge_basis_id FROM ledger_posting
    WHERE subject_id = %(service)s AND value_date <= %(day)s AND charge_code = 'SERVICE'
      AND corrects_id IS NULL
    ORDER BY value_date DESC, occurrence DESC LIMIT 1
"""


def basis_on(*, span: PlanSpan, version: TariffVersion, on_date: date) -> ChargeBasis:
    """The basis of a plan as it was sold, for that date; made when it is not there yet."""
    whole, _is_new = ChargeBasis.objects.get_or_create(
        plan_span=span,
        tariff_version=version,
        discount=None,
        defaults={
            "subscription_id": span.subscription_id,
            "price_rule_id": span.sold_rule_id,
            "zone_version_id": span.sold_zone_version_id,
            "price_kopecks": span.sold_price_kopecks,
        },
    )
    if version.charge_type == TariffVersion.ChargeType.ONE_OFF:
        return whole
    best = best_discount(span, whole.price_kopecks, on_date)
    if best is None:
        return whole
    discount_id, off = best
    basis, _is_new = ChargeBasis.objects.get_or_create(
        plan_span=span,
        tariff_version=version,
        discount_id=discount_id,
        defaults={
            "subscription_id": span.subscription_id,
            "price_rule_id": whole.price_rule_id,
            "zone_version_id": whole.zone_version_id,
            "price_kopecks": whole.price_kopecks - off,
        },
    )
    return basis


def best_discount(span: PlanSpan, price_kopecks: int, on_date: date) -> tuple[int, int] | None:
    """The discount that is worth most to the client on that day, and how much it takes off."""
    with connection.cursor() as cursor:
        cursor.execute(
            _BEST,
            {
                "price": price_kopecks,
                "day": on_date,
                "tariff": span.tariff_id,
                "zone_version": span.sold_zone_version_id,
                "segment": span.subscription.segment,
            },
        )
        found: tuple[int, int] | None = cursor.fetchone()
        return found


def last_charged(*, subscription: Subscription, on_date: date) -> ChargeBasis | None:
    """By what a service was charged last, up to and with that date."""
    basis_id = subscription.charge_state.charged_basis_id
    if basis_id is None:
        with connection.cursor() as cursor:
            cursor.execute(_LAST, {"service": subscription.id, "day": on_date})
            basis_id = (cursor.fetchone() or (None,))[0]
    if basis_id is None:
        return None
    return ChargeBasis.objects.select_related("tariff_version").filter(id=basis_id).first()
