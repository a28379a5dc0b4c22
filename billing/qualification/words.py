"""What came of an address, in a sentence for people who read the table."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.qualification.answers import Qualified
from coverage.answers import Answer, MatchKind, Reason

RESULTS: dict[Reason, Any] = {
    Reason.AVAILABLE: _("can be connected"),
    Reason.PLANNED: _("planned"),
    Reason.BUILDING: _("being built"),
    Reason.SUSPENDED: _("sales are suspended"),
    Reason.OUTSIDE_ZONE: _("no coverage"),
    Reason.OVERRIDDEN: _("no coverage: surveyed"),
    Reason.NO_FREE_PORT: _("no free port: look on the spot"),
    Reason.BUILDING_NOT_WIRED: _("the building is not wired: look on the spot"),
    Reason.TECH_LIMIT: _("technical limit: look on the spot"),
    Reason.NEAR_EDGE: _("at the edge of a zone: look on the spot"),
    Reason.ADDRESS_AMBIGUOUS: _("the address fits several buildings"),
    Reason.ADDRESS_UNKNOWN: _("the address was not found"),
}
MATCHES: dict[MatchKind, Any] = {
    MatchKind.EXACT: pgettext_lazy("address match", "exact"),
    MatchKind.ALIAS: pgettext_lazy("address match", "by another name"),
    MatchKind.FUZZY: pgettext_lazy("address match", "only alike"),
    MatchKind.AMBIGUOUS: pgettext_lazy("address match", "several fit"),
    MatchKind.STREET_ONLY: pgettext_lazy("address match", "street without the house"),
    MatchKind.NONE: pgettext_lazy("address match", "not found"),
}
NOT_MATCHED: dict[MatchKind, Any] = {
    MatchKind.STREET_ONLY: _("the street is known, the house is not"),
    MatchKind.FUZZY: _("only a similar street was found"),
}
# Titles of the columns that are added, in their order; the keys head the CSV.
COLUMNS: dict[str, Any] = {
    "match_kind": _("Match"),
    "confidence": _("Confidence"),
    "address": _("Address in the register"),
    "building_id": _("Building no."),
    "answer": _("Answer"),
    "reason": _("Reason"),
    "result": _("Result"),
    "network_types": _("Networks"),
    "zone": _("Zone"),
    "distance_m": _("Distance, m"),
    "planned_for_date": _("Planned for"),
    "best_tariff": _("Best tariff"),
    "best_price_uah": _("Price, ₴"),
    "connection_fee_uah": _("Connection, ₴"),
    "offers": _("Tariffs"),
    "candidates": _("It may mean"),
}


def result_of(found: Qualified) -> str:
    """The sentence for one row."""
    if found.is_matched or found.answer is not Answer.NEEDS_SURVEY:
        return str(RESULTS[found.reason])
    return str(NOT_MATCHED.get(found.match.kind, RESULTS[found.reason]))
