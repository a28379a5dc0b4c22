"""The drawing tools in Chromium: previews, taken or not; one step back; nothing lost."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.gis.geos import LineString, MultiLineString
from playwright.sync_api import Locator, Page, expect

from coverage.models import Building, Street, ZoneChange
from project.core import clock
from tests.support.browser import screenshot
from tests.support.stack import Stack
from tests.support.zones import (
    LAT,
    LON,
    STEP,
    actor,
    building,
    locality,
    planner,
    published,
    square,
)

pytestmark = pytest.mark.browser
X, Y = 300, 0  # a ground of its own on the test grid
STREET_Y = 16


def place(x: float, y: float) -> str:
    return f"{LON + (X + x) * STEP:.7f} {LAT + (Y + y) * STEP:.7f}"


def wkt(x: float, y: float, width: float = 10, height: float = 10) -> str:
    corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y))
    return f"POLYGON(({', '.join(place(*corner) for corner in corners)}))"


def street(number_of_houses: int) -> None:
    """A street with a line and houses along it."""
    city = locality()
    ends = [(LON + (X + x) * STEP, LAT + (Y + STREET_Y) * STEP) for x in (-2, 14)]
    rybna = Street.objects.create(
        locality=city,
        type="вулиця",
        name="Рибна",
        name_norm="рибна",
        search_key="рибна",
        geom=MultiLineString(LineString(*ends, srid=4326), srid=4326),
    )
    for number in range(1, number_of_houses + 1):
        house = building(X + 2 * number, Y + STREET_Y + 0.1, city)
        Building.objects.filter(id=house.id).update(
            street=rybna, number=str(number), number_int=number, number_sort=f"{number:05}"
        )


@pytest.fixture(scope="module")
def ground(stack: Stack) -> str:
    """Two zones side by side with houses, a street beyond them; the name of a planner."""
    with stack.database():
        person = planner("ostap")
        # The tests' own hasher is fast and weak; the running system would not know it.
        person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
        person.save()
        city = locality()
        for x, y in ((2, 2), (2, 8), (8, 2), (8, 8), (15, 5)):
            building(X + x, Y + y, city)
        street(5)
        before = clock.now() - timedelta(hours=1)
        published(actor(person), square(X, Y), at=before, name="Тиха")
        published(actor(person), square(X + 10, Y), at=before, name="Гучна")
        name = person.username
    return name


@pytest.fixture
def at_work(page: Page, ground: str) -> Page:
    """The planner's page, signed in."""
    page.goto("/sign-in/?next=/planner/")
    page.fill("input[name=username]", ground)
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    return page


def open_zone(page: Page, name: str) -> None:
    page.locator("#pl-zones button", has=page.locator(f"b:text-is('{name}')")).click()
    expect(page.locator("#pl-edit-title")).to_have_text(name)
    expect(page.locator("#pl-figures")).to_contain_text("Контур правильний")


def new_zone(page: Page, outline: str) -> None:
    page.click("#pl-new")
    page.click("#pl-as-text")
    page.fill("#pl-text", outline)
    page.click("#pl-text-use")
    expect(page.locator("#pl-figures")).to_contain_text("Контур правильний")


def tool(page: Page, name: str) -> Locator:
    page.click("#pl-tools-button")
    page.click(f"[data-tool={name}]")
    return page.locator("#pl-tool-result")


