"""Addresses of billing's API, under /api/v1/."""

from django.urls import path

from billing.api.availability import AvailabilityView

urlpatterns = [path("availability", AvailabilityView.as_view(), name="api-availability")]
