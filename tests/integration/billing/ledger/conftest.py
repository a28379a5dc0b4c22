"""Fixtures of the ledger's tests."""

import pytest

from billing.ledger import verification
from tests.support.ledger import Books


@pytest.fixture
def books(db: None) -> Books:
    """An empty provider's books."""
    return Books()


@pytest.fixture(autouse=True)
def only_the_ledgers_own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Payments here have no Payment behind them, which billing's checks (I7 to I10) would tell."""
    monkeypatch.setattr(verification, "_registered", {})
