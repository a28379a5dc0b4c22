"""Fixtures of the payment protocols."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.contract.payments.faults import FOLDER
from tests.vectors.files import ALGORITHM
from tests.vectors.runner import run_provider


@dataclass(frozen=True)
class Told:
    """What came of a provider's vectors: how many went over HTTP, and those that do not hold."""

    over_http: int
    wrong: list[tuple[str, Any]]


RunVectors = Callable[[str], Told]


@pytest.fixture
def run_vectors(django_db_blocker: DjangoDbBlocker, django_db_setup: None) -> RunVectors:
    """`run_vectors(provider)`: every vector of the fixtures, over HTTP."""

    def run(provider: str) -> Told:
        with django_db_blocker.unblock():
            found = run_provider(FOLDER, provider)
        return Told(
            over_http=sum(outcome.vector.direction != ALGORITHM for outcome in found),
            wrong=[(outcome.vector.name, outcome.wrong) for outcome in found if outcome.wrong],
        )

    return run
