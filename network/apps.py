"""App configuration of ``network``."""

from django.apps import AppConfig


class NetworkConfig(AppConfig):
    """Provisioning."""

    name = "network"
    verbose_name = "Provisioning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Edited drivers lie over the shipped ones."""
        from network import edited_drivers
        from network.vendors import registry

        registry.on_edited(edited_drivers.edited)
