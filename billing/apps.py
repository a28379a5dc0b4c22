"""App configuration of ``billing``."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Financial System."""

    name = "billing"
    verbose_name = "Financial System"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell subscriptions what changes mean in money, and the verifier what must hold."""
        from billing import invariants
        from billing.charging import effects
        from billing.subscriptions import hooks

        hooks.register_effects(effects)
        invariants.register()
