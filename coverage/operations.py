"""What may be done to the coverage map. Callers check permissions; zones: `coverage.zoning`."""

from coverage.checks import NothingAskedError, anonymise_checks, check_availability
from coverage.demand.reports import revoke_report, share_report
from coverage.importers.demo import load_demo as load_demo_places
from coverage.overrides import end_due as end_due_overrides
from coverage.overrides import end_override, set_override
from coverage.placing.premises import premise_of
from coverage.zoning.operations import (
    create_zone,
    discard_draft,
    preview_impact,
    publish,
    publish_due,
    rebuild_building_coverage,
    retire,
    rollback,
    save_draft,
)

__all__ = [
    "NothingAskedError",
    "anonymise_checks",
    "check_availability",
    "create_zone",
    "discard_draft",
    "end_due_overrides",
    "end_override",
    "load_demo_places",
    "premise_of",
    "preview_impact",
    "publish",
    "publish_due",
    "rebuild_building_coverage",
    "retire",
    "revoke_report",
    "rollback",
    "save_draft",
    "set_override",
    "share_report",
]
