"""Addresses of the API of places, under /api/v1/coverage/places/."""

from django.urls import path

from coverage.api import codifier, places
from coverage.api import place_streets as streets

BUILDING = "buildings/<bigid:building_id>/"
PREMISE = "premises/<bigid:premise_id>/"
STREET = "streets/<bigid:street_id>/"

urlpatterns = [
    path("codifier/", codifier.CodifierUpdate.as_view(), name="coverage-place-codifier"),
    path("guess/", places.PlaceGuess.as_view(), name="coverage-place-guess"),
    path("localities/", places.Localities.as_view(), name="coverage-place-localities"),
    path("buildings/", places.PlaceBuildings.as_view(), name="coverage-place-buildings"),
    path(BUILDING, places.PlaceBuilding.as_view(), name="coverage-place-building"),
    *(
        path(f"{BUILDING}{verb}/", view.as_view(), name=f"coverage-place-building-{verb}")
        for verb, view in (
            ("retire", places.PlaceBuildingRetire),
            ("bring-back", places.PlaceBuildingBringBack),
            ("merge", places.PlaceBuildingMerge),
            ("history", places.PlaceBuildingHistory),
            ("undo", places.PlaceBuildingUndo),
            ("premises", places.PlacePremises),
        )
    ),
    path(PREMISE, places.PlacePremise.as_view(), name="coverage-place-premise"),
    path(
        f"{PREMISE}retire/",
        places.PlacePremiseRetire.as_view(),
        name="coverage-place-premise-retire",
    ),
    path(
        f"{PREMISE}bring-back/",
        places.PlacePremiseBringBack.as_view(),
        name="coverage-place-premise-bring-back",
    ),
    path("streets/", streets.PlaceStreets.as_view(), name="coverage-place-streets"),
    path(STREET, streets.PlaceStreet.as_view(), name="coverage-place-street"),
    *(
        path(f"{STREET}{verb}/", view.as_view(), name=f"coverage-place-street-{verb}")
        for verb, view in (
            ("houses", streets.PlaceStreetHouses),
            ("number", streets.PlaceStreetNumber),
            ("rename", streets.PlaceStreetRename),
            ("retire", streets.PlaceStreetRetire),
            ("bring-back", streets.PlaceStreetBringBack),
            ("merge", streets.PlaceStreetMerge),
            ("history", streets.PlaceStreetHistory),
            ("undo", streets.PlaceStreetUndo),
        )
    ),
]
