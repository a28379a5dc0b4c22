"""Addresses of the planner, under /planner/."""

from django.urls import path

from frontend.planner import import_views, places_views, views
from frontend.planner.demand import api
from frontend.planner.demand import views as demand
from frontend.planner.plant import port_views
from frontend.planner.plant import views as plant

app_name = "planner"
urlpatterns = [
    path("", views.planner, name="map"),
    path("what-if/", api.WhatIfView.as_view(), name="what-if"),
    path("what-if/share/", api.WhatIfShare.as_view(), name="what-if-share"),
    path("demand/", demand.demand, name="demand"),
    path("demand/share/", demand.share, name="demand-share"),
    path("demand/reports/<bigid:report_id>/revoke/", demand.revoke, name="report-revoke"),
    path("demand/reports/<str:token>/", demand.report, name="report"),
    path("plant/", plant.node_list, name="plant"),
    path("plant/nodes.json", plant.node_features, name="plant-features"),
    path("plant/new/", plant.new, name="plant-new"),
    path("plant/export/", port_views.export, name="plant-export"),
    path("plant/import/", port_views.files, name="plant-import"),
    path("plant/<int:node_id>/", plant.node, name="plant-node"),
    path("plant/<int:node_id>/edit/", plant.edit, name="plant-edit"),
    path("plant/<int:node_id>/move/", plant.move, name="plant-move"),
    path("plant/<int:node_id>/retire/", plant.retire, name="plant-retire"),
    path("plant/<int:node_id>/ports/", port_views.bulk, name="plant-ports"),
    path("plant/ports/<int:port_id>/", port_views.port, name="plant-port"),
    path("plant/ports/<int:port_id>/state/", port_views.state, name="plant-port-state"),
    path("plant/ports/<int:port_id>/service/", port_views.service, name="plant-port-service"),
    path("import/", import_views.start, name="import-start"),
    path("import/pins/", import_views.waiting, name="import-pins"),
    path("import/pins/<int:address_id>/", import_views.pin, name="import-pin"),
    path("import/<int:job_id>/", import_views.one, name="import"),
    path("import/<int:job_id>/submit/", import_views.submit, name="import-submit"),
    path("import/<int:job_id>/again/", import_views.again, name="import-again"),
    path("places/", places_views.places, name="places"),
]
