"""A failure between two statements: what was begun is rolled back, and then it is done again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection


class InjectedError(OperationalError):
    """The connection to the database broke, as far as the code can tell."""


@contextmanager
def fault_after(statements: int) -> Iterator[None]:
    """Inside the block the statement after so many fails, once."""
    left = [statements]

    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if left[0] == 0:
            left[0] = -1
            raise InjectedError("injected")
        left[0] -= 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
