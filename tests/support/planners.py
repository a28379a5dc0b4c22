"""Planners who sit before the map in a browser: people with a name, pages that are signed in."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page, expect

from project.core.models import User
from tests.support.browser import TIMEOUT_MS, WIDTHS, told
from tests.support.stack import Stack
from tests.support.zones import planner

PASSWORD = "secret-secret"


def planner_named(first_name: str, username: str) -> User:
    """A planner who can sign in to the running system (the tests' own hasher is unknown to it)."""
    person = planner(username)
    person.first_name = first_name
    person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    person.save()
    return person


def sign_in(page: Page, username: str) -> Page:
    """The planner's page of that person."""
    page.goto("/sign-in/?next=/planner/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    return page


@contextmanager
def another_browser(chromium: Browser, stack: Stack, username: str) -> Iterator[Page]:
    """A second person at a second computer, signed in."""
    context = chromium.new_context(
        base_url=stack.url,
        viewport={"width": 1440, "height": WIDTHS[1440]},
        timezone_id="Europe/Kyiv",
        locale="uk-UA",
        reduced_motion="reduce",
    )
    context.set_default_timeout(TIMEOUT_MS)
    try:
        yield sign_in(context.new_page(), username)
    finally:
        context.close()


def give_text(page: Page, wkt: str) -> None:
    """Put an outline in place as text."""
    page.click("#pl-as-text")
    page.fill("#pl-text", wkt)
    page.click("#pl-text-use")


def save_draft(page: Page) -> None:
    """Save what is open, and back to the list."""
    with (
        told(page, "Чернетку збережено"),
        page.expect_response("**/zones/?drafts=1"),  # after the saving the list is read anew
    ):
        page.click("#pl-save")
    page.click("section[data-view=edit] [data-back]")


def new_zone(page: Page, *, name: str, wkt: str, into: str = "") -> None:
    """Draw a new zone in service and save its draft, in a new change set of that title."""
    page.click("#pl-new")
    give_text(page, wkt)
    page.fill("#pl-name", name)
    page.select_option("#pl-status", "IN_SERVICE")
    if into:
        page.select_option("#pl-into", "new")
        page.fill("#pl-into-title", into)
    save_draft(page)


def open_zone(page: Page, name: str) -> None:
    """From the list."""
    page.locator("#pl-zones button", has_text=name).first.click()
    expect(page.locator("#pl-edit-title")).to_have_text(name)


def open_set(page: Page, title: str, *, shelf: str = "open") -> None:
    """From wherever the list of zones is one step away."""
    page.click("#pl-sets")
    page.click(f"#pl-shelves [data-shelf={shelf}]")
    page.locator("#pl-sets-list button", has_text=title).first.click()
    expect(page.locator("#pl-set-title")).to_contain_text(title)


def to_list(page: Page) -> None:
    """Back to the list of zones."""
    page.locator("#pl-panel > section:not([hidden]) .pl-back").first.click()
