"""Charging as other apps call it."""

from billing.charging.corrected import keep as keep_corrected
from billing.charging.corrected import take_back as take_corrected_back
from billing.charging.corrected import was_given_back_by as was_given_back_by_corrected
from billing.charging.effects import NotEnoughMoneyError
from billing.charging.notices import tell as tell_of_ending_funds
from billing.charging.report import DayReport, RunReport
from billing.charging.runs import (
    ConfirmationNeededError,
    FutureDateError,
    RunBusyError,
    check,
    run,
)
from billing.charging.settling import charge_first, settle_account
from billing.charging.watching import Watch

__all__ = [
    "ConfirmationNeededError",
    "DayReport",
    "FutureDateError",
    "NotEnoughMoneyError",
    "RunBusyError",
    "RunReport",
    "Watch",
    "charge_first",
    "check",
    "keep_corrected",
    "run",
    "settle_account",
    "take_corrected_back",
    "tell_of_ending_funds",
    "was_given_back_by_corrected",
]
