"""The RADIUS REST group: only what FreeRADIUS asks, in processes and a database pool of its own.

A slow page must never delay an authorization, so this application knows no page at all
(`project.urls_radius`), and it is WSGI: one short question, one thread, one answer.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings.radius")

application = get_wsgi_application()
