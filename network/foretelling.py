"""What a change will ask of BRASes, told before it happens.

Called inside a transaction that is rolled back: the wishes that the change made are planned as the
sender would plan them, and nothing is sent.
"""

from dataclasses import dataclass

from django.db import connection

from network.models import Nas
from network.sender import WISH, job_of, sessions_of
from network.steps import AS_IT_IS, ENDED, planned
from network.vendors.driver import ChangeKind
from network.vendors.registry import driver_for

_WAITING = f"""
SELECT {WISH}, a.nas_id FROM network_access_action a
WHERE a.subscription_id = %s AND a.state IN ('DESIRED', 'TIMED_OUT')
ORDER BY a.priority, a.id
"""  # noqa: S608 (our own text)


@dataclass(frozen=True, slots=True)
class Foretold:
    """What one session will be told: `kind` as of an AccessAction, and the packets' attributes."""

    session_unique_id: str
    nas_name: str
    kind: str
    attributes: tuple[str, ...] = ()


def of_service(*, subscription_id: int) -> list[Foretold]:
    """What the wishes that wait for this service's sessions come to on their BRASes."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [subscription_id])
        rows = cursor.fetchall()
    sessions = sessions_of(row[1] for row in rows)
    servers = Nas.objects.in_bulk([row[-1] for row in rows if row[-1] is not None])
    found = []
    for row in rows:
        nas, job = servers.get(row[-1]), job_of(row, session=sessions.get(row[1]))
        if nas is None:
            continue
        planned(job, driver=driver_for(nas))
        if job.outcome == ENDED:
            continue
        kind = ChangeKind.NOTHING.value if job.outcome == AS_IT_IS else job.kind
        told = tuple(
            f"{one.name} {one.op} {one.value}"
            for packet in job.packets
            for one in packet.attributes
        )
        found.append(Foretold(row[1], nas.name, kind, told))
    return found
