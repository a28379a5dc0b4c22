"""Open requests on the tiles: for staff only, without a word about the person."""

import math

import pytest
from django.core.cache import cache
from django.test import Client

from crm import operations as crm
from project.core.actor import SYSTEM
from tests.support.mvt import read_tile
from tests.support.provider import AT, ON_DATE, small_provider
from tests.support.zones import planner


@pytest.mark.django_db(transaction=True)
def test_staff_see_open_requests_and_the_tile_follows_them():
    cache.clear()
    provider = small_provider()
    point = provider.building.point
    side = 2**15
    x = int((point.x + 180) / 360 * side)
    y = int((1 - math.asinh(math.tan(math.radians(point.y))) / math.pi) / 2 * side)
    path = f"/api/v1/coverage/tiles/15/{x}/{y}.mvt"
    staff = Client()
    staff.force_login(planner())
    empty = staff.get(path)
    request = crm.file_request(
        at=AT,
        on_date=ON_DATE,
        actor=SYSTEM,
        check_public_id=provider.check().public_id,
        contact_name="Дячук Анна",
        contact_phone="050 220 55 66",
    )
    filed = staff.get(path, headers={"if-none-match": empty["ETag"]})
    (feature,) = read_tile(filed.content)["requests"]
    assert feature.id == request.number
    assert feature.properties["state"] == "NEW"
    assert "Дячук" not in filed.content.decode(errors="replace")
    assert "requests" not in read_tile(Client().get(path).content)
    crm.move_request(
        number=request.number, to_state="CANCELLED", at=AT, actor=SYSTEM, reason="mistake"
    )
    moved = staff.get(path, headers={"if-none-match": filed["ETag"]})
    assert "requests" not in read_tile(moved.content)
