"""The RADIUS REST group: only what FreeRADIUS asks, in processes and with connections of its own.

A slow page must never delay an authorization, so this application knows no page at all
(`project.urls_radius`), and it is WSGI: one short question, one thread, one answer. What is asked
most often, an Access-Request, does not go through Django's handler: its middlewares, signals and
look-up of addresses cost as much as the answer.
"""

import gc
import logging
import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings.radius")

_django = get_wsgi_application()

from django.core.exceptions import SuspiciousOperation  # noqa: E402
from django.core.handlers.wsgi import WSGIRequest  # noqa: E402
from django.db import close_old_connections  # noqa: E402
from django.http import HttpResponse  # noqa: E402

from network.api import freeradius  # noqa: E402

# What is loaded by now stays: to look through it again and again for garbage was a twenty-fifth of
# the work of each request.
gc.collect()
gc.freeze()

AUTHORIZE = "/radius/authorize"
logger = logging.getLogger(__name__)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """WSGI's entry."""
    if environ.get("PATH_INFO") != AUTHORIZE:
        return _django(environ, start_response)
    try:
        response = freeradius.authorize(WSGIRequest(environ))
    except SuspiciousOperation:  # a body that is too large
        response = HttpResponse(status=400)
    except Exception:  # one odd request: 500, as Django's handler would answer
        logger.exception("an Access-Request could not be answered")
        response = HttpResponse(status=500)
    if response.status_code >= 500:
        close_old_connections()
    body = response.content
    headers = [*response.items(), ("Content-Length", str(len(body)))]
    start_response(f"{response.status_code} {response.reason_phrase}", headers)
    return [body]
