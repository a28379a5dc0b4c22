"""The terms of a tariff version as they are given and read, apart from the row that keeps them."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from billing.tariffs.models import TariffVersion


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one tariff version; speeds in bit/s, VAT in basis points (2000 = 20 %).

    What each means: `TariffVersion`, whose columns have the same names.
    """

    charge_type: str
    revenue_account_code: str
    funds_policy: str = "BLOCK"
    resume_rule: str = "RESUME_CALENDAR"
    charge_when_blocked: bool = False
    pausable: bool = True
    speed_down_bit_s: int | None = None
    speed_up_bit_s: int | None = None
    vat_rate_bp: int = 0
    night_from: time | None = None
    night_until: time | None = None
    night_down_bit_s: int | None = None
    night_up_bit_s: int | None = None
    burst_down_bit_s: int | None = None
    burst_up_bit_s: int | None = None
    burst_s: int | None = None
    credit_kopecks: int = 0
    pause_min_days: int = 1
    pause_max_days: int = 183
    pause_days_a_year: int | None = None
    pause_gap_days: int = 0
    pause_fee_kopecks: int = 0
    promise_max_kopecks: int = 0
    promise_days: int = 5
    promises_a_month: int = 1
    promise_wait_days: int = 30


def columns(terms: Terms) -> dict[str, Any]:
    """The terms as columns of a version."""
    return {name: getattr(terms, name) for name in Terms.__slots__}


def terms_of(version: TariffVersion) -> Terms:
    """The terms of a stored version."""
    return Terms(**{name: getattr(version, name) for name in Terms.__slots__})


def told(terms: Terms) -> dict[str, Any]:
    """The terms for the audit log: what JSON can hold."""
    return {
        name: value.isoformat() if isinstance(value, time) else value
        for name, value in columns(terms).items()
    }
