"""Everything that may be done to a subscription; the work is in the modules beside."""

from billing.subscriptions.changes import PauseError, block, pause, resume, terminate, unblock
from billing.subscriptions.coverage_gate import (
    CheckNeededError,
    CheckStaleError,
    CoverageChangedError,
    NoCoverageError,
    UncoveredReasonNeededError,
)
from billing.subscriptions.creation import (
    AddonError,
    BadStateError,
    NoAccountError,
    NotSoldHereError,
    TariffClosedError,
    activate,
    create,
)
from billing.subscriptions.plans import PlanChangeError, change_plan

__all__ = [
    "AddonError",
    "BadStateError",
    "CheckNeededError",
    "CheckStaleError",
    "CoverageChangedError",
    "NoAccountError",
    "NoCoverageError",
    "NotSoldHereError",
    "PauseError",
    "PlanChangeError",
    "TariffClosedError",
    "UncoveredReasonNeededError",
    "activate",
    "block",
    "change_plan",
    "create",
    "pause",
    "resume",
    "terminate",
    "unblock",
]
