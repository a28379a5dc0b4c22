"""The maps that the server draws: around one house, and of the whole coverage."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings

from frontend.public import picture, places
from frontend.public.picture import Picture, View

SIDE_SIZE_PX = (704, 516)
OVERVIEW_SIZE_PX = (1200, 640)
OVERVIEW_MAX_HOUSES = 2500
NEAR_M_PER_PX, FAR_M_PER_PX = 0.52, 1.15
ANSWER_LOOKS = {"AVAILABLE": "IN_SERVICE", "PLANNED": "PLANNED", "SUSPENDED": "SUSPENDED"}


def colours() -> dict[str, str]:
    """Colours of the drawing that depend on the provider's brand."""
    return {"service": settings.GEOBILL_BRAND_COLOUR or "#0b6b61"}


def around(
    *, lon: float, lat: float, building_id: int | None, answer: str, reason: str, at: datetime
) -> Picture:
    """The surroundings of a place with its pin; a planned zone is shown from further away."""
    width, height = SIDE_SIZE_PX
    look = "BUILDING" if reason == "BUILDING" else ANSWER_LOOKS.get(answer, "NONE")
    metres = FAR_M_PER_PX if look in {"PLANNED", "BUILDING", "SUSPENDED"} else NEAR_M_PER_PX
    view = View(lon, lat, width, height, metres)
    houses = places.houses_in_box(bbox=_wider(view.bbox), at=at)
    pin = view.pixel(lon, lat)
    return Picture(
        view=view,
        zones=_zones(view, places.zones_geojson(at=at, simplify_m=1)),
        buildings=_buildings(view, houses, here=building_id, here_look=look),
        labels=picture.labels(view=view, streets=_streets(houses), size=23, pin=pin),
        pin=pin,
        pin_look=look,
        unit=2.0,
        label_weight=600,
    )


def of_all(*, overview: places.Overview, at: datetime) -> Picture | None:
    """The whole coverage; houses are drawn while there are not too many of them."""
    if overview.bbox is None:
        return None
    view = picture.view_of_bbox(
        bbox=overview.bbox, width=OVERVIEW_SIZE_PX[0], height=OVERVIEW_SIZE_PX[1]
    )
    houses = places.houses_in_box(bbox=_wider(view.bbox), at=at, limit=OVERVIEW_MAX_HOUSES + 1)
    shown = houses if len(houses) <= OVERVIEW_MAX_HOUSES else []
    return Picture(
        view=view,
        zones=_zones(view, places.zones_geojson(at=at, simplify_m=view.metres_per_pixel / 2)),
        buildings=_buildings(view, shown, here=None, here_look="NONE"),
        labels=picture.labels(view=view, streets=_streets(shown)),
    )


def _wider(bbox: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A little around it, because a long house may reach into sight with its point outside."""
    west, south, east, north = bbox
    lon, lat = (east - west) * 0.12, (north - south) * 0.12
    return west - lon, south - lat, east + lon, north + lat


def _zones(view: View, zones: dict[str, Any]) -> tuple[picture.Shape, ...]:
    """Those in service first, so that the patterns of the others lie over them."""
    order = {"IN_SERVICE": 0, "PLANNED": 1, "BUILDING": 2, "SUSPENDED": 3}
    features = sorted(
        zones["features"], key=lambda feature: order.get(feature["properties"]["status"], 9)
    )
    return tuple(
        picture.shape(view=view, geometry=feature["geometry"], look=feature["properties"]["status"])
        for feature in features
    )


def _buildings(
    view: View, houses: list[places.House], *, here: int | None, here_look: str
) -> tuple[picture.Shape, ...]:
    """The house that was asked about is drawn last, over its neighbours."""
    ordered = sorted(houses, key=lambda house: house.building_id == here)
    return tuple(
        picture.shape(
            view=view,
            geometry=json.loads(house.footprint) if house.footprint else None,
            look=here_look if house.building_id == here else house.look,
            here=house.building_id == here,
        )
        for house in ordered
    )


def _streets(houses: list[places.House]) -> list[tuple[str, float, float]]:
    """Names of streets with the middle one of their houses, those with most houses first."""
    by_street: dict[str, list[places.House]] = {}
    for house in houses:
        if house.street:
            by_street.setdefault(house.street, []).append(house)
    found = []
    for name, group in sorted(by_street.items(), key=lambda item: -len(item[1])):
        middle = sorted(group, key=lambda house: (house.lon, house.lat))[len(group) // 2]
        found.append((_short(name), middle.lon, middle.lat))
    return found


def _short(label: str) -> str:
    """ "вулиця Бучми" → "Бучми": on a map "вулиця" goes without saying."""
    short = {"проспект": "просп.", "провулок": "пров.", "бульвар": "бульв.", "площа": "пл."}
    first, _space, rest = label.partition(" ")
    if first == "вулиця" and rest:
        return rest
    return f"{short[first]} {rest}" if first in short else label
