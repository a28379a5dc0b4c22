"""Settings of the processes that are killed: the running system's role, nothing of Redis."""

from project.settings.base import database
from project.settings.test import *  # noqa: F403 - all of the tests' settings

# News wait in the outbox; that nobody can be woken is told at each payment.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"kombu": {"level": "ERROR"}},
}

DATABASES = {"default": database(role="app", pool_max_size=0)}
