"""What a publication of zones would mean for existing clients, were they moved: for the planner.

The same resolution as the move itself (`billing.subscriptions.rezoning`), for the first day of the
new terms; nothing is written.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language

from billing.ledger import queries as ledger_queries
from billing.subscriptions.new_terms import Fate, Outcome, outcomes, services_in
from billing.tariffs.models import Tariff
from billing.tariffs.price_book import PriceBook
from coverage import queries as coverage_queries
from coverage.impact import ZoneMove

EXAMPLES = 10


def preview(*, changes: Sequence[ZoneMove], at: datetime, move_on: date) -> dict[str, Any]:
    """The figures and examples that `coverage.impact.ExistingProbe` promises.

    `services` get another zone or price rule; months' money is that of these services. Those for
    which nothing is sold any more are `not_sold`, with `not_sold_monthly_kopecks` at stake.
    """
    touched = {id_ for c in changes for id_ in (*c.gained, *c.lost, *c.kept)}
    services = services_in(
        building_ids=touched,
        network_types={change.network_type for change in changes},
        on_date=move_on,
    )
    found = outcomes(
        services=services,
        winners=coverage_queries.winners(
            building_ids={service.building_id for service in services}, at=at, changes=changes
        ),
        zone_ids=[change.zone_id for change in changes],
        on_date=move_on,
        book=PriceBook(),
    )
    moved = [one for one in found if one.fate == Fate.MOVED]
    unsold = [one for one in found if one.fate == Fate.NOT_SOLD]
    return {
        "move_on": move_on.isoformat(),
        "services": len(moved),
        "monthly_before_kopecks": _month(moved),
        "monthly_after_kopecks": sum(_new(one) for one in moved),
        "dearer": sum(_difference(one) > 0 for one in moved),
        "cheaper": sum(_difference(one) < 0 for one in moved),
        "not_sold": len(unsold),
        "not_sold_monthly_kopecks": _month(unsold),
        "examples": _examples(moved),
    }


def _month(found: Sequence[Outcome]) -> int:
    return sum(one.service.price_kopecks for one in found)


def _new(one: Outcome) -> int:
    assert one.rule is not None
    return one.rule.price_kopecks


def _difference(one: Outcome) -> int:
    return _new(one) - one.service.price_kopecks


def _examples(moved: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Those with the greatest difference first."""
    shown = sorted(moved, key=lambda one: (-abs(_difference(one)), one.service.id))[:EXAMPLES]
    labels = coverage_queries.address_labels(
        building_ids={one.service.building_id for one in shown}
    )
    accounts = ledger_queries.accounts(ids={one.service.account_id for one in shown})
    tariffs = Tariff.objects.in_bulk({one.service.tariff_id for one in shown})
    is_english = (get_language() or "uk").startswith("en")
    return [
        {
            "address": labels.get(one.service.building_id, ""),
            "contract": accounts[one.service.account_id].code,
            "tariff": (
                tariffs[one.service.tariff_id].name_en
                if is_english
                else tariffs[one.service.tariff_id].name_uk
            ),
            "old_kopecks": one.service.price_kopecks,
            "new_kopecks": _new(one),
        }
        for one in shown
    ]
