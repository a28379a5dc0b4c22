"""App configuration of ``coverage``."""

from django.apps import AppConfig


class CoverageConfig(AppConfig):
    """Coverage Map."""

    name = "coverage"
    verbose_name = "Coverage Map"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make the layers of the map, its standing rules and its own movers known."""
        from coverage import standing_rules
        from coverage.placing import own_movers
        from coverage.tiles import coverage_layers, layers, plant_layer

        coverage_layers.register_all()
        layers.register(plant_layer.LAYER)
        standing_rules.register()
        own_movers.register()
