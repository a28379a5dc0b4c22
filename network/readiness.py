"""Ready replies made anew because a BRAS's card changed what an Accept for it says.

A few are made by a task at once. Of many a person wants to know how far it is: that is a job. Until
a reply is there the fast path asks the REST group, which says the same.
"""

from datetime import datetime

from django.db import transaction

from network import fastpath
from network.models import Nas, RadiusDecision
from project.core import jobs
from project.core.actor import Actor
from project.core.models import Job

KIND = "network.ready_replies"
MANY = 20_000  # services; that many take some seconds


def begin(*, nas: Nas, at: datetime, actor: Actor) -> None:
    """Make what is ready for this BRAS anew once the present transaction is committed."""
    services = RadiusDecision.objects.count()
    if services >= MANY:
        jobs.start(kind=KIND, title=nas.name, total=services, actor=actor, at=at)
    else:
        transaction.on_commit(_at_once, robust=True)


def is_shared(nas: Nas) -> bool:
    """Whether another BRAS in service is of the same kind: what is ready for it is for this too."""
    same = Nas.objects.filter(kind=nas.kind, retired_at=None)
    return same.exclude(id=nas.id).exists()


def going_on() -> Job | None:
    """The job that is at it, or waits; the newest of several."""
    waiting = (Job.State.QUEUED, Job.State.RUNNING)
    return Job.objects.filter(kind=KIND, state__in=waiting).order_by("-id").first()


def run(progress: jobs.Progress) -> None:
    """The job. A worker that goes on for a dead one begins behind the last whole portion."""
    progress.set_total(RadiusDecision.objects.count())
    after = int(progress.state or 0)
    for last, seen in fastpath.portions(at=progress.started_at, after=after):
        progress.advance(seen)
        progress.checkpoint(last)


def _at_once() -> None:
    from network.tasks import rebuild_replies

    rebuild_replies.delay()
