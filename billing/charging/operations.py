"""Charging as other apps call it."""

from billing.charging.effects import NotEnoughMoneyError
from billing.charging.notices import tell as tell_of_ending_funds
from billing.charging.runs import (
    ConfirmationNeededError,
    DayReport,
    FutureDateError,
    RunBusyError,
    RunReport,
    run,
)
from billing.charging.settling import charge_first, settle_account

__all__ = [
    "ConfirmationNeededError",
    "DayReport",
    "FutureDateError",
    "NotEnoughMoneyError",
    "RunBusyError",
    "RunReport",
    "charge_first",
    "run",
    "settle_account",
    "tell_of_ending_funds",
]
