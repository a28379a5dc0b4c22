"""The plan of billing's periodic tasks, for `CELERY_BEAT_SCHEDULE`. Times are of Europe/Kyiv.

Nothing by the clock between 03:00 and 04:00, which does not exist on one day and happens twice on
another (R1); what comes every few minutes is counted in seconds.
"""

from celery.schedules import crontab

SCHEDULE = {
    "billing.run_daily_charges": {
        "task": "billing.run_daily_charges",
        "schedule": crontab(hour=0, minute=5),
    },
    # The worker may have been down at 00:05; a finished day costs nothing to look at again.
    "billing.catch_up_charges": {
        "task": "billing.run_daily_charges",
        "schedule": crontab(hour="0,1,2,4-23", minute=35),
    },
    # By day, when people read messages; the night's run is long over.
    "billing.tell_of_ending_funds": {
        "task": "billing.tell_of_ending_funds",
        "schedule": crontab(hour=10, minute=0),
    },
    "billing.make_partitions": {
        "task": "billing.make_partitions",
        "schedule": crontab(hour=1, minute=15),
    },
    # After the night's run: the seal then covers its charges, and what is verified every quarter of
    # an hour (what came after the last seal) is a day's payments.
    "billing.seal_ledger": {
        "task": "billing.seal_ledger",
        "schedule": crontab(hour=2, minute=15),
    },
    "billing.verify_ledger": {
        "task": "billing.verify_ledger",
        "schedule": crontab(hour=4, minute=30),
    },
    "billing.verify_new_postings": {
        "task": "billing.verify_ledger",
        "schedule": crontab(hour="5-23", minute="7,22,37,52"),
        "kwargs": {"mode": "incremental"},
    },
    # Providers that did not tell the end of a payment are asked; what nobody paid is closed.
    "billing.ask_about_payments": {
        "task": "billing.ask_about_payments",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "billing.purge_payment_messages": {
        "task": "billing.purge_payment_messages",
        "schedule": crontab(hour=5, minute=40),
    },
}
