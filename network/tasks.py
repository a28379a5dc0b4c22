"""Celery tasks of provisioning; each is one call of an operation. Plan: `network/schedule.py`."""

from datetime import timedelta

from celery import shared_task

from network import (
    actions,
    confirmations,
    fastpath,
    guests,
    operations,
    partitions,
    pools,
    provisioning,
)
from network.addressing import utilisation
from project.core import clock


@shared_task
def carry_out_action(*, action_id: int) -> None:
    """Send one CoA or Disconnect."""
    actions.carry_out(action_id=action_id, at=clock.now())


@shared_task
def carry_out_due_actions() -> None:
    """Send what is due: retries, and wishes whose worker died."""
    for action_id in actions.due(at=clock.now()):
        actions.carry_out(action_id=action_id, at=clock.now())


@shared_task
def reap_sessions() -> None:
    """Suspect and close sessions that are not heard of."""
    operations.reap_sessions(at=clock.now())


@shared_task
def enforce_access() -> None:
    """End sessions that go on against the decision."""
    actions.enforce(at=clock.now())


@shared_task
def refresh_dated() -> None:
    """Decide anew what changes with the date (pauses, plans, terms)."""
    provisioning.refresh_dated(at=clock.now())


@shared_task
def forget_rejects() -> None:
    """Delete old refusals."""
    days = timedelta(days=operations.REJECTS_KEPT_DAYS)
    operations.forget_rejects(before=clock.now() - days)


@shared_task
def keep_days() -> None:
    """Make the partitions of the days to come and drop those that need not be kept."""
    today = clock.today()
    partitions.ensure(on_date=today)
    partitions.drop_old(on_date=today)


@shared_task
def reap_addresses() -> None:
    """End holds and graces of addresses that have expired."""
    pools.reap(at=clock.now())


@shared_task
def sample_pools() -> None:
    """Remember how much of each pool of addresses is taken."""
    utilisation.sample(at=clock.now())


@shared_task
def rebuild_replies() -> None:
    """Make the Accepts of the fast path ready anew."""
    fastpath.rebuild(at=clock.now())


@shared_task
def tidy_guests() -> None:
    """Forget guests of long ago; close alerts that have not come back."""
    guests.forget_visits(at=clock.now())
    confirmations.close_quiet_alerts(at=clock.now())
