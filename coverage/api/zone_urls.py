"""Addresses of the API of zones, under /api/v1/coverage/."""

from django.urls import include, path, register_converter
from django.urls.converters import IntConverter

from coverage.api import changesets, tiles, zone_files, zones


class IdConverter(IntConverter):
    """A number that a bigint can hold; longer ones are no address of ours."""

    regex = "[0-9]{1,18}"


register_converter(IdConverter, "bigid")

urlpatterns = [
    path("tiles.json", tiles.TileDescription.as_view(), name="coverage-tiles-json"),
    path("tiles/<str:z>/<str:x>/<str:y>.mvt", tiles.TileView.as_view(), name="coverage-tile"),
    path("", include("coverage.api.planner_urls")),
    path("places/", include("coverage.api.place_urls")),
    path("zones/", zones.ZoneList.as_view(), name="coverage-zones"),
    path("zones/import/", zone_files.ZoneImport.as_view(), name="coverage-zones-import"),
    path("zones/export/", zone_files.ZoneExport.as_view(), name="coverage-zones-export"),
    path("zones/<bigid:zone_id>/", zones.ZoneDetail.as_view(), name="coverage-zone"),
    path("zones/<bigid:zone_id>/draft/", zones.ZoneDraft.as_view(), name="coverage-zone-draft"),
    path(
        "zones/<bigid:zone_id>/versions/",
        zones.ZoneVersions.as_view(),
        name="coverage-zone-versions",
    ),
    path(
        "zones/<bigid:zone_id>/rollback/",
        zones.ZoneRollback.as_view(),
        name="coverage-zone-rollback",
    ),
    path("zones/<bigid:zone_id>/retire/", zones.ZoneRetire.as_view(), name="coverage-zone-retire"),
    path("geometry/check/", zones.GeometryCheck.as_view(), name="coverage-geometry-check"),
    path("geometry/trim/", zones.GeometryTrim.as_view(), name="coverage-geometry-trim"),
    path(
        "changesets/<bigid:changeset_id>/impact/",
        changesets.ChangeSetImpact.as_view(),
        name="coverage-changeset-impact",
    ),
    path(
        "changesets/<bigid:changeset_id>/publish/",
        changesets.ChangeSetPublish.as_view(),
        name="coverage-changeset-publish",
    ),
]
