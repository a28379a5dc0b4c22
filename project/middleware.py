"""Middleware of the whole product: the language of a page, and its security headers."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import get_supported_language_variant

GetResponse = Callable[[HttpRequest], HttpResponse]


def chosen_language(request: HttpRequest) -> str:
    """The language a person chose: by the switch (a cookie), else in their profile, else Ukrainian.

    The browser's Accept-Language is not asked. Many Ukrainian clients use a browser in another
    language, and the page must not change its language because of how a machine was set up.
    """
    wanted = [request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")]
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        wanted.append(getattr(request.user, "language", "") or "")
    for code in wanted:
        try:
            if code:
                return get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


class ChosenLanguageMiddleware(LocaleMiddleware):
    """Django's LocaleMiddleware with `chosen_language` instead of Accept-Language.

    It stands after AuthenticationMiddleware, because the profile of the user is one of the sources.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Activate the language for the time of the request."""
        language = chosen_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Say which language this is; unlike Django's own, don't vary by a header we never read."""
        response.headers.setdefault("Content-Language", translation.get_language() or "uk")
        return response


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Everything a page uses comes from us; only map tiles may come from the configured server.

    A view that needs more sets the header itself and this middleware leaves it alone.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", settings.CONTENT_SECURITY_POLICY)
        return response

    return middleware
