"""Statements that the server plans once for each connection.

For the few statements that are asked at every availability check, authorization or posting:
planning a spatial statement with a dozen joins takes longer than running it for one place, and a
payment is posted as fast as it is planned. Everything else goes through the ORM or an ordinary
cursor. A statement is recognised by its text, so that has to be a constant; what varies is a
parameter.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections


def rows(sql: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a prepared statement, in the transaction that Django has open, if any."""
    connection = connections[DEFAULT_DB_ALIAS]  # once: `django.db.connection` looks it up each time
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        begin = time.monotonic()
        cursor.execute(cast(LiteralString, sql), parameters, prepare=True)
        if connection.queries_logged:  # so that query counts of tests see them too
            taken = f"{time.monotonic() - begin:.3f}"
            connection.queries_log.append({"sql": sql, "time": taken})
        # Not `description`: it names every column anew each time.
        answered = cursor.pgresult is not None and cursor.pgresult.nfields > 0
        return list(cursor.fetchall()) if answered else []
