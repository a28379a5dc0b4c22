"""App configuration of the core."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Staff, audit log, outbox: what every other app builds on."""

    name = "project.core"
    label = "core"
    verbose_name = "Core"
    default_auto_field = "django.db.models.BigAutoField"
