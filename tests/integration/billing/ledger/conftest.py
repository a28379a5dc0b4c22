"""Fixtures of the ledger's tests."""

import pytest

from tests.support.ledger import Books


@pytest.fixture
def books(db: None) -> Books:
    """An empty provider's books."""
    return Books()
