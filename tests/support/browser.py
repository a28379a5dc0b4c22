"""Chromium of the system, driven by Playwright, and pictures of pages."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tests.support.stack import Stack

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {1440: 900, 390: 844}
LANGUAGES = ("uk", "en")
TIMEOUT_MS = 15_000
# The browser, the product and its database share two cores with another such set.
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the session."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "Chromium is not installed; ./run test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def browser_context(chromium: Browser, stack: Stack) -> Iterator[BrowserContext]:
    """A fresh profile (no cookies) whose relative addresses lead to the running system."""
    context = chromium.new_context(
        base_url=stack.url,
        viewport={"width": 1440, "height": WIDTHS[1440]},
        timezone_id="Europe/Kyiv",
        reduced_motion="reduce",
    )
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: BrowserContext) -> Iterator[Page]:
    """A page; the test fails when a script on it threw, or the page was denied something by CSP."""
    page = browser_context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: (
            troubles.append(f"console: {message.text}")
            if message.type == "error" and "Content Security Policy" in message.text
            else None
        ),
    )
    yield page
    page.close()
    assert not troubles, troubles


@contextmanager
def told(page: Page, text: str) -> Iterator[None]:
    """What is done inside is followed by this toast; one of an earlier action does not count."""
    toast = page.locator("#pl-toast")
    toast.evaluate("toast => toast.replaceChildren()")
    yield
    expect(toast).to_contain_text(text)


@contextmanager
def held_back(page: Page, url: str, method: str) -> Iterator[None]:
    """Inside, the first such request waits, as over a slow line; at the end it goes on."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == method and not held:
            held.append(route)
        else:
            route.fallback()

    page.route(url, hold)
    yield
    assert held, f"no {method} to {url} was sent"
    held[0].continue_()
    page.unroute(url, hold)


def choose_language(context: BrowserContext, *, url: str, language: str) -> None:
    """What the language switch does: a cookie."""
    root = urljoin(url, "/")  # for the whole site, the API too
    context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": root}])


def screenshot(page: Page, name: str, *, prepare: Callable[[Page], object] | None = None) -> None:
    """Pictures of the page at 1440 and 390 pixels in both languages, in <GEOBILL_VAR>/screenshots.

    The page is loaded anew for each; `prepare` brings it to the wanted state again (a dialog open,
    a form filled in). Afterwards the page is as wide as before, and Ukrainian.
    """
    assert re.fullmatch(r"[a-z0-9-]+", name), name
    folder = settings.VAR_DIR / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    before = page.viewport_size
    for language in LANGUAGES:
        choose_language(page.context, url=page.url, language=language)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.reload()
            page.wait_for_load_state("networkidle")
            if prepare is not None:
                prepare(page)
            page.screenshot(path=folder / f"{name}-{language}-{width}.png", full_page=True)
    choose_language(page.context, url=page.url, language=LANGUAGES[0])
    if before is not None:
        page.set_viewport_size(before)
    page.reload()
