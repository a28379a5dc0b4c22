"""Models of provisioning."""

from network.models.access import AccessCredential, RadiusDecision, RejectLog
from network.models.action import AccessAction
from network.models.nas import Nas
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

__all__ = [
    "AccessAction",
    "AccessCredential",
    "AccountingProgress",
    "AddressKind",
    "IpAssignment",
    "IpBasis",
    "IpClaim",
    "IpFree",
    "IpHistory",
    "IpPlan",
    "IpPool",
    "IpPoolDay",
    "IpReserve",
    "IpRule",
    "Nas",
    "RadiusDecision",
    "RejectLog",
    "Session",
    "SessionClosed",
    "SessionEvent",
    "SessionHistory",
    "TrafficDay",
]
