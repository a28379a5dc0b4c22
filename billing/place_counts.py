"""Active services in buildings, for the planner's live counters (`coverage.counters`)."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from billing.subscriptions.models import Subscription


class ActiveServices:
    """Services that are sold and not ended; add-ons belong to their service and do not count."""

    name = "services"
    title = _("Active services")

    def by_building(
        self, *, building_ids: Sequence[int], network_type: str, at: datetime
    ) -> dict[int, int]:
        """Services in each building, of one network type when it is given."""
        rows = Subscription.objects.filter(
            state=Subscription.State.ACTIVE, parent__isnull=True, building_id__in=building_ids
        )
        if network_type:
            rows = rows.filter(network_type=network_type)
        return dict(rows.values_list("building_id").annotate(Count("id")))
