"""Fixtures of the tests of provisioning."""

from collections.abc import Iterator

import pytest

from tests.support.fake_bras import FakeBras
from tests.support.live import SECRET


@pytest.fixture
def bras() -> Iterator[FakeBras]:
    """A BRAS on the wire that knows the secret of `tests.support.live`."""
    with FakeBras(secret=SECRET) as one:
        yield one
