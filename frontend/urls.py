"""Addresses of all faces; the public site has the root."""

from django.urls import include, path

urlpatterns = [
    path("", include("frontend.public.urls")),
    path("", include("frontend.accounts.urls")),
    path("planner/", include("frontend.planner.urls")),
    path("workspace/", include("frontend.workspace.urls")),
]
