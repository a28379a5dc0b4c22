"""The drawing tools in Chromium: previews, taken or not; one step back; nothing lost."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.gis.geos import LineString, MultiLineString
from playwright.sync_api import Browser, Locator, Page, expect

from coverage.models import Building, Street, ZoneChange, ZoneVersion
from project.core import clock
from project.core.models import User
from tests.support.browser import screenshot
from tests.support.plots import Plot
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
X, Y = Plot.PLANNER_TOOLS, 0
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


def somebody(name: str) -> User:
    """A planner who can sign in at the running system."""
    person = planner(name)
    # The tests' own hasher is fast and weak; the running system would not know it.
    person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
    person.save()
    return person


@pytest.fixture(scope="module")
def ground(stack: Stack) -> str:
    """Two zones side by side with houses, a street beyond them; the name of a planner."""
    with stack.database():
        person = somebody("ostap")
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
    """The planner's page, signed in; the map jumps, so that a place on it can be hit at once."""
    page.emulate_media(reduced_motion="reduce")
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
        # The last of quick moves may be left out; a hand rests and trembles before it presses.
        for beside in (1, 0):
            page.wait_for_timeout(60)
            page.mouse.move(x + beside, y)
        page.wait_for_timeout(60)
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
    expect(page.locator("#pl-toast")).to_contain_text("Чернетку «Тиха, відрізана» теж відкладено")
    with stack.database():
        assert ZoneChange.objects.get(name="Тиха, відрізана").changeset.state == "CANCELLED"
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("#pl-count")).to_have_text("2")
    expect(page.locator("#pl-toast")).to_contain_text("нова чернетка")
    with stack.database():
        made = ZoneChange.objects.get(name="Тиха, відрізана", changeset__state="DRAFT")
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
    page.keyboard.press("Escape")
    page.click("#pl-undo")
    expect(page.locator("#pl-toast")).to_contain_text("такі, як до об’єднання")
    with stack.database():
        assert not ZoneChange.objects.filter(zone__name="Гучна", changeset__state="DRAFT").exists()
    page.click("#pl-redo")
    expect(page.locator("#pl-toast")).to_contain_text("Чернетки, що закривають інші зони")
    page.click("#pl-save")
    expect(page.locator("#pl-toast")).to_contain_text("Чернетку збережено")
    expect(page.locator("#pl-undo")).to_be_enabled()  # saving ends nothing
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

    def by_keyboard(page: Page) -> None:
        page.focus("#pl-new")
        page.keyboard.press("Enter")
        for key in ("Shift+ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"):
            times(page, key, 2)
            page.keyboard.press("Enter")
        times(page, "ArrowLeft", 4)

    screenshot(page, "planner-by-keyboard", prepare=by_keyboard)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/planner/")

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

    def corners(page: Page) -> None:
        expect(page.locator("#pl-moves table")).to_be_visible()
        page.locator("#pl-corners summary").click()
        page.locator(".pl-corner").first.focus()

    screenshot(page, "planner-corners", prepare=corners)

    def split(page: Page) -> None:
        expect(page.locator("#pl-moves table")).to_be_visible()
        tool(page, "split")
        page.focus("#pl-tool-inputs button")
        page.keyboard.press("Enter")
        times(page, "Shift+ArrowUp", 12)
        page.keyboard.press("Enter")
        times(page, "Shift+ArrowDown", 24)
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        expect(page.locator(".pl-piece").first).to_be_visible()

    screenshot(page, "planner-tool-split", prepare=split)


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until that element has the focus, as a person does who has no mouse."""
    for _step in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} can't be reached by {key}")


def times(page: Page, key: str, count: int) -> None:
    for _press in range(count):
        page.keyboard.press(key)


def test_blind_from_sign_in_to_publication_by_keyboard_only(
    page: Page, ground: str, stack: Stack
) -> None:
    with stack.database():
        name = somebody("nazar").username  # with no drafts but those of this test
    page.goto("/sign-in/?next=/planner/")
    tab_to(page, "input[name=username]")
    page.keyboard.type(name)
    tab_to(page, "input[name=password]")
    page.keyboard.type("secret-secret")
    page.keyboard.press("Enter")
    page.wait_for_url("**/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    tab_to(page, "#pl-new")
    page.keyboard.press("Enter")
    expect(page.locator("#pl-crosshair i")).to_be_visible()
    expect(page.locator("#pl-map")).to_be_focused()
    spoken = page.locator("#pl-spoken")
    for corner, (key, presses) in enumerate(
        (("Shift+ArrowUp", 4), ("Shift+ArrowRight", 5), ("Shift+ArrowDown", 5), ("ArrowDown", 3)), 1
    ):
        times(page, key, presses)
        page.keyboard.press("Enter")
        expect(spoken).to_have_text(f"Вершину {corner} поставлено")
    page.keyboard.press("Backspace")
    expect(spoken).to_contain_text("лишилося 3")
    times(page, "Shift+ArrowLeft", 5)
    page.keyboard.press("Enter")
    expect(page.locator("#pl-figures")).to_contain_text("4 вершини")
    page.keyboard.press("Escape")
    expect(page.locator("#pl-figures")).to_contain_text("Контур правильний")
    expect(page.locator("#pl-name")).to_be_focused()
    page.keyboard.type("Наосліп")
    tab_to(page, "#pl-network")
    page.keyboard.press("ArrowDown")  # another network than the zones that are there already
    tab_to(page, "#pl-save")
    page.keyboard.press("Enter")
    expect(page.locator("#pl-toast")).to_contain_text("Чернетку збережено")
    expect(page.locator("#pl-edit-title")).to_have_text("Наосліп")
    tab_to(page, "section[data-view=edit] [data-back]", "Shift+Tab")
    page.keyboard.press("Enter")
    tab_to(page, "#pl-review")
    page.keyboard.press("Enter")
    expect(page.locator("#pl-impact")).to_contain_text("Наосліп")
    expect(page.locator("#pl-publish")).to_be_enabled()
    tab_to(page, "#pl-publish")
    page.keyboard.press("Enter")
    expect(page.locator("#pl-toast")).to_contain_text("Опубліковано")
    with stack.database():
        assert ZoneVersion.objects.filter(zone__name="Наосліп").count() == 1


def test_corners_are_moved_typed_added_and_removed_by_keyboard(at_work: Page) -> None:
    page = at_work
    open_zone(page, "Тиха")
    tab_to(page, "#pl-corners summary")
    page.keyboard.press("Enter")
    first = page.locator(".pl-corner").first
    latitude = page.locator("#pl-corner-list input").first
    before = float(latitude.input_value())
    tab_to(page, ".pl-corner")
    page.keyboard.press("ArrowUp")
    times(page, "Shift+ArrowUp", 2)
    expect(first).to_be_focused()
    assert float(latitude.input_value()) - before == pytest.approx(21 / 111_320, rel=0.01)
    page.keyboard.press("Insert")
    expect(page.locator("#pl-corner-count")).to_have_text("5")
    expect(page.locator(".pl-corner").nth(1)).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.locator("#pl-corner-count")).to_have_text("4")
    tab_to(page, "#pl-corner-list input")
    page.keyboard.press("Control+a")
    page.keyboard.type("не число")
    page.keyboard.press("Tab")
    expect(page.locator("#pl-toast")).to_contain_text("не координата")
    # Added, removed, nudged: three steps, the nudges are one.
    times(page, "Tab", 3)
    times(page, "Control+z", 3)
    expect(page.locator("#pl-undo")).to_be_disabled()
    assert float(latitude.input_value()) == pytest.approx(before)


def test_a_new_corner_snaps_to_the_neighbour_unless_snapping_is_off(at_work: Page) -> None:
    page = at_work
    open_zone(page, "Гучна")
    _left, top, right, bottom = working(page)
    page.click("section[data-view=edit] [data-back]")

    def drawn_beside() -> list[str]:
        page.click("#pl-new")
        points(page, (right + 7, top + 6), (right + 60, top), (right + 60, bottom))
        page.click("#pl-draw-finish")
        expect(page.locator("#pl-figures")).to_contain_text("3 вершини")
        if page.locator("#pl-corners").get_attribute("open") is None:
            page.click("#pl-corners summary")
        fields = page.locator("#pl-corner-list li").first.locator("input")
        found = [fields.nth(place).input_value() for place in range(2)]
        page.once("dialog", lambda dialog: dialog.accept())
        page.click("section[data-view=edit] [data-back]")
        return found

    north_east = [f"{LAT + (Y + 10) * STEP:.7f}", f"{LON + (X + 20) * STEP:.7f}"]
    assert drawn_beside() == north_east
    page.locator("#pl-kept").get_by_role("button", name="Викинути").first.click()
    page.click("#pl-new")
    page.click("#pl-snap")
    expect(page.locator("#pl-snap")).to_have_attribute("aria-pressed", "false")
    page.click("section[data-view=edit] [data-back]")
    assert drawn_beside() != north_east


def test_keys_are_listed_and_the_next_fault_is_one_key_away(at_work: Page) -> None:
    page = at_work
    page.keyboard.press("?")
    expect(page.locator("#ws-shortcuts")).to_contain_text("інструменти")
    page.keyboard.press("Escape")
    tab_to(page, "#pl-new")
    page.keyboard.press("Enter")
    # A bow tie: the second and the third corner the wrong way round.
    for key, presses in (("Shift+ArrowUp", 3), ("Shift+ArrowRight", 4), ("Shift+ArrowDown", 4)):
        times(page, key, presses)
        page.keyboard.press("Enter")
    times(page, "Shift+ArrowLeft", 2)
    times(page, "Shift+ArrowUp", 6)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#pl-problems")).to_contain_text("перетинає сам себе")
    page.keyboard.press("F8")
    expect(page.locator("#pl-toast")).to_contain_text("перетинає сам себе")
    expect(page.locator(".pl-fault").first).to_be_in_viewport()
    page.on("dialog", lambda dialog: dialog.accept())


def test_a_held_key_sets_nothing_and_the_mouse_takes_the_drawing_over(at_work: Page) -> None:
    page = at_work
    page.focus("#pl-new")
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")  # the key repeats itself while it is held
    page.keyboard.up("Enter")
    hint = page.locator("#pl-hint")
    expect(hint).to_contain_text("Enter ставить вершину")
    expect(page.locator("#pl-draw-back")).to_be_disabled()
    for key, presses in (("Shift+ArrowUp", 2), ("Shift+ArrowRight", 2), ("Shift+ArrowDown", 2)):
        times(page, key, presses)
        page.keyboard.press("Enter")
    expect(page.locator("#pl-draw-finish")).to_be_enabled()
    page.mouse.move(900, 500)
    expect(page.locator("#pl-crosshair")).to_be_hidden()
    expect(hint).to_contain_text("Esc — скасувати")
    page.keyboard.press("ArrowLeft")
    expect(hint).to_contain_text("Enter ставить вершину")
    page.keyboard.press("Escape")
    expect(page.locator("#pl-name")).to_be_focused()
    expect(page.locator("#pl-figures")).to_contain_text("3 вершини")
    page.on("dialog", lambda dialog: dialog.accept())


def test_fingers_hit_corners_and_buttons(chromium: Browser, ground: str, stack: Stack) -> None:
    context = chromium.new_context(
        base_url=stack.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto("/sign-in/?next=/planner/")
    page.fill("input[name=username]", ground)
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/")
    page.locator("#pl-zones button", has_text="Тиха").first.tap()
    expect(page.locator("#pl-figures")).to_contain_text("Контур правильний")
    page.wait_for_function(
        """() => {
            const icon = document.querySelector(".marker-icon:not(.marker-icon-middle)");
            const box = icon.getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            const hit = (dx, dy) => document.elementFromPoint(x + dx, y + dy) === icon;
            return [[-21, 0], [21, 0], [0, -21], [0, 21]].every(([dx, dy]) => hit(dx, dy));
        }"""
    )
    for button in page.locator("#pl-tools > button:visible").all():
        box = button.bounding_box()
        assert box is not None
        assert box["width"] >= 44
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.locator("[data-mode=draw]").tap()
    for x, y in ((60, 200), (150, 200), (150, 300)):
        page.touchscreen.tap(x, y)
        page.wait_for_timeout(400)
    page.locator("#pl-draw-finish").tap()
    expect(page.locator("#pl-parts")).to_contain_text("Частина 2")
    context.close()
