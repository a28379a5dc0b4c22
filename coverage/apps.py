"""App configuration of ``coverage``."""

from django.apps import AppConfig


class CoverageConfig(AppConfig):
    """Coverage Map."""

    name = "coverage"
    verbose_name = "Coverage Map"
    default_auto_field = "django.db.models.BigAutoField"
