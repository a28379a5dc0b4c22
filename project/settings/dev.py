"""Settings for writing code: debugging pages, statics served from where they lie."""

from project.core.env import envbool
from project.settings.base import *

DEBUG = envbool("GEOBILL_DEBUG", True)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
