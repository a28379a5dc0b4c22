"""The plan of coverage's periodic tasks, for `CELERY_BEAT_SCHEDULE`. Times are of Europe/Kyiv."""

from celery.schedules import crontab

SCHEDULE = {
    "coverage.anonymise_checks": {
        "task": "coverage.anonymise_checks",
        "schedule": crontab(hour=4, minute=50),
    },
}
