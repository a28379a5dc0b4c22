"""A short simulated life of a small provider; `./run simulate` lives longer ones, with any seed."""

import random

import pytest
from django.conf import settings

from tests.simulation.__main__ import simulate


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_fixed", [True, False], ids=["fixed seed", "random seed"])
def test_a_month_of_twelve_clients(is_fixed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "GEOBILL_CHARGE_WORKERS", 1)
    # A failure names its seed and day; `./run simulate --seed N` repeats it.
    seed = 20271001 if is_fixed else random.SystemRandom().randrange(10**9)
    done = simulate(seed=seed, subscribers=12, days=30)
    assert done.counts["runs"] > 10
