"""The zones beside the operator's map, with the services that stand in each."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from frontend.workspace.queries import places
from project.core.roles import Role
from tests.support import zones
from tests.support.billing import World, moment, small_world

DAY = date(2026, 11, 10)


@pytest.fixture
def world(db: None) -> World:
    return small_world()


def test_each_zone_says_how_many_services_stand_in_it(world: World) -> None:
    tariff = world.tariff()
    for unit in ("1", "2"):
        world.sell(world.account(), tariff, DAY, unit=unit)
    lines = {
        line.zone.id: (line.status, line.services_count)
        for line in places.zone_lines(at=moment(DAY, 15))
    }
    assert lines == {world.zone_id: ("IN_SERVICE", 2), world.other_zone_id: ("PLANNED", 0)}


def test_the_map_opens(world: World) -> None:
    client = Client()
    client.force_login(zones.planner("operator", Role.OPERATOR))
    answer = client.get(reverse("workspace:map"))
    assert answer.status_code == 200
    assert "Зона" in answer.content.decode()
