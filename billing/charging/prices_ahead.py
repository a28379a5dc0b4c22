"""What services will cost on the days ahead: newer terms and discounts that are known today.

For R15 and whoever foretells. The run resolves the same on the day itself (`bases`, `discounted`);
what is published or ended meanwhile is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import connection
from django.db.models import Q

from billing.charging.bases import moved_price
from billing.charging.discounted import best_discount
from billing.charging.models import ChargeBasis
from billing.charging.rules import Announced
from billing.subscriptions.models import PlanSpan
from billing.tariffs.models import Discount, TariffVersion


@dataclass(frozen=True, slots=True)
class _Moved:
    """A version that those who have bought get from a day on."""

    version: TariffVersion
    from_date: date


def prices_ahead(*, span: PlanSpan, from_date: date, days: int, known: "Known") -> list[Announced]:
    """The terms of a plan on `from_date`, then each other price it will have within `days`."""
    moved = known.versions_of(span)
    until = from_date + timedelta(days=days)
    if span.during.upper is not None:
        until = min(until, span.during.upper)
    turns = {one.from_date for one in moved} | known.turns_of(span)
    days_of_change = [from_date, *sorted(day for day in turns if from_date < day < until)]
    found: list[Announced] = []
    for day in days_of_change:
        charge_type, price_kopecks = _on(span, moved, day)
        if price_kopecks and known.has_discounts(span):
            best = best_discount(span, price_kopecks, day)
            price_kopecks -= best[1] if best else 0
        last = found[-1] if found else None
        if last is None or (last.charge_type, last.price_kopecks) != (charge_type, price_kopecks):
            found.append(Announced(day, charge_type, price_kopecks, gives_back=False))
    return found


def prices_on(*, spans: Sequence[PlanSpan], on_date: date) -> dict[int, tuple[str, int]]:
    """By plan: how it is charged on that day, and the month's price with its discount off."""
    known = Known(spans, from_date=on_date, days=1)
    found: dict[int, tuple[str, int]] = {}
    for span in spans:
        now = prices_ahead(span=span, from_date=on_date, days=1, known=known)[0]
        found[span.id] = (now.charge_type, now.price_kopecks)
    return found


def _on(span: PlanSpan, moved: Sequence[_Moved], day: date) -> tuple[str, int]:
    """Charge type and full price of a plan on a day."""
    newer = [one.version for one in moved if one.from_date <= day]
    if not newer:
        return span.sold_version.charge_type, span.sold_price_kopecks
    version = max(newer, key=lambda one: one.applies_from)
    fixed = ChargeBasis.objects.filter(
        plan_span=span, tariff_version=version, discount=None
    ).first()
    if fixed is not None:
        return version.charge_type, fixed.price_kopecks
    price_kopecks = moved_price(span=span, version=version)
    if price_kopecks is None:
        older = [one for one in moved if one.version.applies_from < version.applies_from]
        price_kopecks = _on(span, older, day)[1]
    return version.charge_type, price_kopecks


def with_days_off(
    ahead: Sequence[Announced],
    *,
    first: Announced,
    days_off: Sequence[tuple[date, date | None]],
) -> list[Announced]:
    """The terms to come with spans of days that cost nothing: pauses, and what ends by itself.

    `first` is what holds before all of them. What would begin in such days begins when they end.
    """
    found = list(ahead)
    for begins, ends in sorted(days_off, key=lambda span: span[0]):
        known = [first, *(one for one in found if ends is not None and one.from_date <= ends)]
        inside = [
            one for one in found if one.from_date >= begins and (ends is None or one in known)
        ]
        found = [one for one in found if one not in inside]
        found.append(Announced(begins, "DAILY", 0, gives_back=False))
        if ends is not None:
            last = max(known, key=lambda one: one.from_date)
            gives_back = any(one.gives_back for one in inside)
            found.append(replace(last, from_date=ends, gives_back=gives_back))
    return sorted(found, key=lambda one: one.from_date)


_OUTLOOK = """
    SELECT billing_credit_on(%(account)s, %(day)s),
        (SELECT max(upper(during)) FROM billing_credit_grant
         WHERE account_id = %(account)s AND during @> %(day)s::date),
        EXISTS (SELECT FROM billing_tariff_version WHERE tariff_id = ANY(%(tariffs)s::bigint[])
            AND published_at IS NOT NULL AND applies_existing_from IS NOT NULL),
        EXISTS (SELECT FROM billing_discount WHERE valid && daterange(%(day)s, %(until)s)
            AND (tariff_id IS NULL OR tariff_id = ANY(%(tariffs)s::bigint[])))
"""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is beside the balance of an account: its credit on a day, and changes that may come.

    `credit_until` is the day after the last of the credit that was granted (promised payments);
    the standing credit of a tariff has none. `may_change`: newer terms or discounts are about.
    """

    credit_kopecks: int
    credit_until: date | None
    may_change: bool


def outlook(*, account_id: int, on_date: date, tariff_ids: Sequence[int], days: int) -> Outlook:
    """One look at all of it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTLOOK,
            {
                "account": account_id,
                "day": on_date,
                "until": on_date + timedelta(days=days),
                "tariffs": sorted(set(tariff_ids)),
            },
        )
        credit_kopecks, credit_until, has_newer, has_discounts = cursor.fetchone()
    return Outlook(int(credit_kopecks), credit_until, has_newer or has_discounts)


class Known:
    """Versions and discounts that may concern some plans, read at once; mostly there are none."""

    def __init__(self, spans: Sequence[PlanSpan], *, from_date: date, days: int) -> None:
        tariffs = {span.tariff_id for span in spans}
        self._versions = list(
            TariffVersion.objects.filter(
                tariff_id__in=tariffs,
                published_at__isnull=False,
                applies_existing_from__isnull=False,
            )
        )
        until = from_date + timedelta(days=days)
        self._discounts = list(
            Discount.objects.filter(
                Q(tariff_id__in=tariffs) | Q(tariff_id__isnull=True),
                valid__overlap=(from_date, until),
            )
        )

    def versions_of(self, span: PlanSpan) -> list[_Moved]:
        """Versions newer than the one that was sold."""
        return [
            _Moved(version, version.applies_existing_from)
            for version in self._versions
            if version.tariff_id == span.tariff_id
            and version.applies_from > span.sold_version.applies_from
            and version.applies_existing_from is not None
        ]

    def has_discounts(self, span: PlanSpan) -> bool:
        """Whether a discount may be taken off the plan on some day."""
        return any(one.tariff_id in {None, span.tariff_id} for one in self._discounts)

    def turns_of(self, span: PlanSpan) -> set[date]:
        """Days on which discounts of the plan begin or have ended."""
        return {
            day
            for one in self._discounts
            if one.tariff_id in {None, span.tariff_id}
            for day in (one.valid.lower, one.valid.upper)
            if day is not None
        }
