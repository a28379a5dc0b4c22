"""Settings of the tests that run inside pytest.

They log in as the owner, because a test makes its own database; `as_app_role` in tests/conftest.py
shows what the running system may do. Nothing here reaches Redis or a mail server.
"""

import os

# Pages of the browser tests are read by Playwright's synchronous interface, which keeps an event
# loop running in the same thread; Django would refuse every query there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

from project.settings.base import *
from project.settings.base import REST_FRAMEWORK, THROTTLE_RATES, database

DATABASES = {"default": database(role="owner", pool_max_size=0)}
SECRET_KEY = "only for tests, never for a running system"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "project.core.caches.CountingLocalCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Tasks go to a queue in memory and stay there: a test that wants one done calls its operation.
CELERY_BROKER_URL = "memory://"
THROTTLE_RATES = dict.fromkeys(THROTTLE_RATES, "100000/min")
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": THROTTLE_RATES}
