"""Addresses of the planner's tools, under /api/v1/coverage/ (part of `zone_urls`)."""

from django.urls import path

from coverage.api import tools

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
]
