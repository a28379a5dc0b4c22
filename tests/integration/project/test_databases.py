"""What every test may rely on: the extensions, the roles, and a clean database after a commit."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import ProgrammingError, connection


@pytest.mark.django_db
def test_the_database_has_what_the_models_need() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        names = {row[0] for row in cursor.fetchall()}
    assert {"postgis", "btree_gist", "pg_trgm"} <= names


@pytest.mark.django_db
def test_text_sorts_by_ukrainian_rules() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(name ORDER BY name) FROM unnest(%s::text[]) name",
            [["Яна", "Єва", "Ігор", "Іра", "Ґалаґан", "Гнат", "Дана", "Жанна"]],
        )
        row = cursor.fetchone()
    assert row[0] == ["Гнат", "Ґалаґан", "Дана", "Єва", "Жанна", "Ігор", "Іра", "Яна"]


@pytest.mark.django_db
def test_the_running_role_may_write_rows_but_not_change_tables(
    as_app_role: Callable[[], AbstractContextManager[None]],
) -> None:
    with as_app_role():
        get_user_model().objects.create_user("written-as-app")
    assert get_user_model().objects.filter(username="written-as-app").exists()
    with pytest.raises(ProgrammingError), as_app_role(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_user ADD COLUMN oops integer")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == "geobill_owner"


@pytest.mark.parametrize("round_", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_a_committing_test_leaves_nothing_behind(
    round_: int, app_connection: psycopg.Connection
) -> None:
    assert not get_user_model().objects.filter(username="committed").exists()
    get_user_model().objects.create_user("committed")
    row = app_connection.execute("SELECT count(*) FROM core_user WHERE username = 'committed'")
    assert row.fetchone() == (1,)
