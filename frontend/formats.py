"""How numbers, money, times and amounts of data are written for people (pure).

Groups of thousands are parted by a narrow no-break space, the decimal sign is a comma, the hryvnia
sign follows after a no-break space. Times are Europe/Kyiv.
"""

from datetime import date, datetime

from django.utils.translation import gettext, ngettext

from billing import money as billing_money
from billing.calendar import KYIV

THIN = "\u202f"
NBSP = "\u00a0"
MINUS = "\u2212"


class AtLeast(int):
    """A number where counting stopped: there are more."""


def grouped(number: int) -> str:
    """1234567 → "1 234 567" with narrow no-break spaces."""
    text = f"{abs(number):,}".replace(",", THIN)
    return f"{MINUS}{text}" if number < 0 else text


def money(kopecks: int, *, sign: bool = False, whole: bool = False) -> str:
    """123456 → "1 234,56 ₴"; `sign` shows a plus too, `whole` drops ",00"."""
    text = billing_money.format_uah(kopecks, sign=sign)
    return text.replace(f",00{NBSP}", NBSP) if whole else text


def moment(at: datetime) -> str:
    """ "22.11.2026 14:05", Kyiv time."""
    return at.astimezone(KYIV).strftime("%d.%m.%Y %H:%M")


def day(on_date: date) -> str:
    """ "22.11.2026"; of a moment, its day in Kyiv."""
    if isinstance(on_date, datetime):
        on_date = on_date.astimezone(KYIV).date()
    return on_date.strftime("%d.%m.%Y")


def speed(bit_s: int) -> str:
    """300000000 → "300 Mbit/s", in the language of the page."""
    mbit, rest = divmod(bit_s, 1_000_000)
    if rest:
        kbit = bit_s // 1000
        if kbit < 1000:
            return gettext("%(amount)s kbit/s") % {"amount": grouped(kbit)}
        return gettext("%(amount)s Mbit/s") % {"amount": _decimal(bit_s / 1_000_000)}
    return gettext("%(amount)s Mbit/s") % {"amount": mbit}


def traffic(octets: int) -> str:
    """Bytes in human units of 1024: "48,2 GB"."""
    units = [gettext("B"), gettext("KB"), gettext("MB"), gettext("GB"), gettext("TB")]
    amount = float(octets)
    for unit in units[:-1]:
        if amount < 1024:
            return f"{_decimal(amount)}{NBSP}{unit}"
        amount /= 1024
    return f"{_decimal(amount)}{NBSP}{units[-1]}"


def duration(seconds: int) -> str:
    """The two largest units: "3 d 6 h", "6 h 12 min", "45 s"."""
    seconds = max(0, int(seconds))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, secs = divmod(rest, 60)
    parts = [
        (days, gettext("d")),
        (hours, gettext("h")),
        (minutes, gettext("min")),
        (secs, gettext("s")),
    ]
    shown = [f"{amount}{NBSP}{unit}" for amount, unit in parts if amount]
    return " ".join(shown[:2]) or f"0{NBSP}{gettext('s')}"


def days_count(amount: int) -> str:
    """ "1 day", "5 days", declined as the language asks."""
    return ngettext("%(amount)s day", "%(amount)s days", amount) % {"amount": amount}


def phone(e164: str) -> str:
    """ "+380671234567" → "+380 67 123 45 67"; other countries' numbers are left as they are."""
    if len(e164) == 13 and e164.startswith("+380"):
        digits = e164[4:]
        groups = ("+380", digits[:2], digits[2:5], digits[5:7], digits[7:])
        return NBSP.join(groups)
    return e164


def _decimal(amount: float) -> str:
    text = f"{amount:.1f}".replace(".", ",")
    return text.removesuffix(",0")
