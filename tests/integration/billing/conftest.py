"""Fixtures of billing's integration tests."""

from collections.abc import Iterator

import pytest

from billing.ledger.verification import verify
from tests.support.billing import World, small_world


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """A city with zones and prices (tests/support/billing.py); then the books must be right."""
    yield small_world()
    assert [str(problem) for problem in verify().problems] == []
