"""The map drawn by the server: places become pixels, and nothing can break the drawing."""

import math
import re

from hypothesis import example, given
from hypothesis import strategies as st

from frontend.public import picture
from frontend.public.picture import View

VIEW = View(lon=36.35, lat=50.03, width=400, height=300, metres_per_pixel=1.0)
SQUARE = {
    "type": "Polygon",
    "coordinates": [
        [[36.35, 50.03], [36.351, 50.03], [36.351, 50.031], [36.35, 50.031], [36.35, 50.03]]
    ],
}
degrees = st.floats(allow_nan=True, allow_infinity=True)


def test_the_centre_of_the_view_is_the_middle_of_the_picture() -> None:
    assert VIEW.pixel(36.35, 50.03) == (200, 150)


def test_north_is_up_and_a_hundred_metres_are_a_hundred_pixels() -> None:
    x, y = VIEW.pixel(36.35, 50.03 + 100 / 111_320)
    assert (round(x), round(y)) == (200, 50)
    x, y = VIEW.pixel(36.35 + 100 / (111_320 * math.cos(math.radians(50.03))), 50.03)
    assert (round(x), round(y)) == (300, 150)


def test_a_view_of_a_box_shows_all_of_it() -> None:
    box = (36.33, 50.02, 36.39, 50.05)
    west, south, east, north = picture.view_of_bbox(bbox=box, width=1200, height=640).bbox
    assert west <= box[0]
    assert south <= box[1]
    assert east >= box[2]
    assert north >= box[3]


def test_a_shape_in_sight_is_a_closed_path_and_one_out_of_sight_is_empty() -> None:
    seen = picture.shape(view=VIEW, geometry=SQUARE, look="IN_SERVICE")
    assert re.fullmatch(r"M[\d.-]+ [\d.-]+(l[\d.-]+ [\d.-]+)+z", seen.path)
    far = View(lon=24.0, lat=49.8, width=400, height=300, metres_per_pixel=1.0)
    assert picture.shape(view=far, geometry=SQUARE, look="NONE").path == ""
    assert picture.shape(view=VIEW, geometry=None, look="NONE").path == ""


@example(ring=[(0.0, 1.6e302), (37.0, 0.0)])
@given(ring=st.lists(st.tuples(degrees, degrees), min_size=1, max_size=8))
def test_whatever_the_ring_the_path_holds_numbers_only(ring: list[tuple[float, float]]) -> None:
    geometry = {"type": "MultiPolygon", "coordinates": [[ring]]}
    path = picture.shape(view=VIEW, geometry=geometry, look="NONE").path
    assert re.fullmatch(r"[Mlz\d. -]*", path)


def test_names_of_streets_never_cover_one_another_or_the_pin() -> None:
    streets = [("Бучми", 36.35, 50.03), ("Бучми ще раз", 36.35, 50.03), ("Далека", 36.351, 50.031)]
    found = picture.labels(view=VIEW, streets=streets)
    assert [label.text for label in found] == ["Бучми", "Далека"]
    by_pin = picture.labels(view=VIEW, streets=streets, pin=(200, 150))
    assert "Бучми" not in {label.text for label in by_pin}
