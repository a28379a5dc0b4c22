"""Requests when two buildings turn out to be one (`coverage.placing.movers`)."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coverage.placing.movers import Pointers
from crm.models import ConnectionRequest
from crm.requests import OPEN_STATES

REQUESTS = Pointers(
    name="requests",
    title=_("Requests for connection"),
    model=ConnectionRequest,
    living=Q(state__in=OPEN_STATES),
)
