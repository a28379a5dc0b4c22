"""Everything that may be done to a subscription; the work is in the modules beside."""

from billing.subscriptions.changes import (
    NoPortForServiceError,
    assign_port,
    block,
    cancel_pause,
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
from billing.subscriptions.day_addons import add_for_days
from billing.subscriptions.pauses import PauseError
from billing.subscriptions.plans import (
    NothingWaitsError,
    PlanChangeError,
    cancel_plan_change,
    change_plan,
)
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
    "NothingWaitsError",
    "PauseError",
    "PlanChangeError",
    "TariffClosedError",
    "UncoveredReasonNeededError",
    "activate",
    "add_for_days",
    "assign_port",
    "block",
    "cancel_pause",
    "cancel_plan_change",
    "change_plan",
    "create",
    "pause",
    "release_port",
    "resume",
    "take_port",
    "terminate",
    "unblock",
]
