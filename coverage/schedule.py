"""The plan of coverage's periodic tasks, for `CELERY_BEAT_SCHEDULE`. Times are of Europe/Kyiv."""

from celery.schedules import crontab

SCHEDULE = {
    "coverage.anonymise_checks": {
        "task": "coverage.anonymise_checks",
        "schedule": crontab(hour=4, minute=50),
    },
    # Planned publications; when nothing is due it is one look at an index.
    "coverage.end_due_overrides": {"task": "coverage.end_due_overrides", "schedule": 60.0},
    "coverage.publish_due": {"task": "coverage.publish_due", "schedule": 30.0},
}
