"""Addresses of the API of addresses and buildings, under /api/v1/."""

from django.urls import path

from coverage.api import addresses

urlpatterns = [
    path("addresses/suggest", addresses.AddressSuggestions.as_view(), name="addresses-suggest"),
    path("buildings/", addresses.BuildingMap.as_view(), name="buildings"),
]
