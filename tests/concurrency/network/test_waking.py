"""Waking a sender is a convenience: without a broker the wish stands in the database anyway, and
who made it carries it out."""

import threading
from typing import Any

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from network import tasks, wishes
from network.models import AccessAction, Session
from project.core import clock
from tests.support import services
from tests.support.fake_bras import FakeBras


def wait_for_senders() -> None:
    for one in threading.enumerate():
        if one.name.startswith("bras-"):
            one.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("inside", [True, False])
def test_a_broker_that_is_away_fails_nobody(monkeypatch: pytest.MonkeyPatch, inside: bool) -> None:
    asked = []

    def is_away(**wanted: Any) -> None:
        asked.append(wanted)
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.send_wishes, "delay", is_away)
    if inside:
        with transaction.atomic():
            wishes.wake([1, 1])
    else:
        wishes.wake([1, 1])
    assert asked == [{"nas_id": 1}]
    wait_for_senders()


@pytest.mark.django_db(transaction=True)
def test_a_block_reaches_the_bras_while_the_queue_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_away(**_wanted: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.send_wishes, "delay", is_away)
    now = clock.now()
    with FakeBras(secret="bras-secret") as bras:
        nas = services.nas(coa_port=bras.port)
        sold = services.service(at=now)
        Session.objects.create(
            unique_id="u1", acct_session_id="81a1", subscription=sold, nas=nas,
            nas_address=nas.address, login="x", started_at=now, last_seen_at=now,
            counted_day=clock.today(now),
        )  # fmt: skip
        services.block(sold, at=now)
        wait_for_senders()
        assert bras.kinds() == ["disconnect"]
    assert AccessAction.objects.get().state == "ACKNOWLEDGED"
