"""What terms must be before anybody is charged by them."""

from django.utils.translation import gettext_lazy as _

from billing.tariffs.models import Tariff, TariffVersion
from billing.tariffs.terms import Terms
from project.core.errors import DomainError

MOST_BIT_S = 1_000_000_000_000
MOST_KOPECKS = 100_000_000
MOST_DAYS = 366
SPEEDS = (
    "speed_down_bit_s", "speed_up_bit_s", "night_down_bit_s", "night_up_bit_s",
    "burst_down_bit_s", "burst_up_bit_s",
)  # fmt: skip


class BadTermsError(DomainError):
    """The terms contradict each other."""

    code = "bad_tariff_terms"
    message = _("These tariff terms cannot be used.")


def require_sane(terms: Terms, *, tariff: Tariff) -> None:
    """Raises BadTermsError that names the field."""
    _require_charging(terms, tariff=tariff)
    _require_speeds(terms)
    _require_limits(terms)


def _require_charging(terms: Terms, *, tariff: Tariff) -> None:
    is_once = tariff.service_type == Tariff.ServiceType.ONE_OFF
    if terms.charge_type not in TariffVersion.ChargeType.values:
        raise BadTermsError(field="charge_type")
    if is_once and terms.charge_type != TariffVersion.ChargeType.ONE_OFF:
        raise BadTermsError(_("A one-off service is paid once."), field="charge_type")
    if terms.funds_policy not in TariffVersion.FundsPolicy.values:
        raise BadTermsError(field="funds_policy")
    if terms.resume_rule not in TariffVersion.ResumeRule.values:
        raise BadTermsError(field="resume_rule")
    if not 0 <= terms.vat_rate_bp < 10_000:
        raise BadTermsError(_("The VAT rate is between 0 and 100 %."), field="vat_rate_bp")
    if not terms.revenue_account_code.strip():
        raise BadTermsError(_("Name the account of the income."), field="revenue_account_code")


def _require_speeds(terms: Terms) -> None:
    for name in SPEEDS:
        speed = getattr(terms, name)
        if speed is not None and not 0 < speed <= MOST_BIT_S:
            raise BadTermsError(_("A speed is more than zero."), field=name)
    night = (
        terms.night_from, terms.night_until, terms.night_down_bit_s, terms.night_up_bit_s,
    )  # fmt: skip
    if any(value is not None for value in night):
        if any(value is None for value in night):
            raise BadTermsError(
                _("Night speeds need both hours and both speeds."), field="night_from"
            )
        if terms.night_from == terms.night_until:
            raise BadTermsError(_("The night must end when it has begun."), field="night_until")
    burst = (terms.burst_down_bit_s, terms.burst_up_bit_s, terms.burst_s)
    if any(value is not None for value in burst):
        if any(value is None for value in burst):
            raise BadTermsError(
                _("A burst needs both speeds and its seconds."), field="burst_down_bit_s"
            )
        if not 0 < (terms.burst_s or 0) <= 3600:
            raise BadTermsError(_("A burst lasts from a second to an hour."), field="burst_s")
        slower = [
            name
            for name, speed in (
                ("burst_down_bit_s", terms.speed_down_bit_s),
                ("burst_up_bit_s", terms.speed_up_bit_s),
            )
            if speed is None or getattr(terms, name) <= speed
        ]
        if slower:
            raise BadTermsError(_("A burst is faster than the ordinary speed."), field=slower[0])


def _require_limits(terms: Terms) -> None:
    for name in ("credit_kopecks", "pause_fee_kopecks", "promise_max_kopecks"):
        if not 0 <= getattr(terms, name) <= MOST_KOPECKS:
            raise BadTermsError(_("A sum is between zero and a million hryvnias."), field=name)
    bounds = {
        "pause_min_days": (1, MOST_DAYS),
        "pause_max_days": (terms.pause_min_days, MOST_DAYS),
        "pause_gap_days": (0, MOST_DAYS),
        "promise_days": (1, 31),
        "promises_a_month": (1, 31),
        "promise_wait_days": (0, MOST_DAYS),
    }
    if terms.pause_days_a_year is not None:
        bounds["pause_days_a_year"] = (terms.pause_min_days, MOST_DAYS)
    for name, (least, most) in bounds.items():
        if not least <= getattr(terms, name) <= most:
            raise BadTermsError(
                _("Days: from %(least)d to %(most)d.") % {"least": least, "most": most},
                field=name,
            )
