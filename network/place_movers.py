"""What the network app holds at buildings: the places where lines lead."""

from django.utils.translation import gettext_lazy as _

from coverage.placing.movers import Pointers
from network.models import LinePlace

LINES = Pointers(name="lines", title=_("Places of lines on the map of sessions"), model=LinePlace)
