"""Addresses of the RADIUS REST group; only FreeRADIUS on the same host calls them."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from project.health import liveness, not_found, readiness, server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", liveness, name="liveness"),
    path("readyz", readiness, name="readiness"),
]
if find_spec("network.api.freeradius_urls"):
    urlpatterns.append(path("radius/", include("network.api.freeradius_urls")))

# Plain answers: the pages for people need sessions and templates that this process group has not.
handler404 = not_found
handler500 = server_error
