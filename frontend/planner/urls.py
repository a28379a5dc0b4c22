"""Addresses of the planner, under /planner/."""

from django.urls import path

from frontend.planner import views
from frontend.planner.demand import api
from frontend.planner.demand import views as demand

app_name = "planner"
urlpatterns = [
    path("", views.planner, name="map"),
    path("what-if/", api.WhatIfView.as_view(), name="what-if"),
    path("what-if/share/", api.WhatIfShare.as_view(), name="what-if-share"),
    path("demand/", demand.demand, name="demand"),
    path("demand/share/", demand.share, name="demand-share"),
    path("demand/reports/<bigid:report_id>/revoke/", demand.revoke, name="report-revoke"),
    path("demand/reports/<str:token>/", demand.report, name="report"),
]
