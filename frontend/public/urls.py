"""Addresses of the public site."""

from django.urls import path, re_path

from frontend.public import devices, paying, views

app_name = "public"
urlpatterns = [
    path("", views.home, name="home"),
    path("suggest/", views.suggest, name="suggest"),
    path("check/", views.check, name="check"),
    path("check/<uuid:public_id>/", views.answer, name="answer"),
    path("check/<uuid:public_id>/order/", views.order, name="order"),
    path("request/<uuid:public_id>/", views.filed, name="request"),
    path("pin/", views.pin, name="pin"),
    # Payment systems call at two and more parts below /pay/; a payer's page is one part.
    re_path(r"^pay/(?P<account>[^/]{1,64})/?$", paying.pay, name="pay"),
    path("paid/<slug:order>/<str:signature>/", paying.paid, name="paid"),
    path("paid/<slug:order>/<str:signature>/go/", paying.go, name="pay-go"),
    path("device/", devices.sign_in, name="device-sign-in"),
    path("device/<str:token>/", devices.devices, name="device"),
    path("tariffs/", views.tariffs, name="tariffs"),
    path("coverage/", views.coverage, name="coverage"),
    path("coverage/<int:street_id>/", views.street, name="street"),
    path("coverage/overview.svg", views.overview_picture, name="overview"),
    path("coverage/zones.json", views.zones, name="zones"),
    path("coverage/buildings.json", views.buildings, name="buildings"),
]
