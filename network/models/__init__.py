"""Models of provisioning."""

from network.models.access import AccessCredential, RadiusDecision, RejectLog
from network.models.action import AccessAction
from network.models.nas import Nas
from network.models.pool import IpAssignment, IpPool
from network.models.session import Session, SessionHistory

__all__ = [
    "AccessAction",
    "AccessCredential",
    "IpAssignment",
    "IpPool",
    "Nas",
    "RadiusDecision",
    "RejectLog",
    "Session",
    "SessionHistory",
]
