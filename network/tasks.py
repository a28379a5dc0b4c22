"""Celery tasks of provisioning; each is one call of an operation. Plan: `network/schedule.py`."""

from datetime import timedelta

from celery import shared_task
from django.core.cache import cache

from network import (
    confirmations,
    dated,
    fastpath,
    guests,
    operations,
    partitions,
    pools,
    sender,
    session_map,
    session_operations,
    standing,
    strangers,
    verification,
    wishes,
)
from network.addressing import conflicts, utilisation
from project.core import clock

WAITS_FOR_ITS_TURN = "network:sender:{}:waits"
TURN_COMES_WITHIN_S = 120  # a turn that Redis has lost holds up its BRAS for no longer


@shared_task
def send_wishes(*, nas_id: int, is_its_turn: bool = False) -> None:
    """Carry out what waits for one BRAS. Woken by the commit of a wish.

    A BRAS whose time was over goes on when its turn comes, behind what waits in the queue by then.
    Until then nobody else begins with it: each of its wishes has put a task there, and those would
    take the workers one after the other.
    """
    waits = WAITS_FOR_ITS_TURN.format(nas_id)
    if is_its_turn:
        cache.delete(waits)
    elif cache.get(waits):
        return
    if sender.work_off(nas_id=nas_id, now=clock.now).is_unfinished:
        cache.set(waits, True, timeout=TURN_COMES_WITHIN_S)
        send_wishes.delay(nas_id=nas_id, is_its_turn=True)


@shared_task
def send_due_wishes() -> None:
    """Wake the senders of BRASes for which something is due: retries, and lost wake-ups."""
    for nas_id in wishes.due_nas(at=clock.now()):
        send_wishes.delay(nas_id=nas_id)


@shared_task
def verify_wishes() -> None:
    """See whether what was acknowledged was done."""
    verification.verify(at=clock.now())


@shared_task
def end_temporary_speeds() -> None:
    """Go back to the tariff's speed where a temporary one has ended."""
    session_operations.end_due_speeds(at=clock.now())


@shared_task
def forget_wishes() -> None:
    """Delete old wishes, and notes on sessions that are no more."""
    session_operations.forget_wishes(at=clock.now())


@shared_task
def reap_sessions() -> None:
    """Suspect and close sessions that are not heard of."""
    operations.reap_sessions(at=clock.now())


@shared_task
def enforce_access() -> None:
    """End sessions that go on against the decision."""
    wishes.enforce(at=clock.now())


@shared_task
def end_strangers() -> None:
    """End sessions of nobody that no rule allows."""
    strangers.end(at=clock.now())


@shared_task
def count_all() -> None:
    """Count sessions by place and BRAS and compare all with their decisions, for large networks."""
    standing.refresh(at=clock.now())


@shared_task
def switch_dated() -> None:
    """Decide anew what changes by itself at this minute (nights, pauses, plans, terms)."""
    dated.switch(at=clock.now())


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
def find_ip_conflicts() -> None:
    """Compare all addresses with who should have them, for large networks."""
    conflicts.find()


@shared_task
def rebuild_replies() -> None:
    """Make the Accepts of the fast path ready anew."""
    fastpath.rebuild(at=clock.now())


@shared_task
def tidy_guests() -> None:
    """Forget guests of long ago; close alerts that have not come back."""
    guests.forget_visits(at=clock.now())
    confirmations.close_quiet_alerts(at=clock.now())


@shared_task
def place_lines() -> None:
    """Find where the lines of new sessions lead, for the map."""
    session_map.place_lines(at=clock.now())
