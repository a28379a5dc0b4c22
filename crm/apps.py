"""App configuration of ``crm``."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    """CRM."""

    name = "crm"
    verbose_name = "CRM"
    default_auto_field = "django.db.models.BigAutoField"
