"""The Celery application. Tasks take keyword arguments only and live in `<app>/tasks.py`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings.production")

app = Celery("geobill")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
