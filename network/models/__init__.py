"""Models of provisioning."""

from network.models.access import AccessCredential, AccessMode, RadiusDecision, RejectLog
from network.models.action import AccessAction, SessionProfile
from network.models.guest import AccessAlert, GuestRule, GuestVisit, MacRequest
from network.models.line import LinePlace
from network.models.nas import BrasDriver, Nas
from network.models.option82 import Option82Rule
from network.models.pool import (
    AddressKind,
    IpAssignment,
    IpBasis,
    IpClaim,
    IpFree,
    IpHistory,
    IpPlan,
    IpPool,
    IpPoolDay,
    IpReserve,
    IpRule,
)
from network.models.session import (
    AccountingProgress,
    Session,
    SessionClosed,
    SessionEvent,
    SessionHistory,
    TrafficDay,
)
from network.models.standing import (
    DriftFound,
    IpConflictFound,
    SessionSpot,
    SessionTally,
    Standing,
)
from network.models.temporary import ScheduleMark, TemporarySpeed

__all__ = [
    "AccessAction",
    "AccessAlert",
    "AccessCredential",
    "AccessMode",
    "AccountingProgress",
    "AddressKind",
    "BrasDriver",
    "DriftFound",
    "GuestRule",
    "GuestVisit",
    "IpAssignment",
    "IpBasis",
    "IpClaim",
    "IpConflictFound",
    "IpFree",
    "IpHistory",
    "IpPlan",
    "IpPool",
    "IpPoolDay",
    "IpReserve",
    "IpRule",
    "LinePlace",
    "MacRequest",
    "Nas",
    "Option82Rule",
    "RadiusDecision",
    "RejectLog",
    "ScheduleMark",
    "Session",
    "SessionClosed",
    "SessionEvent",
    "SessionHistory",
    "SessionProfile",
    "SessionSpot",
    "SessionTally",
    "Standing",
    "TemporarySpeed",
    "TrafficDay",
]
