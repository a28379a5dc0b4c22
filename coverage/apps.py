"""App configuration of ``coverage``."""

from django.apps import AppConfig


class CoverageConfig(AppConfig):
    """Coverage Map."""

    name = "coverage"
    verbose_name = "Coverage Map"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the layers of the map known."""
        from coverage.tiles import coverage_layers

        coverage_layers.register_all()
