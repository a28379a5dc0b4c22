"""The public site in Chromium: with the keyboard, on a phone, and with scripts switched off."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from coverage.models import Street
from tests.support.browser import screenshot
from tests.support.plots import Plot
from tests.support.provider import small_provider
from tests.support.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
def street(stack: Stack) -> str:
    """A provider with one zone and one house in it; the name of its street."""
    with stack.database():
        made = small_provider(east=Plot.PUBLIC, code="public-300")
        named = Street.objects.create(
            locality=made.building.locality,
            type="вулиця",
            name="Бучми",
            name_norm="бучми",
            search_key="бучми",
        )
        for building, number in ((made.building, "42Б"), (made.outside, "99")):
            building.street, building.number, building.number_sort = named, number, number
            building.number_int = 42
            building.save()
    return "Бучми"


def test_by_keyboard_alone_from_the_question_to_the_request(page: Page, street: str) -> None:
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type(f"{street} 42")
    chip = page.locator("#suggestions .chip").first
    expect(chip).to_have_text("42Б")
    page.keyboard.press("ArrowDown")  # the street
    page.keyboard.press("ArrowDown")  # its house
    expect(chip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Так, підключимо вас")
    screenshot(page, "public-answer")
    page.get_by_role("link", name="Замовити").first.click()
    page.get_by_label("Ваш телефон").fill("067 412 08 35")
    page.get_by_label("Ваше ім’я").fill("Оксана Коваленко")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Заявку прийнято")


def test_without_scripts_everything_is_reached(
    chromium: Browser, stack: Stack, street: str
) -> None:
    context: BrowserContext = chromium.new_context(
        base_url=stack.url,
        java_script_enabled=False,
        viewport={"width": 390, "height": 844},
    )
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Вулиця й будинок").fill(f"{street} 42-б")
    page.get_by_role("button", name="Перевірити").click()
    expect(page.locator("h1")).to_have_text("Так, підключимо вас")
    page.goto("/coverage/")
    page.get_by_role("link", name=f"вулиця {street}").click()
    page.get_by_role("button", name="99").click()
    expect(page.locator("h1")).to_have_text("Сюди ми ще не дійшли")
    context.close()


@pytest.mark.parametrize("path", ["/", "/coverage/", "/tariffs/", "/pin/", "/sign-in/"])
def test_no_page_is_wider_than_a_phone(page: Page, street: str, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_every_field_and_button_has_a_name(page: Page, street: str) -> None:
    for path in ("/", "/pin/", "/sign-in/"):
        page.goto(path)
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('input:not([type=hidden]), textarea, button')]
                .filter((e) => e.offsetParent && !e.labels?.length && !e.ariaLabel
                    && !e.textContent.trim())
                .map((e) => e.outerHTML)"""
        )
        assert nameless == []


def test_pictures_of_the_first_page(page: Page, street: str) -> None:
    page.goto("/")
    expect(page.locator("h1")).to_be_visible()
    screenshot(page, "public-home")
    page.goto("/coverage/")
    expect(page.locator(".leaflet-container")).to_be_visible()
    screenshot(page, "public-coverage")