def working(page: Page) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the outline on the screen."""
    box = page.locator("path.pl-working").bounding_box()
    assert box is not None
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def points(page: Page, *places: tuple[float, float]) -> None:
    """Clicks on the map, as a hand does them: there first, then pressed."""
    for x, y in places:
        page.mouse.move(x, y, steps=3)
        page.mouse.click(x, y)
        page.wait_for_timeout(350)  # a faster second click would be a double click


def use(page: Page, said: str = "Готово") -> None:
    page.click("#pl-tool-use")
    expect(page.locator("#pl-toast")).to_contain_text(said)


def test_a_hole_is_drawn_and_the_counters_follow_against_the_published(at_work: Page) -> None:
    page = at_work
    open_zone(page, "Тиха")
    moves = page.locator("#pl-moves tbody tr").first
    expect(moves).to_contain_text("Будинки400")
    left, top, right, bottom = working(page)
    page.click("[data-mode=cut]")
    width, height = right - left, bottom - top
    # Around the house at (2, 8): inside, near the upper left corner.
    hole = [
        (left + width * x, top + height * y)
        for x, y in ((0.1, 0.1), (0.3, 0.1), (0.3, 0.3), (0.1, 0.3))
    ]
    points(page, *hole, hole[0])
    expect(moves).to_contain_text("30−1")
    expect(page.locator("#pl-parts")).to_contain_text("Заповнити отвори")
    page.keyboard.press("Control+z")
    expect(moves).to_contain_text("400")


def test_split_keeps_both_pieces_and_undo_goes_across_the_tool(at_work: Page, stack: Stack) -> None:
    page = at_work
    open_zone(page, "Тиха")
    result = tool(page, "split")
    page.get_by_role("button", name="Намалювати лінію").click()
    left, top, right, bottom = working(page)
    middle = (left + right) / 2
    points(page, (middle, top - 30), (middle, bottom + 30), (middle, bottom + 30))
    expect(result.locator(".pl-picks li")).to_have_count(2)
    expect(page.locator(".pl-piece")).to_have_count(2)
    result.locator(".pl-picks input").nth(1).check()
    expect(page.locator("#pl-tool-use")).to_be_disabled()  # nothing would be left for the new one
    result.locator(".pl-picks input").nth(0).uncheck()
    expect(page.locator("#pl-tool-use")).to_be_enabled()
    page.fill("#pl-split-name", "Тиха, відрізана")
    use(page, "Тиха, відрізана")
    expect(page.locator("#pl-count")).to_have_text("2")
    page.keyboard.press("Control+z")
    expect(page.locator("#pl-count")).to_have_text("4")
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#pl-count")).to_have_text("2")
    with stack.database():
        made = ZoneChange.objects.get(name="Тиха, відрізана")
        assert made.changeset.state == "DRAFT"
        assert made.geometry.area == pytest.approx(50 * STEP**2, rel=0.05)


def test_merge_asks_what_becomes_of_the_other_zone(at_work: Page, stack: Stack) -> None:
    page = at_work
    new_zone(page, wkt(20, 0))
    page.fill("#pl-name", "Злита")
    result = tool(page, "merge")
    page.locator(".pl-picks label", has_text="Гучна").click()
    expect(result).to_contain_text("Вирішіть, що буде з іншими зонами")
    expect(page.locator("#pl-tool-use")).to_be_disabled()
    page.get_by_label("Закрити їх разом").check()
    use(page)
    expect(page.locator("#pl-count")).to_have_text("1")
    page.click("#pl-save")
    expect(page.locator("#pl-toast")).to_contain_text("Чернетку збережено")
    with stack.database():
        retired = ZoneChange.objects.get(zone__name="Гучна", changeset__state="DRAFT")
        assert retired.status == "RETIRED"
    page.click("section[data-view=edit] [data-back]")
    page.locator("#pl-zones button", has_text="Гучна").click()
    page.click("#pl-discard")
    expect(page.locator("#pl-toast")).to_contain_text("Чернетку відкладено")


def test_trim_and_subtract_show_how_much_goes_before_it_goes(at_work: Page) -> None:
    page = at_work
    new_zone(page, wkt(-5, 2, 8, 4))
    result = tool(page, "trim")
    expect(result).to_contain_text("забирається", ignore_case=True)
    page.click("#pl-tool-cancel")
    expect(page.locator("#pl-tools-button")).to_be_focused()
    expect(page.locator("#pl-undo")).to_be_enabled()
    result = tool(page, "subtract")
    page.locator(".pl-picks label", has_text="Тиха").first.click()
    expect(result).to_contain_text("забирається", ignore_case=True)
    use(page)
    expect(page.locator("#pl-count")).to_have_text("0")
    page.click("#pl-undo")
    expect(page.locator("#pl-count")).to_have_text("1")


def test_a_street_is_typed_and_becomes_a_zone_along_it(at_work: Page) -> None:
    page = at_work
    page.click("#pl-new")
    result = tool(page, "along")
    page.get_by_role("combobox", name="Вулиця").press_sequentially("рибн")
    expect(page.get_by_role("option").first).to_contain_text("Рибна")
    page.keyboard.press("Enter")
    expect(page.locator(".pl-chips li")).to_contain_text("Рибна")
    expect(result.locator(".pl-moves tbody tr").first).to_contain_text("Будинки5+5")
    page.get_by_label("У кожен бік").fill("5")
    expect(result.locator(".pl-moves tbody tr").first).to_contain_text("Будинки00")
    page.get_by_label("У кожен бік").fill("0")
    expect(page.locator("#pl-tool-error")).to_contain_text("від 1 до")
    page.get_by_label("У кожен бік").fill("30")
    use(page)
    expect(page.locator("#pl-count")).to_have_text("5")


def test_a_zone_is_made_around_chosen_buildings(at_work: Page) -> None:
    page = at_work
    open_zone(page, "Тиха")
    result = tool(page, "around")
    page.get_by_role("combobox", name="Вулиця або будинок").press_sequentially("рибна, 2")
    expect(page.get_by_role("option").first).to_contain_text("2")
    page.keyboard.press("Enter")
    left, top, right, bottom = working(page)
    page.get_by_role("button", name="Рамка").click()
    points(page, (left - 10, top - 10), (right - 30, bottom + 10))
    expect(page.locator(".pl-chosen")).to_contain_text("Вибрано 5 будинків")
    page.get_by_label("Замінити його").check()
    expect(result.locator(".pl-moves tbody tr").first).to_contain_text("Будинки5+1")
    page.locator(".pl-chips button").first.click()
    expect(page.locator(".pl-chosen")).to_contain_text("Вибрано 4 будинки")
    use(page)
    expect(page.locator("#pl-count")).to_have_text("4")


def test_fewer_corners_and_the_repair_of_a_crossing(at_work: Page) -> None:
    page = at_work
    corners = ((0, 0), (3, 0.001), (6, 0), (10, 0), (10, 10), (0, 10), (0, 0))
    new_zone(page, f"POLYGON(({', '.join(place(x - 30, y) for x, y in corners)}))")
    result = tool(page, "simplify")
    expect(result).to_contain_text("Було вершин: 6, стане 4 вершини")
    use(page)
    expect(page.locator("#pl-figures")).to_contain_text("4 вершини")
    tool(page, "repair")
    expect(page.locator("#pl-tool-result")).to_contain_text("виправляти нічого")
    expect(page.locator("#pl-tool-use")).to_be_disabled()


def test_what_is_not_saved_is_offered_again(at_work: Page) -> None:
    page = at_work
    new_zone(page, wkt(-30, 20))
    page.fill("#pl-name", "Недомальована")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/planner/")
    kept = page.locator("#pl-kept")
    expect(kept).to_contain_text("Недомальована")
    kept.get_by_role("button", name="Продовжити: Недомальована").click()
    expect(page.locator("#pl-name")).to_have_value("Недомальована")
    expect(page.locator("#pl-figures")).to_contain_text("4 вершини")
    page.click("#pl-save")
    expect(page.locator("#pl-toast")).to_contain_text("Чернетку збережено")
    page.click("section[data-view=edit] [data-back]")
    expect(kept).to_be_hidden()


def test_the_tools_at_both_widths(at_work: Page) -> None:
    page = at_work

    open_zone(page, "Тиха")

    def menu(page: Page) -> None:
        expect(page.locator("#pl-moves table")).to_be_visible()
        page.click("#pl-tools-button")
        expect(page.locator("#pl-tools-menu")).to_be_visible()

    screenshot(page, "planner-tools-menu", prepare=menu)

    def along(page: Page) -> None:
        expect(page.locator("#pl-moves table")).to_be_visible()
        tool(page, "along")
        page.locator(".pl-place input").fill("рибна")
        page.get_by_role("option").first.click()
        expect(page.locator("#pl-tool-result .pl-moves")).to_be_visible()

    screenshot(page, "planner-tool-along", prepare=along)
