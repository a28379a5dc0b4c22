"""What is derived for maps of the present equals what is decided anew, building by building."""

from datetime import datetime

from django.contrib.gis.geos import Point as GeosPoint
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coverage import queries
from coverage.answers import Answer
from coverage.models import Building, BuildingAnswer
from coverage.tiles import coverage_layers
from coverage.tiles.grid import Tile
from coverage.tiles.layers import Viewing
from coverage.zoning import operations
from project.core import clock
from tests.property.coverage.test_answers import Drawn, points, store_zone, zones
from tests.support.mvt import Feature, read_tile
from tests.support.zones import LAT, LON, STEP, locality

CODES = {Answer.AVAILABLE: 0, Answer.PLANNED: 1, Answer.SUSPENDED: 2}
TILES = (Tile(14, 9844, 5555), Tile(14, 9844, 5556))  # the test grid lies in these


def drawn_in(tile: Tile, at: datetime, *, is_present: bool) -> dict[str, list[Feature]]:
    """The layers of a tile; in which order its houses are drawn means nothing."""
    viewing = Viewing(at=at, with_details=True, is_present=is_present)
    layers = read_tile(coverage_layers.buildings(tile, viewing))
    return {name: sorted(found, key=lambda each: each.id) for name, found in layers.items()}


class TestBuildingAnswers(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(zones, max_size=6), st.lists(points, min_size=1, max_size=8), st.data())
    def test_the_derived_answer_is_the_decided_one(
        self, drawn: list[Drawn], places: list[tuple[float, float]], data: st.DataObject
    ) -> None:
        city = locality()
        for zone in drawn:
            store_zone(zone)
        stood = [
            Building.objects.create(
                locality=city,
                point=GeosPoint(LON + x * STEP, LAT + y * STEP, srid=4326),
                location_source="OSM",
                wiring=data.draw(st.sampled_from(["WIRED", "NOT_WIRED"])),
            )
            for x, y in places
        ]
        operations.rebuild_building_coverage()
        rows = {row.building_id: row for row in BuildingAnswer.objects.all()}
        at = clock.now()
        for building in stood:
            place = {"lon": building.point.x, "lat": building.point.y, "at": at}
            found = {
                answer.network_type.lower(): CODES[answer.answer]
                for answer in queries.answer_for_point(**place)
                if answer.answer in CODES
            }
            row = rows[building.id]
            for name in ("fttb", "gpon", "docsis", "wireless"):
                assert getattr(row, name) == found.get(name)
        now = [drawn_in(tile, at, is_present=True) for tile in TILES]
        anew = [drawn_in(tile, at, is_present=False) for tile in TILES]
        assert now == anew
