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
    retire,
    rollback,
)
from coverage.zoning.reading import UnreadableGeometryError

__all__ = [
    "BadZoneError",
    "ChangeSetClosedError",
    "InvalidGeometryError",
    "NothingLeftError",
    "NothingToPublishError",
    "Overlap",
    "OverlapRefusedError",
    "Published",
    "PublishedLaterError",
    "SavedDraft",
    "StaleRevisionError",
    "StatusRefusedError",
    "UnreadableGeometryError",
    "create_zone",
    "discard_draft",
    "preview_impact",
    "publish",
    "rebuild_building_coverage",
    "retire",
    "rollback",
    "save_draft",
    "trimmed",
]
