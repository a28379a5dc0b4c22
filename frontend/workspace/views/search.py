"""Search everywhere, as suggestions while typing and as a page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace import params
from frontend.workspace.queries.search import find
from frontend.workspace.web import staff_page
from project.core.roles import Permission


@staff_page(Permission.CUSTOMERS_VIEW)
def suggest(request: HttpRequest) -> HttpResponse:
    """The list under the search field."""
    text = params.text_of(request.GET, "q")
    context = {"found": find(text=text, limit=6), "text": text}
    return render(request, "workspace/partials/found.html", context)


@staff_page(Permission.CUSTOMERS_VIEW)
def results(request: HttpRequest) -> HttpResponse:
    """All that was found."""
    text = params.text_of(request.GET, "q")
    context = {"found": find(text=text, limit=50), "search_text": text}
    return render(request, "workspace/search.html", context)
