"""Words for people about prices: why a rule won or lost, how a tariff is charged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing import money
from billing.tariffs.models import TariffVersion
from billing.tariffs.resolution import Verdict

VERDICT_TEXTS = {
    Verdict.WON: _("This rule sets the price."),
    Verdict.NOT_IN_FORCE: _("Not in force on this date."),
    Verdict.OTHER_NETWORK: _("For another network type."),
    Verdict.OTHER_ZONE: _("For another zone than the one that serves this place."),
    Verdict.OTHER_PLACE: _("For another locality."),
    Verdict.OTHER_SEGMENT: _("For another kind of client."),
    Verdict.WIDER_LEVEL: _("A rule for a narrower area exists."),
    Verdict.WIDER_UNIT: _("A rule for a smaller administrative unit exists."),
    Verdict.ANY_NETWORK: _("A rule for exactly this network type exists."),
    Verdict.ANY_SEGMENT: _("A rule for exactly this kind of client exists."),
    Verdict.OLDER: _("A newer rule exists."),
}

LEVEL_TEXTS = {
    "ZONE": _("Price of the zone"),
    "LOCALITY": _("Price of the locality"),
    "DEFAULT": _("Price everywhere"),
}

CHARGE_TYPE_TEXTS = {
    "DAILY": _("charged every day"),
    "MONTHLY_PREPAID": _("paid for a month ahead"),
    "ONE_OFF": _("paid once"),
}
FUNDS_POLICY_TEXTS = {
    "BLOCK": _("is blocked until money comes"),
    "ALLOW": _("goes on, the debt grows"),
}
RESUME_RULE_TEXTS = {
    "RESUME_CALENDAR": _("pays the rest of the month"),
    "NEW_ANCHOR": _("begins a month anew"),
}


def _yes_no(value: bool) -> str:
    return str(_("yes") if value else _("no"))


def _speed(value: int | None) -> str:
    return "—" if value is None else str(_("%(n)s Mbit/s") % {"n": f"{value / 1_000_000:g}"})


def _sum(value: int) -> str:
    return money.format_uah(value)


def _days(value: int | None) -> str:
    return str(_("without limit")) if value is None else str(value)


def _percent(value: int) -> str:
    return f"{value / 100:g} %"


def _date(value: date | None) -> str:
    return str(_("keep theirs")) if value is None else f"{value:%d.%m.%Y}"


def _clock(value: time | None) -> str:
    return "—" if value is None else f"{value:%H:%M}"


def _seconds(value: int | None) -> str:
    return "—" if value is None else str(_("%(n)s s") % {"n": value})


# What people call each of the terms, and how it is told.
TERM_TEXTS: dict[str, tuple[Any, Callable[[Any], str]]] = {
    "applies_from": (_("New clients from"), _date),
    "applies_existing_from": (_("Existing clients from"), _date),
    "charge_type": (_("Charged"), lambda value: str(CHARGE_TYPE_TEXTS[value])),
    "funds_policy": (
        pgettext_lazy("service", "Without money"), lambda value: str(FUNDS_POLICY_TEXTS[value]),
    ),
    "resume_rule": (_("Paid again"), lambda value: str(RESUME_RULE_TEXTS[value])),
    "charge_when_blocked": (_("Charged while blocked"), _yes_no),
    "credit_kopecks": (_("Credit of the tariff"), _sum),
    "speed_down_bit_s": (_("Download speed"), _speed),
    "speed_up_bit_s": (_("Upload speed"), _speed),
    "night_from": (_("Night from"), _clock),
    "night_until": (_("Night until"), _clock),
    "night_down_bit_s": (_("Download at night"), _speed),
    "night_up_bit_s": (_("Upload at night"), _speed),
    "burst_down_bit_s": (_("Burst down"), _speed),
    "burst_up_bit_s": (_("Burst up"), _speed),
    "burst_s": (_("Burst lasts"), _seconds),
    "pausable": (_("May be put on hold"), _yes_no),
    "pause_min_days": (_("Shortest pause, days"), _days),
    "pause_max_days": (_("Longest pause, days"), _days),
    "pause_days_a_year": (_("Days on hold a year"), _days),
    "pause_gap_days": (_("Days between pauses"), _days),
    "pause_fee_kopecks": (_("Fee for a pause"), _sum),
    "promise_max_kopecks": (_("Largest promised payment"), _sum),
    "promise_days": (_("A promise lasts, days"), _days),
    "promises_a_month": (_("Promises a month"), _days),
    "promise_wait_days": (_("Days without promises after a broken one"), _days),
    "vat_rate_bp": (_("VAT in the price"), _percent),
    "revenue_account_code": (_("Account of the income"), str),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """One of the terms in words; `before` is None where there is nothing to compare with."""

    name: str
    label: Any
    value: str
    before: str | None = None


def changes(current: TariffVersion | None, version: TariffVersion) -> list[Term]:
    """What `version` changes of the present terms (all of it where there are none)."""
    found = []
    for name, (label, told) in TERM_TEXTS.items():
        value = getattr(version, name)
        before = None if current is None else getattr(current, name)
        if current is None or value != before or name in {"applies_from", "applies_existing_from"}:
            is_date = name in {"applies_from", "applies_existing_from"}
            shown = None if current is None or is_date else told(before)
            found.append(Term(name, label, told(value), shown))
    return found
