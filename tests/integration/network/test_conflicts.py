"""Addresses that are not as they should be: seen at once, or found by a task where many run."""

from datetime import timedelta
from typing import Any

import pytest

from network import large
from network.addressing import conflicts
from network.addressing.conflicts import Kind
from network.models import IpAssignment, IpConflictFound, IpReserve, RadiusDecision, Session
from project.core import clock
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db


def online(name: str, address: str, **more: Any) -> Session:
    values = {"started_at": AT, "last_seen_at": AT, "counted_day": clock.today(AT), **more}
    return Session.objects.create(
        unique_id=name, acct_session_id=name, nas_address="10.9.1.1", framed_ip=address, **values
    )


@pytest.fixture
def wrong() -> dict[Kind, set[str]]:
    """One of each kind, and what is as it should be; the keys by kind."""
    services.pool()
    fine, other, twin, moved, own = (services.service() for _number in range(5))
    addresses = dict(RadiusDecision.objects.values_list("subscription_id", "framed_ip"))
    online("fine", addresses[fine.id], subscription=fine)
    online("others", addresses[other.id], subscription=twin)
    online("older", addresses[twin.id], subscription=twin)
    online("newer", addresses[twin.id], subscription=twin, started_at=AT + timedelta(hours=1))
    online("outside", "10.99.0.1", subscription=moved)
    online("guest", "10.77.0.250", subscription=moved, is_guest=True)
    reserved = IpAssignment.objects.get(subscription=own)
    IpReserve.objects.create(first=reserved.address, last=reserved.address, note="x", created_at=AT)
    astray = IpAssignment.objects.get(subscription=moved)
    IpAssignment.objects.filter(id=astray.id).update(pool=None, address="10.98.0.1")
    return {
        Kind.OTHERS: {"others"},
        Kind.TWICE: {"older"},
        Kind.NOT_DECIDED: {"others", "outside"},
        Kind.RESERVED: {str(reserved.id)},
        Kind.OUTSIDE_SESSION: {"outside"},
        Kind.OUTSIDE_OWN: {str(astray.id)},
    }


def told() -> dict[Kind, set[str]]:
    found: dict[Kind, set[str]] = {}
    for one in conflicts.listed():
        found.setdefault(one.kind, set()).add(one.key)
    return found


def test_each_is_seen_and_nothing_else(wrong: dict[Kind, set[str]]) -> None:
    assert conflicts.find() == 0, "a small network keeps nothing"
    assert told() == wrong
    assert not IpConflictFound.objects.exists()


def test_a_large_network_sees_what_was_found_last_as_it_is_now(
    wrong: dict[Kind, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "is_large", lambda: True)
    assert told() == {}, "nothing was looked for yet"
    assert conflicts.find() == sum(len(keys) for keys in wrong.values())
    assert conflicts.find() == IpConflictFound.objects.count()
    assert told() == wrong
    Session.objects.filter(unique_id__in=["outside", "newer"]).delete()
    IpReserve.objects.all().delete()
    online("late", "10.99.0.2")
    now = told()
    assert now == {
        Kind.OTHERS: {"others"},
        Kind.NOT_DECIDED: {"others"},
        Kind.OUTSIDE_OWN: wrong[Kind.OUTSIDE_OWN],
    }, "what was mended is gone at once, what is new waits for the next look"
    conflicts.find()
    assert told()[Kind.OUTSIDE_SESSION] == {"late"}
