"""Fixtures of billing's integration tests."""

import pytest

from tests.support.billing import World, small_world


@pytest.fixture
def world(db: None) -> World:
    """A city with zones and prices (tests/support/billing.py)."""
    return small_world()
