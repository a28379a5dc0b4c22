"""Addresses of the tools, change sets and places of planners, under /api/v1/coverage/."""

from django.urls import path

from coverage.api import changesets, planner_places, tools

urlpatterns = [
    path("geometry/split/", tools.GeometrySplit.as_view(), name="coverage-geometry-split"),
    path("geometry/merge/", tools.GeometryMerge.as_view(), name="coverage-geometry-merge"),
    path("geometry/subtract/", tools.GeometrySubtract.as_view(), name="coverage-geometry-subtract"),
    path("geometry/buffer/", tools.GeometryBuffer.as_view(), name="coverage-geometry-buffer"),
    path("geometry/simplify/", tools.GeometrySimplify.as_view(), name="coverage-geometry-simplify"),
    path("geometry/repair/", tools.GeometryRepair.as_view(), name="coverage-geometry-repair"),
    path(
        "geometry/from-buildings/",
        tools.GeometryFromBuildings.as_view(),
        name="coverage-geometry-from-buildings",
    ),
    path("geometry/figures/", tools.GeometryFigures.as_view(), name="coverage-geometry-figures"),
    path("zones/moments/", changesets.ZoneMoments.as_view(), name="coverage-zone-moments"),
    path("zones/difference/", changesets.ZoneDifference.as_view(), name="coverage-zone-difference"),
    path("zones/retired/", changesets.RetiredZones.as_view(), name="coverage-zones-retired"),
    path(
        "zones/<bigid:zone_id>/rollback/draft/",
        changesets.RollbackDraft.as_view(),
        name="coverage-zone-rollback-draft",
    ),
    path("changesets/", changesets.ChangeSets.as_view(), name="coverage-changesets"),
    path(
        "changesets/<bigid:changeset_id>/",
        changesets.ChangeSetDetail.as_view(),
        name="coverage-changeset",
    ),
    path(
        "changesets/<bigid:changeset_id>/submit/",
        changesets.ChangeSetSubmit.as_view(),
        name="coverage-changeset-submit",
    ),
    path(
        "changesets/<bigid:changeset_id>/approve/",
        changesets.ChangeSetApprove.as_view(),
        name="coverage-changeset-approve",
    ),
    path(
        "changesets/<bigid:changeset_id>/send-back/",
        changesets.ChangeSetSendBack.as_view(),
        name="coverage-changeset-send-back",
    ),
    path(
        "changesets/<bigid:changeset_id>/comments/",
        changesets.ChangeSetComments.as_view(),
        name="coverage-changeset-comments",
    ),
    path(
        "changesets/<bigid:changeset_id>/schedule/",
        changesets.ChangeSetSchedule.as_view(),
        name="coverage-changeset-schedule",
    ),
    path("streets/", planner_places.Streets.as_view(), name="coverage-streets"),
    path(
        "streets/<bigid:street_id>/buildings/",
        planner_places.StreetBuildings.as_view(),
        name="coverage-street-buildings",
    ),
    path(
        "buildings/under/", planner_places.BuildingUnder.as_view(), name="coverage-building-under"
    ),
    path(
        "buildings/<bigid:building_id>/",
        planner_places.BuildingCard.as_view(),
        name="coverage-building",
    ),
    path(
        "buildings/<bigid:building_id>/overrides/",
        planner_places.BuildingOverrides.as_view(),
        name="coverage-building-overrides",
    ),
    path("presence/", planner_places.Presence.as_view(), name="coverage-presence"),
    path("overrides/", planner_places.OverridesInForce.as_view(), name="coverage-overrides"),
    path(
        "overrides/<bigid:override_id>/end/",
        planner_places.OverrideEnd.as_view(),
        name="coverage-override-end",
    ),
    path("invariants/", planner_places.Invariants.as_view(), name="coverage-invariants"),
    path(
        "invariants/<slug:name>/",
        planner_places.InvariantLevel.as_view(),
        name="coverage-invariant-level",
    ),
]
