"""App configuration of ``network``."""

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Provisioning."""

    name = "network"
    verbose_name = "Provisioning"
    default_auto_field = "django.db.models.BigAutoField"
