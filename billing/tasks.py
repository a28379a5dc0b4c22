"""Periodic tasks of billing; when they run is in `schedule.py`."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings

from billing.bookkeeping import stopping
from billing.charging import operations as charging
from billing.ledger import operations as ledger
from billing.ledger import seals, verification
from billing.payments import operations as payments
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
        logger.warning("a charge run or a trial is under way: this one is left out")
        return 0
    except charging.ConfirmationNeededError as error:
        logger.error("the charge run waits for a person: %s", error)
        return 0
    return report.charged_count


@shared_task(name="billing.tell_of_ending_funds")
def tell_of_ending_funds() -> int:
    """Notices to clients whose money ends in some days; how many were written."""
    at = clock.now()
    return charging.tell_of_ending_funds(on_date=clock.today(at), at=at)


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


@shared_task(name="billing.ask_about_payments")
def ask_about_payments() -> int:
    """Ask providers about payments and refunds of which the end is unknown; how many there were."""
    at = clock.now()
    payments.expire(at=at, actor=SYSTEM)
    return payments.ask_about_open(at=at) + payments.ask_about_refunds(at=at)


@shared_task(name="billing.purge_payment_messages")
def purge_payment_messages() -> int:
    """Delete messages of payment systems that are older than they are kept; how many."""
    kept = timedelta(days=settings.GEOBILL_PAYMENT_MESSAGES_KEPT_DAYS)
    return payments.purge_messages(before=clock.now() - kept)


class LedgerWrongError(RuntimeError):
    """The verification found something: the task fails, so that monitoring sees it."""


@shared_task(name="billing.verify_ledger")
def verify_ledger(*, mode: str = "full") -> int:
    """Verify the ledger and stop the accounts that are broken; how many postings were looked at.

    "incremental" looks at what was posted since the last seal. A fault stands in the log, line by
    line, and ends the task with LedgerWrongError: the other accounts go on.
    """
    seals_dir = seals.default_dir() if mode == "full" else None
    report = verification.verify(mode=mode, seals_dir=seals_dir)
    if report.is_right:
        return report.postings
    for problem in report.problems:
        logger.error("ledger: %s", problem)
    stopped = stopping.park_broken(problems=report.problems, at=clock.now(), actor=SYSTEM)
    raise LedgerWrongError(
        f"the ledger is wrong in {len(report.problems)} places; accounts stopped: {stopped}"
    )
