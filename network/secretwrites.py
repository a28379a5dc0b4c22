"""Statements that carry clear passwords: bound by the server, not written into the text.

Django's cursor writes values into the statement, and PostgreSQL logs the text of one that fails or
is slow. Of values that the server binds it logs none (`log_parameter_max_length` 0).
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def execute(statement: str, values: Mapping[str, Any]) -> None:
    """Carry out a statement of ours in the present transaction."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement.encode(), values)
