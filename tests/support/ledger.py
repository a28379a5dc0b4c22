"""A small provider's books for tests: a clock that only moves when told, accounts, short calls."""

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from billing.ledger import operations
from billing.ledger.operations import Leg
from project.core.actor import Actor, ActorKind
from project.core.env import envsecret

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CASHIER = Actor(kind=ActorKind.STAFF, label="Олена, каса", user_id=None)


@dataclass
class Books:
    """Accounts of a test and the shortest way to post on them."""

    prefix: str = "T"
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        operations.ensure_partitions(from_date=date(2026, 9, 1), until_date=date(2027, 2, 1))
        self.cash = self.control("CLEARING")
        self.revenue = self.control("REVENUE")
        self.vat = self.control("TAX")

    def key(self) -> str:
        """A fresh idempotency key."""
        return f"{self.prefix}-{next(self.numbers)}"

    def control(self, kind: str) -> int:
        """A control account."""
        return operations.open_account(at=AT, code=f"{kind}-{self.key()}", kind=kind)

    def subscriber(self, name: str = "Шевченко Олена") -> int:
        """A subscriber's account."""
        return operations.open_account(
            at=AT, code=f"A-{self.key()}", kind="SUBSCRIBER", holder_name=name
        )

    def post(self, legs: Sequence[Leg], **changes: Any) -> int:
        """Post a journal, a payment at the cash desk if nothing else is said."""
        given: dict[str, Any] = {
            "kind": "PAYMENT",
            "value_date": DAY,
            "posted_at": AT,
            "idempotency_key": self.key(),
            "actor": CASHIER,
            "source": "cash",
        }
        return operations.post(legs=legs, **(given | changes))

    def pay(self, account_id: int, kopecks: int, **changes: Any) -> int:
        """A payment in cash."""
        return self.post([Leg(account_id, kopecks), Leg(self.cash, -kopecks)], **changes)

    def charge(self, charges: Sequence[Leg], **changes: Any) -> int:
        """A chunk of a charge run, all into one revenue account."""
        given: dict[str, Any] = {
            "value_date": DAY,
            "posted_at": AT,
            "idempotency_key": self.key(),
            "actor": CASHIER,
            "source": "charge-run",
            "contra": [(self.revenue, -sum(leg.amount_kopecks for leg in charges))],
        }
        return operations.post_charges(charges=charges, **(given | changes))

    def reverse(self, journal_id: int, **changes: Any) -> int:
        """Take a journal back."""
        given: dict[str, Any] = {
            "value_date": DAY,
            "posted_at": AT,
            "actor": CASHIER,
            "narrative": "помилково зараховано",
        }
        return operations.reverse(journal_id=journal_id, **(given | changes))


def bare_connection(*, user: str, password: str) -> psycopg.Connection[Any]:
    """A connection of its own to the test's database, each statement a transaction."""
    entry = connection.settings_dict
    return psycopg.connect(
        host=entry["HOST"],
        port=entry["PORT"],
        dbname=entry["NAME"],
        user=user,
        password=password,
        autocommit=True,
    )


@contextmanager
def superuser_connection() -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to the test's database; without one the test is skipped."""
    own = envsecret("GEOBILL_DB_SUPERUSER_PASSWORD", file=settings.SECRETS_DIR / "db_superuser")
    users = [(os.environ.get("GEOBILL_DB_SUPERUSER", "geobill_super"), own), ("postgres", "")]
    for user, password in users:
        try:
            bare = bare_connection(user=user, password=password)
        except psycopg.OperationalError:
            continue
        with bare:
            yield bare
        return
    pytest.skip("no superuser of the test cluster may log in from here")
