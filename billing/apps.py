"""App configuration of ``billing``."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Financial System."""

    name = "billing"
    verbose_name = "Financial System"
    default_auto_field = "django.db.models.BigAutoField"
