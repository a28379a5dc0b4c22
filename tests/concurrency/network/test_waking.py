"""Waking a sender is a convenience: without a broker the wish stands in the database anyway."""

from typing import Any

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from network import tasks, wishes


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
