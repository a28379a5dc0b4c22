"""Which language a page is in."""

from types import SimpleNamespace

import pytest
from django.http import HttpRequest

from project.middleware import chosen_language


def request(*, cookie: str = "", profile: str | None = None, header: str = "") -> HttpRequest:
    made = HttpRequest()
    if cookie:
        made.COOKIES["geobill_language"] = cookie
    if profile is not None:
        made.COOKIES["geobill_session"] = "x"
        made.user = SimpleNamespace(language=profile)  # type: ignore[assignment]
    if header:
        made.META["HTTP_ACCEPT_LANGUAGE"] = header
    return made


@pytest.mark.parametrize(
    "made,language",
    [
        (request(), "uk"),
        (request(header="en-US,en;q=0.9"), "uk"),
        (request(cookie="en"), "en"),
        (request(cookie="en-gb"), "en"),
        (request(profile="en"), "en"),
        (request(cookie="uk", profile="en"), "uk"),
        (request(cookie="xx", profile=""), "uk"),
    ],
)
def test_the_switch_wins_then_the_profile_and_else_ukrainian(
    made: HttpRequest, language: str
) -> None:
    assert chosen_language(made) == language
