"""Addresses of the product, in a process whose clock stands at the moment of the fixtures."""

import os
from datetime import datetime

from project.core import clock
from project.urls import handler500, urlpatterns

NOW = datetime.fromisoformat(os.environ["GEOBILL_VECTORS_NOW"])


def standing_clock() -> datetime:
    """The moment that the vectors were made for."""
    return NOW


clock.now = standing_clock

__all__ = ["handler500", "urlpatterns"]
