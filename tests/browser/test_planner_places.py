"""Streets and buildings for planners: a house in two clicks, a moved pin, a merge, by keyboard."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Polygon
from playwright.sync_api import Page, expect

from coverage.models import AdminUnit, AvailabilityCheck, Building, Premise, Street
from coverage.operations import check_availability
from project.core import clock
from tests.support.browser import held_back, screenshot, told
from tests.support.places import city, house, street
from tests.support.plots import Plot
from tests.support.stack import Stack
from tests.support.zones import LAT, LON, STEP, actor, planner, published, square

pytestmark = pytest.mark.browser
X, Y = Plot.PLANNER_PLACES, 300


def outline(x: float, y: float) -> MultiPolygon:
    west, south = LON + (x - 0.12) * STEP, LAT + (y - 0.08) * STEP
    return MultiPolygon(Polygon.from_bbox((west, south, west + 0.24 * STEP, south + 0.16 * STEP)))


@pytest.fixture(scope="module")
def town(stack: Stack) -> dict[str, Any]:
    """A street with a line and houses on both sides, a duplicate among them, and a planner."""
    with stack.database():
        person = planner("maria")
        person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
        person.save()
        before = clock.now() - timedelta(hours=1)
        published(
            actor(person), square(X - 5, Y - 5, 20, 20), at=before, name="Нове місто", code="places"
        )
        place = city("Новоселівка")
        main = street(place, "вулиця Калинова")
        other = street(place, "вулиця Вербова")
        for of, dy in ((main, 0), (other, 3)):
            ends = [(LON + (X + x) * STEP, LAT + (Y + dy) * STEP) for x in (-1, 9)]
            Street.objects.filter(id=of.id).update(geom=MultiLineString(LineString(*ends)))
        for number in range(1, 9):
            if number == 5:
                continue
            x, y = X + number - 0.5, Y + (0.35 if number % 2 else -0.35)
            house(main, str(number), x, y, footprint=outline(x, y))
        twin = house(main, "8А", X + 7.6, Y - 0.3)
        Premise.objects.create(building=twin, unit="12")
        check_availability(
            at=clock.now(), channel="OPERATOR", actor=actor(person), building_id=twin.id
        )
        names = {"person": person.username, "main": main.id, "other": other.id, "twin": twin.id}
    return names


@pytest.fixture
def at_places(page: Page, town: dict[str, Any]) -> Page:
    """The page with the street open, signed in."""
    target = f"/planner/places/?street={town['main']}"
    page.goto(f"/sign-in/?next={target}")
    page.fill("input[name=username]", str(town["person"]))
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    expect(page.locator("#pc-houses button[data-row]").first).to_be_visible()
    return page


def click_at(page: Page, x: float, y: float) -> None:
    """Click the map at a place of the test grid; `data-view` says what the map shows."""
    box = page.locator("#pl-map").bounding_box()
    assert box
    west, south, east, north = map(
        float, str(page.get_attribute("#pl-map", "data-view")).split(",")
    )
    across = (LON + x * STEP - west) / (east - west)
    down = (north - (LAT + y * STEP)) / (north - south)
    page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def drag_the_pin(page: Page) -> None:
    box = page.locator(".pc-pin").bounding_box()
    assert box
    page.mouse.move(box["x"] + 15, box["y"] + 15)
    page.mouse.down()
    page.mouse.move(box["x"] + 45, box["y"] + 25, steps=6)
    page.mouse.up()


def test_a_new_house_takes_two_clicks(at_places: Page, stack: Stack, town: dict[str, Any]) -> None:
    page = at_places
    click_at(page, X + 4.5, Y + 0.35)
    expect(page.locator("#pc-house-title")).to_have_text("Новий будинок")
    expect(page.locator("#pc-street option:checked")).to_contain_text("вулиця Калинова")
    expect(page.locator("#pc-number")).to_have_value("5")
    page.click("#pc-save")
    expect(page.locator("#pl-toast")).to_contain_text("вулиця Калинова, 5")
    with stack.database():
        made = Building.objects.get(street_id=town["main"], number="5")
        assert made.location_source == "PIN"
        assert made.coverage.count() == 1
    expect(page.locator(f'#pc-houses [data-row="{made.id}"]')).to_be_focused()


def test_a_dragged_pin_is_saved_and_undone(
    at_places: Page, stack: Stack, town: dict[str, Any]
) -> None:
    page = at_places
    with stack.database():
        three = Building.objects.get(street_id=town["main"], number="3")
    page.click(f'#pc-houses [data-row="{three.id}"]')
    drag_the_pin(page)
    expect(page.locator("#pl-toast")).to_have_text("Позначку пересунуто.")
    with stack.database():
        moved = Building.objects.get(id=three.id)
        assert moved.point.x > three.point.x
        assert moved.revision == 2
    page.get_by_role("button", name="Історія", exact=True).click()
    expect(page.locator(".pc-history li").first).to_contain_text("Пересунуто")
    page.get_by_role("button", name="Скасувати останню зміну").click()
    expect(page.locator(".pc-history li").first).to_contain_text("Скасовано останню зміну")
    with stack.database():
        assert Building.objects.get(id=three.id).point.equals_exact(three.point, 1e-7)


def test_a_duplicate_is_merged_with_a_look_at_what_moves(
    at_places: Page, stack: Stack, town: dict
) -> None:
    page = at_places
    page.get_by_label("Вибрати будинок 8 для об’єднання").check()
    page.get_by_label("Вибрати будинок 8А для об’єднання").check()
    page.click("#pc-merge")
    # The one on which more hangs is proposed to stay; the planner knows better.
    expect(page.locator(".pc-two-houses .is-winner b")).to_have_text("вулиця Калинова, 8А")
    page.get_by_role("button", name="Нехай залишиться інший").click()
    expect(page.locator(".pc-two-houses .is-winner b")).to_have_text("вулиця Калинова, 8")
    expect(page.locator(".pc-moving")).to_contain_text("Приміщення")
    expect(page.locator(".pc-moving")).to_contain_text("Перевірки доступності")
    page.get_by_role("button", name="Об’єднати", exact=True).click()
    expect(page.locator("#pc-house-title")).to_have_text("вулиця Калинова, 8")
    with stack.database():
        eight = Building.objects.get(street_id=town["main"], number="8", retired_at=None)
        assert Building.objects.get(id=town["twin"]).merged_into_id == eight.id
        assert Premise.objects.get(unit="12", building__street=town["main"]).building_id == eight.id
        assert AvailabilityCheck.objects.filter(building_id=eight.id).exists()
    expect(page.locator("#pc-others")).to_contain_text("8А")


def test_an_address_that_is_taken_shows_the_other_house(at_places: Page) -> None:
    page = at_places
    click_at(page, X + 8.4, Y + 0.35)
    expect(page.locator("#pc-house-title")).to_have_text("Новий будинок")
    page.fill("#pc-number", "7")
    page.click("#pc-save")
    expect(page.locator("#pc-house-told")).to_contain_text("вулиця Калинова, 7")
    page.get_by_role("button", name="Показати той будинок").click()
    expect(page.locator("#pc-house-title")).to_have_text("вулиця Калинова, 7")


def test_all_of_it_by_keyboard(at_places: Page, stack: Stack, town: dict[str, Any]) -> None:
    """A house, its flats and another name of its street without touching the mouse."""
    page = at_places
    keys = page.keyboard
    page.locator("#pc-houses [data-row]").first.focus()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    third = page.locator("#pc-houses [data-row]").nth(2)
    expect(third).to_be_focused()
    house_id = int(str(third.get_attribute("data-row")))
    was = third.inner_text()
    keys.press("Enter")
    expect(page.locator("#pc-house-title")).to_have_text(f"вулиця Калинова, {was}")
    expect(page.locator("#pc-house-title")).to_be_focused()
    number = page.locator("#pc-number")
    expect(number).to_have_value(was)
    number.focus()
    keys.press("Control+a")
    keys.type("2а")
    expect(number).to_have_value("2а")
    keys.press("Enter")
    expect(page.locator("#pl-toast")).to_have_text("Збережено.")
    expect(page.locator("#pc-house-title")).to_have_text("вулиця Калинова, 2А")
    with stack.database():
        assert Building.objects.get(id=house_id).number == "2А"
    page.get_by_role("button", name="0 квартир").focus()
    keys.press("Enter")
    page.locator("#pc-units").focus()
    keys.type("1-36")
    page.locator("#pc-entrance").focus()
    keys.type("1")
    keys.press("Enter")
    expect(page.locator(".pc-unit")).to_have_count(36)
    page.goto(f"/planner/places/?street={town['other']}")
    page.get_by_role("button", name="Будинок", exact=True).focus()
    keys.press("Enter")
    expect(page.locator("#pc-number")).to_be_focused()
    expect(page.locator("#pc-street option:checked")).to_have_text("вулиця Вербова")
    place = page.locator("#pc-place").input_value()
    page.locator(".pc-pin").focus()
    keys.press("Shift+ArrowUp")
    expect(page.locator("#pc-place")).not_to_have_value(place)
    page.locator("#pc-number").focus()
    keys.press("Control+a")
    keys.type("15")
    keys.press("Enter")
    expect(page.locator("#pl-toast")).to_contain_text("вулиця Вербова, 15")
    page.get_by_role("button", name="Перейменувати", exact=True).focus()
    keys.press("Enter")
    name = page.locator("#pc-f-name")
    name.focus()
    keys.press("Control+a")
    keys.type("Сонячна")
    keys.press("Enter")
    expect(page.locator("#pc-street-name")).to_have_text("вулиця Сонячна")
    expect(page.locator("#pc-street-about")).to_contain_text("вулиця Вербова (до")
    with stack.database():
        assert Building.objects.filter(street_id=town["other"], number="15").exists()
        assert Premise.objects.filter(entrance="1").count() == 36


def test_what_is_typed_while_an_answer_is_on_its_way_stays(
    at_places: Page, stack: Stack, town: dict[str, Any]
) -> None:
    page = at_places
    with stack.database():
        seven = Building.objects.get(street_id=town["main"], number="7")
    page.click(f'#pc-houses [data-row="{seven.id}"]')
    expect(page.locator("#pc-house-title")).to_have_text("вулиця Калинова, 7")
    page.click("#pc-more summary")
    page.fill("#pc-levels", "9")
    with (
        told(page, "Збережено."),
        held_back(page, f"**/places/buildings/{seven.id}/", "PATCH"),
    ):
        page.press("#pc-levels", "Enter")
        page.fill("#pc-note", "код 17")
    with stack.database():
        assert Building.objects.get(id=seven.id).levels == 9
    expect(page.locator("#pc-note")).to_have_value("код 17")
    expect(page.locator("#pc-note")).to_be_focused()
    expect(page.locator("#pc-levels")).to_have_value("9")
    # A dropped pin is saved at once; what is typed waits for its own saving.
    with told(page, "Позначку пересунуто."):
        drag_the_pin(page)
    with told(page, "Збережено."):
        page.press("#pc-note", "Enter")
    with stack.database():
        saved = Building.objects.get(id=seven.id)
        assert (saved.levels, saved.access_note) == (9, "код 17")
        assert saved.point.x > seven.point.x
    # A second press while the first is on its way saves what is there by then, and nothing twice.
    with (
        page.expect_response(lambda answer: '"levels":10' in (answer.request.post_data or "")),
        held_back(page, f"**/places/buildings/{seven.id}/", "PATCH"),
    ):
        page.fill("#pc-note", "код 18")
        page.press("#pc-note", "Enter")
        page.fill("#pc-levels", "10")
        page.press("#pc-levels", "Enter")
    with stack.database():
        saved.refresh_from_db()
        assert (saved.levels, saved.access_note) == (10, "код 18")


def test_who_has_gone_elsewhere_is_not_called_back_and_a_proposal_does_not_disturb(
    at_places: Page, stack: Stack, town: dict[str, Any]
) -> None:
    page = at_places
    with stack.database():
        one = Building.objects.get(street_id=town["main"], number="1")
    page.click(f'#pc-houses [data-row="{one.id}"]')
    page.fill("#pc-number", "1Б")
    with told(page, "Збережено."), held_back(page, f"**/places/buildings/{one.id}/", "PATCH"):
        page.press("#pc-number", "Enter")
        page.click("#pc-house-back")
        expect(page.locator("#pc-street-name")).to_be_visible()
    expect(page.locator("#pc-street-name")).to_be_visible()
    expect(page.locator("#pc-house-title")).to_be_hidden()
    page.click(f'#pc-houses [data-row="{one.id}"]')
    expect(page.locator("#pc-number")).to_have_value("1Б")
    page.fill("#pc-number", "1")
    with told(page, "Збережено."):
        page.press("#pc-number", "Enter")

    # The number that fits another place comes late: into a field that is about to be typed over.
    page.click("#pc-house-back")
    page.get_by_role("button", name="Будинок", exact=True).click()
    number = page.locator("#pc-number")
    expect(number).to_be_focused()
    with page.expect_response("**/number/**"), held_back(page, "**/number/**", "GET"):
        page.locator(".pc-pin").press("Shift+ArrowUp")
        number.press("Control+a")
    number.press_sequentially("101")
    expect(number).to_have_value("101")


CODIFIER = """Перший рівень,Другий рівень,Третій рівень,Четвертий рівень,Додатковий рівень,К,Назва
UA90000000000099001,,,,,O,Пробна
UA90000000000099001,UA90020000000099002,,,,P,{raion}
"""


def test_a_newer_codifier_is_looked_at_then_applied(at_places: Page, stack: Stack) -> None:
    page = at_places
    page.goto("/planner/places/")
    page.click("#pc-codifier")
    for raion, shown in (("Старобільський", "Нові одиниці"), ("Новобільський", "Перейменовано")):
        data = CODIFIER.format(raion=raion).encode()
        file = {"name": "katottg.csv", "mimeType": "text/csv", "buffer": data}
        page.set_input_files("#pc-codifier-file", file)
        expect(page.locator("#pc-card .pc-held")).to_contain_text(shown)
        with stack.database():
            assert not AdminUnit.objects.filter(name=raion).exists()
        if raion.startswith("Ново"):
            page.screenshot(path=settings.VAR_DIR / "screenshots" / "places-codifier.png")
        apply = page.get_by_role("button", name="Застосувати оновлення")
        with told(page, "Кодифікатор оновлено."):
            apply.click()
        expect(apply).to_be_hidden()
    with stack.database():
        unit = AdminUnit.objects.get(katottg="UA90020000000099002")
        assert unit.name == "Новобільський"
        assert unit.aliases.get().name == "Старобільський"


def test_pictures(at_places: Page, stack: Stack, town: dict[str, Any]) -> None:
    page = at_places
    screenshot(
        page, "places-street", prepare=lambda p: p.wait_for_selector("#pc-houses [data-row]")
    )

    def new_house(shown: Page) -> None:
        shown.wait_for_selector("#pc-houses [data-row]")
        shown.click("#pc-new-here")
        expect(shown.locator("#pc-street option:checked")).to_have_count(1)
        shown.wait_for_load_state("networkidle")

    screenshot(page, "places-new", prepare=new_house)
    with stack.database():
        eight = Building.objects.get(street_id=town["main"], number="8", retired_at=None).id
        two, four = (
            Building.objects.get(street_id=town["main"], number=number).id for number in ("2А", "4")
        )
    page.goto(f"/planner/places/?building={eight}")
    screenshot(
        page, "places-house", prepare=lambda p: p.wait_for_selector("#pc-house-more .pc-tools")
    )

    def history(shown: Page) -> None:
        shown.wait_for_selector("#pc-house-more .pc-tools")
        shown.locator("#pc-house-more .pc-tools button").nth(1).click()
        shown.wait_for_selector(".pc-history li")

    screenshot(page, "places-history", prepare=history)
    page.goto(f"/planner/places/?building={two}")

    def flats(shown: Page) -> None:
        shown.wait_for_selector("#pc-house-more .pc-tools")
        shown.locator("#pc-house-more .pc-tools button").first.click()
        shown.wait_for_selector(".pc-unit")

    screenshot(page, "places-flats", prepare=flats)
    page.goto(f"/planner/places/?street={town['main']}")

    def merge(shown: Page) -> None:
        for house_id in (two, four):
            shown.locator(f'#pc-houses li:has([data-row="{house_id}"]) input').check()
        shown.click("#pc-merge")
        shown.wait_for_selector(".pc-moving")

    screenshot(page, "places-merge", prepare=merge)
    page.goto("/planner/places/")
    screenshot(
        page, "places-streets", prepare=lambda p: p.wait_for_selector("#pc-streets [data-row]")
    )
