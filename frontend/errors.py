"""The page of an error of ours: it needs neither the database nor a signed-in person."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


def server_error(request: HttpRequest) -> HttpResponse:
    """500. Rendered without context processors, which may be what has failed."""
    context = {"brand": {"name": settings.GEOBILL_BRAND_NAME}}
    return HttpResponse(render_to_string("500.html", context), status=500)
