"""Fixtures for all tests. Those of a running system and a browser are in support/stack.py and
support/browser.py."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection as django_connection
from django.db import transaction
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from tests.support import databases

HERE = Path(__file__).parent
LONG_FIRST = {"scenarios": 0, "stack": 1, "browser": 2, "integration": 3}

pytest_plugins = ["tests.support.redis_server", "tests.support.stack", "tests.support.browser"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Folders with long modules first: a module stays on one worker, and none should be left with
    a long one alone in the end."""
    items.sort(key=lambda one: LONG_FIRST.get(one.path.relative_to(HERE).parts[0], len(LONG_FIRST)))


@pytest.fixture(autouse=True)
def native_language() -> Iterator[None]:
    """Each test begins in Ukrainian, whatever page in whatever language was read before it."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[None]:
    """A copy of the migrated database, renewed after each test that commits."""
    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    with pytest.MonkeyPatch.context() as patch, databases.database_copy(worker) as name:

        def renew(_self: TransactionTestCase) -> None:
            databases.renew(name)

        patch.setattr(TransactionTestCase, "_fixture_teardown", renew)
        patch.setitem(settings.DATABASES["default"], "NAME", name)
        with databases.django_uses(name):
            yield


@pytest.fixture
def as_app_role(db: None) -> Callable[[], AbstractContextManager[None]]:
    """`with as_app_role(): …` does what is inside as the role that the running system has."""

    @contextmanager
    def switch() -> Iterator[None]:
        # A savepoint: when the database refuses something inside, the rollback also ends the role.
        with transaction.atomic(), django_connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE geobill_app")
            yield
            cursor.execute("RESET ROLE")

    return switch


@pytest.fixture
def app_connection(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """A bare connection to the test's database, logged in as the running system's role."""
    entry = django_connection.settings_dict
    with psycopg.connect(
        host=entry["HOST"],
        port=entry["PORT"],
        dbname=entry["NAME"],
        user=settings.GEOBILL_DB_USERS["app"],
        password=settings.GEOBILL_DB_PASSWORDS["app"],
        autocommit=True,
    ) as bare:
        yield bare
