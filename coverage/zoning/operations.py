"""What may be done to zones: the one module that others import. Callers check permissions."""

from coverage.zoning.covering import rebuild as rebuild_building_coverage
from coverage.zoning.drafts import (
    BadZoneError,
    ChangeSetClosedError,
    SavedDraft,
    StaleRevisionError,
    create_zone,
    discard_draft,
    save_draft,
)
from coverage.zoning.geometry import InvalidGeometryError
from coverage.zoning.overlaps import NothingLeftError, Overlap, OverlapRefusedError, trimmed
from coverage.zoning.publishing import (
    NothingToPublishError,
    Published,
    PublishedLaterError,
    StatusRefusedError,
    preview_impact,
    publish,
)
from coverage.zoning.reading import UnreadableGeometryError
from coverage.zoning.review import ReviewNeededError, approve, comment, send_back, submit
from coverage.zoning.scheduling import publish_due, schedule, unschedule
from coverage.zoning.single_changes import draft_rollback, retire, rollback
from coverage.zoning.terms import BadTermsError, Terms

__all__ = [
    "BadTermsError",
    "BadZoneError",
    "ChangeSetClosedError",
    "InvalidGeometryError",
    "NothingLeftError",
    "NothingToPublishError",
    "Overlap",
    "OverlapRefusedError",
    "Published",
    "PublishedLaterError",
    "ReviewNeededError",
    "SavedDraft",
    "StaleRevisionError",
    "StatusRefusedError",
    "Terms",
    "UnreadableGeometryError",
    "approve",
    "comment",
    "create_zone",
    "discard_draft",
    "draft_rollback",
    "preview_impact",
    "publish",
    "publish_due",
    "rebuild_building_coverage",
    "retire",
    "rollback",
    "save_draft",
    "schedule",
    "send_back",
    "submit",
    "trimmed",
    "unschedule",
]
