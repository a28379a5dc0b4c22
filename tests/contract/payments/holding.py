"""The fixture's vectors of a provider over HTTP, as a test."""

from tests.contract.payments.faults import FOLDER
from tests.vectors.files import ALGORITHM
from tests.vectors.runner import run_provider


def check_vectors(provider: str) -> None:
    """Every vector of the provider holds."""
    outcomes = run_provider(FOLDER, provider)
    assert any(outcome.vector.direction != ALGORITHM for outcome in outcomes)
    assert not [(o.vector.name, o.wrong) for o in outcomes if o.wrong]
