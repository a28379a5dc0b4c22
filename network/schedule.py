"""The plan of the periodic tasks, for `CELERY_BEAT_SCHEDULE`. Hours are of Europe/Kyiv.

None is by the clock between 03:00 and 04:00, which does not exist on one day and happens twice on
another (R1): what comes every so often is counted in seconds, or (night speeds) looks at each
minute what holds then.
"""

from celery.schedules import crontab

SCHEDULE = {
    "network.send_due_wishes": {"task": "network.tasks.send_due_wishes", "schedule": 10.0},
    "network.verify_wishes": {"task": "network.tasks.verify_wishes", "schedule": 15.0},
    "network.end_temporary_speeds": {
        "task": "network.tasks.end_temporary_speeds",
        "schedule": 10.0,
    },
    "network.forget_wishes": {
        "task": "network.tasks.forget_wishes",
        "schedule": crontab(hour=4, minute=35),
    },
    "network.enforce_access": {"task": "network.tasks.enforce_access", "schedule": 60.0},
    "network.end_strangers": {"task": "network.tasks.end_strangers", "schedule": 60.0},
    # As often as its own cost allows (network.standing.SHARE).
    "network.count_all": {
        "task": "network.tasks.count_all",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "network.reap_sessions": {"task": "network.tasks.reap_sessions", "schedule": 60.0},
    "network.reap_addresses": {"task": "network.tasks.reap_addresses", "schedule": 30.0},
    "network.sample_pools": {
        "task": "network.tasks.sample_pools",
        "schedule": 600.0,
    },
    "network.find_ip_conflicts": {
        "task": "network.tasks.find_ip_conflicts",
        "schedule": 300.0,
        "options": {"expires": 240},
    },
    "network.place_lines": {"task": "network.tasks.place_lines", "schedule": 60.0},
    # At the first second of each minute: night speeds and plans change at their hour. A run that
    # waited for long in the queue is of no use, the next one makes up for it.
    "network.switch_dated": {
        "task": "network.tasks.switch_dated",
        "schedule": crontab(),
        "options": {"expires": 50},
    },
    "network.forget_rejects": {
        "task": "network.tasks.forget_rejects",
        "schedule": crontab(hour=4, minute=20),
    },
    # A fortnight is made ahead: a worker that was down for days has refused nothing.
    "network.keep_days": {
        "task": "network.tasks.keep_days",
        "schedule": crontab(hour="2,14", minute=40),
    },
    "network.rebuild_replies": {
        "task": "network.tasks.rebuild_replies",
        "schedule": crontab(hour=4, minute=10),
    },
    "network.tidy_guests": {
        "task": "network.tasks.tidy_guests",
        "schedule": crontab(hour=4, minute=30),
    },
}
