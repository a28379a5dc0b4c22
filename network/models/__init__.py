"""Models of provisioning."""

from network.models.access import AccessCredential, RadiusDecision, RejectLog
from network.models.action import AccessAction
from network.models.nas import Nas
from network.models.pool import IpAssignment, IpPool
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
    "IpAssignment",
    "IpPool",
    "Nas",
    "RadiusDecision",
    "RejectLog",
    "Session",
    "SessionClosed",
    "SessionEvent",
    "SessionHistory",
    "TrafficDay",
]
