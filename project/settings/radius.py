"""Settings of the RADIUS REST group: few middlewares, its own addresses, its own connections."""

from project.settings.base import *
from project.settings.base import GEOBILL_DB_ROLE, database

ROOT_URLCONF = "project.urls_radius"
WSGI_APPLICATION = "project.radius_wsgi.application"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
APPEND_SLASH = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
SECURE_SSL_REDIRECT = False
# The threads of this group stay, and each keeps its connection with what was prepared there: a pool
# would set a connection up anew for each request, which costs more than the answer. One that the
# database closed meanwhile is found out by the request that meets it (network.api.freeradius).
DATABASES = {"default": database(role=GEOBILL_DB_ROLE, pool_max_size=0)}
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
# FreeRADIUS has given up after 2 s; work beyond that only holds a connection and a thread. Who
# waits for a lock is told before its 1.5 s are over, which it would take for an outage.
DATABASES["default"]["OPTIONS"]["options"] = (
    "-c jit=off -c plan_cache_mode=force_generic_plan -c statement_timeout=3000 -c lock_timeout=800"
)
