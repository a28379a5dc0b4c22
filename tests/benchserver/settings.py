"""Settings of the measured web process: production, and the floor's address beside ours."""

from project.settings.production import *  # noqa: F403 - a variant starts from the whole of production

ROOT_URLCONF = "tests.benchserver.urls"
