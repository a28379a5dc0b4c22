"""Services when two buildings turn out to be one (`coverage.placing.movers`)."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.subscriptions.models import Subscription
from coverage.placing.movers import Pointers

# A service keeps its place standing until it is ended; an add-on does so with its service.
SERVICES = Pointers(
    name="services",
    title=_("Services"),
    model=Subscription,
    premise="premise",
    living=~Q(state=Subscription.State.TERMINATED) & Q(parent__isnull=True),
)
