"""Addresses that FreeRADIUS asks (below `/radius/`)."""

from django.urls import path

from network.api import freeradius

urlpatterns = [
    path("authorize", freeradius.authorize, name="radius-authorize"),
    path("accounting", freeradius.accounting, name="radius-accounting"),
    path("post-auth", freeradius.post_auth, name="radius-post-auth"),
    path("nas/<str:address>", freeradius.nas, name="radius-nas"),
]
