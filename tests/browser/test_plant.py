"""Points of the network in a browser: map and list, putting up by a click, moving, the keyboard."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from coverage.models import Building, PlantNode
from project.core import clock
from project.core.roles import Role
from tests.support import plant, zones
from tests.support.browser import screenshot
from tests.support.plots import Plot
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
GROUND = Plot.PLANT


def at_house(what: str, house: Building, **fields: Any) -> PlantNode:
    """A node that stands in a house."""
    x = (house.point.x - zones.LON) / zones.STEP
    y = (house.point.y - zones.LAT) / zones.STEP
    return plant.node(what, x, y, building_id=house.id, **fields)


@pytest.fixture(scope="module")
def ground(stack: Stack) -> str:
    """A POP that feeds switches (one full) and an OLT with a splitter; the name of an engineer."""
    with stack.database():
        person = zones.planner("engineer", Role.NETWORK_ENGINEER)
        # The tests' own hasher is fast and weak; the running system would not know it.
        person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
        person.save()
        at = clock.now() - timedelta(hours=1)
        shape = zones.square(GROUND, GROUND, 12, 12)
        zones.published(zones.actor(person), shape, at=at, name="Роганська", network_type="FTTB")
        houses = [zones.building(GROUND + x, GROUND + 5) for x in (2, 4, 6, 8)]
        pop = plant.node("POP", GROUND + 1, GROUND + 5, name="POP Рогань", at=at)
        for number, house in enumerate(houses[:3], 1):
            told = {"circuit_template": "eth 0/{port}", "remote_id": f"rogan-{number}"}
            made = at_house("SWITCH", house, name=f"SW-{number}", parent_id=pop.id, at=at, **told)
            plant.fill(made, but=9 * (number - 1))
        olt = plant.node("OLT", GROUND + 1, GROUND + 6, name="OLT-1", parent_id=pop.id, at=at)
        at_house("SPLITTER", houses[3], name="SPL-1", parent_id=olt.id, uplink_number=1, at=at)
        name = person.username
    return name


@pytest.fixture
def at_work(page: Page, ground: str) -> Page:
    """The page of network points, signed in."""
    page.goto("/sign-in/?next=/planner/plant/")
    page.fill("input[name=username]", ground)
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/plant/")
    expect(page.locator(".np-pin").first).to_be_visible()
    return page


def test_list_map_and_full_nodes(at_work: Page) -> None:
    page = at_work
    assert page.locator(".np-pin").count() == page.locator(".np-row").count()
    screenshot(page, "plant-list")
    page.check("[name=full]")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**full=1**")
    expect(page.locator(".np-row .state").first).to_have_text("заповнений")
    expect(page.locator(".np-pin.is-full")).to_have_count(page.locator(".np-row").count())


def test_a_node_is_put_up_by_a_click_and_its_pin_is_moved(at_work: Page) -> None:
    page = at_work
    page.click("#np-add")
    box = page.locator("#np-map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.82, box["y"] + box["height"] * 0.3)
    page.wait_for_url("**/plant/new/**")
    page.click("text=Вулична шафа")
    page.fill("[name=name]", "ШАФА-77")
    lat = page.input_value("[name=lat]")
    assert re.fullmatch(r"50\.\d{6}", lat)
    page.click("#np-form button.btn-primary")
    expect(page.locator("h1")).to_have_text("ШАФА-77")
    pin = page.locator(".np-pin.is-here")
    expect(pin).to_be_visible()
    place = pin.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 15, place["y"] + 15)
    page.mouse.down()
    page.mouse.move(place["x"] + 75, place["y"] + 55, steps=8)
    page.mouse.up()
    assert page.input_value("#np-move [name=lat]") != lat
    page.click("#np-move button")
    expect(page.locator(".ws-told")).to_have_text(re.compile("пересунуто"))
    page.click(".np-retire summary")
    page.click(".np-retire .btn-danger")
    expect(page.locator(".ws-head .state")).to_have_text("знято")


def test_a_node_with_its_ports(at_work: Page) -> None:
    page = at_work
    page.click(".np-row a:text-is('SW-2')")
    expect(page.locator(".np-ports tbody tr").first).to_be_visible()
    screenshot(page, "plant-node")
    page.goto(page.url + "edit/")
    screenshot(page, "plant-edit")


def test_by_keyboard_alone_a_switch_is_put_up_at_an_address(at_work: Page) -> None:
    page = at_work
    page.focus(".ws-head .btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/plant/new/")
    page.focus(".np-kinds a[href*=SWITCH]")
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=SWITCH**")
    page.focus("#np-address")
    page.keyboard.type("Рогань 1")
    page.keyboard.press("Enter")
    page.wait_for_url("**address=**")
    expect(page.locator(".np-lookup .ws-error")).to_be_visible()
    page.focus("#np-form [name=lat]")
    page.keyboard.type("50.40")
    page.keyboard.press("Tab")
    page.keyboard.type("36.70")
    page.focus("#np-form [name=name]")
    page.keyboard.type("SW-КЛАВІШІ")
    page.focus("#np-form [name=network_type]")
    page.keyboard.press("F")
    page.focus("#np-form [name=capacity]")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("SW-КЛАВІШІ")
    expect(page.locator(".np-ports tbody tr")).to_have_count(4)
