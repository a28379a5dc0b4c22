"""Settings of the RADIUS REST group: few middlewares, its own addresses, its own database pool."""

from project.core.env import envint
from project.settings.base import *
from project.settings.base import GEOBILL_DB_ROLE, database

ROOT_URLCONF = "project.urls_radius"
WSGI_APPLICATION = "project.radius_wsgi.application"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
APPEND_SLASH = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
SECURE_SSL_REDIRECT = False
DATABASES = {
    "default": database(
        role=GEOBILL_DB_ROLE, pool_max_size=envint("GEOBILL_RADIUS_DB_POOL_MAX_SIZE", 8)
    )
}
# FreeRADIUS has given up after 2 s; work beyond that only holds a connection and a thread. Who
# waits for a lock is told before its 1.5 s are over, which it would take for an outage.
DATABASES["default"]["OPTIONS"]["options"] = "-c statement_timeout=3000 -c lock_timeout=800"
