"""Periodic tasks of billing; when they run is in `schedule.py`."""

import logging
from datetime import timedelta

from celery import shared_task

from billing.charging import operations as charging
from billing.ledger import operations as ledger
from billing.ledger import seals
from project.core import clock
from project.core.actor import SYSTEM

logger = logging.getLogger(__name__)

MONTHS_AHEAD_DAYS = 100


@shared_task(name="billing.run_daily_charges")
def run_daily_charges() -> int:
    """Charge today and the dates that were missed; how many charges were posted.

    What needs a person (more than 7 missed dates, an unusual total) is logged and left to one:
    `manage.py run_charges --confirm`.
    """
    at = clock.now()
    try:
        report = charging.run(on_date=clock.today(at), at=at, actor=SYSTEM)
    except charging.RunBusyError:
        return 0
    except charging.ConfirmationNeededError as error:
        logger.error("the charge run waits for a person: %s", error)
        return 0
    return report.charged_count


@shared_task(name="billing.make_partitions")
def make_partitions() -> int:
    """Make room in the ledger for the months ahead; how many partitions were made."""
    today = clock.today()
    made = ledger.ensure_partitions(
        from_date=today, until_date=today + timedelta(days=MONTHS_AHEAD_DAYS)
    )
    return len(made)


@shared_task(name="billing.seal_ledger")
def seal_ledger() -> int:
    """Seal what was posted since the last seal and export the seal; how many postings it covers."""
    at = clock.now()
    return seals.seal_day(day=clock.today(at), at=at).postings


@shared_task(name="billing.verify_ledger")
def verify_ledger(*, mode: str = "full") -> None:
    """Verify the ledger; a fault ends the task with an error and stands in the log.

    "incremental" looks at what was posted since the last seal.
    """
    from django.core.management import call_command

    call_command("ledger_verify", mode=mode)
