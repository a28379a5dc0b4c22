"""Statements over places by the thousand, joined by hash."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from coverage.tiles.layers import PLAN

# What lies in a city's polygon (100,000 rows of 60 bytes) stays in memory.
SETTINGS = PLAN + " SET LOCAL work_mem = '64MB';"


def fetched(sql: str, values: Mapping[str, Any]) -> list[Any]:
    """All rows. How many checks or buildings a polygon holds can't be estimated: of 20,000 checks a
    nested loop took minutes where a hash takes a fifth of a second, so nested loops are off."""
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS + sql, dict(values))
        for _setting in range(SETTINGS.count(";")):
            cursor.nextset()
        return cursor.fetchall()
