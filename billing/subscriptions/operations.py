"""Everything that may be done to a subscription; the work is in the modules beside."""

from billing.subscriptions.changes import (
    NoPortForServiceError,
    PauseError,
    assign_port,
    block,
    pause,
    release_port,
    resume,
    take_port,
    terminate,
    unblock,
)
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
from billing.subscriptions.ports import NoFreePortError

__all__ = [
    "AddonError",
    "BadStateError",
    "CheckNeededError",
    "CheckStaleError",
    "CoverageChangedError",
    "NoAccountError",
    "NoCoverageError",
    "NoFreePortError",
    "NoPortForServiceError",
    "NotSoldHereError",
    "PauseError",
    "PlanChangeError",
    "TariffClosedError",
    "UncoveredReasonNeededError",
    "activate",
    "assign_port",
    "block",
    "change_plan",
    "create",
    "pause",
    "release_port",
    "resume",
    "take_port",
    "terminate",
    "unblock",
]
