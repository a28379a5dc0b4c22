"""The composition root as a Django app, last in INSTALLED_APPS: wires the seams once at start."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Calls `project.wiring.wire` when all apps are loaded."""

    name = "project"
    verbose_name = "Geobill"

    def ready(self) -> None:
        """Wire the seams."""
        from project.wiring import wire

        wire()
