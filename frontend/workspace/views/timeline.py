"""The time line of a building and of each flat in it, and the zone of a line as it was."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coverage.queries import clean_unit
from frontend.workspace import params
from frontend.workspace.queries import places, timeline
from frontend.workspace.timeline_words import FILTERS
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.http import may
from project.core.roles import Permission


@staff_page(Permission.ZONES_VIEW)
def building_timeline(request: HttpRequest, building_id: int) -> HttpResponse:
    """All that happened at a building, or at one flat (`?unit=`), newest first."""
    page = timeline.page(
        building_id=building_id,
        unit=clean_unit(params.text_of(request.GET, "unit", 32)),
        chosen=params.choice_of(request.GET, "kind", FILTERS),
        before=timeline.place_of(params.text_of(request.GET, "before", 120)),
        at=clock.now(),
        with_people=may(request, Permission.CUSTOMERS_VIEW),
    )
    filters = [(name, words) for name, (words, _kinds) in FILTERS.items()]
    context = {"page": page, "lines": page.lines, "filters": filters}
    return render(request, "workspace/timeline.html", context)


@staff_page(Permission.ZONES_VIEW)
def zone_then(request: HttpRequest, building_id: int, version_id: int) -> HttpResponse:
    """The outline of a zone's version around the building, as a part of the page."""
    context = {
        "version": places.covering_version(building_id=building_id, version_id=version_id),
        "building": places.building_of(building_id=building_id),
    }
    return render(request, "workspace/partials/zone_then.html", context)
