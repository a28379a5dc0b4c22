"""Fixtures of the payment protocols."""

from collections.abc import Callable

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.contract.payments.faults import FOLDER
from tests.vectors.files import ALGORITHM
from tests.vectors.runner import run_provider


@pytest.fixture
def hold_vectors(django_db_blocker: DjangoDbBlocker, django_db_setup: None) -> Callable[..., None]:
    """`hold_vectors(provider)`: every vector of the fixtures holds over HTTP."""

    def check(provider: str) -> None:
        with django_db_blocker.unblock():
            found = run_provider(FOLDER, provider)
        assert any(outcome.vector.direction != ALGORITHM for outcome in found)
        assert not [(o.vector.name, o.wrong) for o in found if o.wrong]

    return check
