"""Settings of the web process under the vectors: production, with the clock of the fixtures."""

from project.settings.production import *  # noqa: F403 - a variant starts from the whole of production

ROOT_URLCONF = "tests.vectors.urls"
