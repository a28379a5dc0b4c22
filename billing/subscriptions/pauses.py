"""What the terms allow of pauses (R8): how short, how long, how many days a year, how far apart.

Days are counted, never calls: a pause that ended early counts as the days it lasted.
"""

from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.subscriptions.models import Pause, PlanSpan
from billing.tariffs.models import TariffVersion
from project.core.errors import DomainError


class PauseError(DomainError):
    """The pause is not possible as asked."""

    code = "bad_pause"
    message = _("The service cannot be paused like this.")


def terms_on(*, subscription_id: int, on_date: date) -> TariffVersion | None:
    """The terms by which a service is charged on a date: sold on, or moved to since."""
    span = (
        PlanSpan.objects.select_related("sold_version")
        .filter(subscription_id=subscription_id, during__contains=on_date)
        .first()
    )
    if span is None:
        return None
    newer = (
        TariffVersion.objects.filter(
            tariff_id=span.tariff_id,
            published_at__isnull=False,
            applies_existing_from__lte=on_date,
            applies_from__gt=span.sold_version.applies_from,
        )
        .order_by("-applies_from")
        .first()
    )
    return newer or span.sold_version


def require_within_limits(
    *, subscription_id: int, terms: TariffVersion, from_date: date, until_date: date
) -> None:
    """Raises PauseError that says which limit and what would be possible."""
    days = (until_date - from_date).days
    if days < terms.pause_min_days:
        raise PauseError(
            _("A pause of this tariff lasts %(n)d days or more.") % {"n": terms.pause_min_days},
            field="until_date",
        )
    if days > terms.pause_max_days:
        raise PauseError(
            _("A pause of this tariff lasts %(n)d days at most.") % {"n": terms.pause_max_days},
            field="until_date",
        )
    others = list(
        Pause.objects.filter(subscription_id=subscription_id).values_list("during", flat=True)
    )
    gap = timedelta(days=terms.pause_gap_days)
    near = [one for one in others if one.lower < until_date + gap and one.upper > from_date - gap]
    if gap and near:
        first = max(one.upper for one in near) + gap
        raise PauseError(
            _("Between two pauses there are %(n)d days: the next one from %(date)s.")
            % {"n": terms.pause_gap_days, "date": f"{first:%d.%m.%Y}"},
            field="from_date",
        )
    most = terms.pause_days_a_year
    for year in range(from_date.year, (until_date - ONE_DAY).year + 1) if most else ():
        used = sum(_days_in(year, one.lower, one.upper) for one in others)
        if most is not None and used + _days_in(year, from_date, until_date) > most:
            raise PauseError(
                _("%(left)d of %(most)d days of pause are left in %(year)d.")
                % {"left": max(most - used, 0), "most": most, "year": year},
                field="until_date",
            )


def _days_in(year: int, from_date: date, until_date: date) -> int:
    first, end = max(from_date, date(year, 1, 1)), min(until_date, date(year + 1, 1, 1))
    return max((end - first).days, 0)
