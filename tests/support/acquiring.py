"""Makers for tests of payments at payment systems: messages of theirs, orders, a bank's answers."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from billing.ledger import queries as ledger_queries
from billing.ledger import verification
from billing.payments import checkouts, dispatch, merchants
from billing.payments.calls import Answer, Call, Seen, SeenState, Told, Trust
from billing.payments.checkouts import Started
from billing.payments.gateway import (
    IncomingReply,
    Message,
    OutgoingRequest,
    ProviderUnreachableError,
)
from billing.payments.wire import documents
from project.core.actor import SYSTEM


def code_of(account_id: int) -> str:
    """The contract number of an account."""
    return ledger_queries.accounts(ids=[account_id])[account_id].code


def do(merchant_id: int, call: Call, *, at: datetime) -> Answer:
    """A message of the provider that asks this one thing."""
    account = merchants.get(merchant_id=merchant_id)
    endpoint = account.provider.endpoints[0]
    with transaction.atomic():
        (answer,) = dispatch.perform(
            Message("test", (call,)), merchant=account, endpoint=endpoint, at=at, actor=SYSTEM
        )
    return answer


def order(
    merchant_id: int, account_id: int, *, at: datetime, kopecks: int = 5_000, **more: Any
) -> Started:
    """An order that is begun at the provider."""
    return checkouts.create_checkout(
        at=at,
        actor=SYSTEM,
        merchant_id=merchant_id,
        account_code=code_of(account_id),
        amount_kopecks=kopecks,
        success_url="https://isp.example/",
        failure_url="https://isp.example/",
        **more,
    )


def paid(started: Started, key: str, trust: Trust = Trust.ORDER, kopecks: int = 5_000) -> Told:
    """The order is paid, the provider says."""
    return Told(Seen(SeenState.PAID, order=started.order, key=key, amount_kopecks=kopecks), trust)


def right() -> None:
    """The books have no problem."""
    problems = verification.verify().problems
    assert not problems, problems


class Bank:
    """A line to a payment system that answers `says` to whatever it is asked; None: it is silent.

    `requests` are the bodies that came, `while_asked` is called before the answer.
    """

    def __init__(self, at: datetime, says: Any = None) -> None:
        self.at, self.says = at, says
        self.requests: list[dict[str, Any]] = []
        self.while_asked: Callable[[], None] = lambda: None

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        """The answer."""
        self.requests.append(documents.json_object(request.body) if request.body else {})
        self.while_asked()
        if self.says is None:
            raise ProviderUnreachableError("silent")
        return IncomingReply(200, {}, documents.json_bytes(self.says))

    def salt(self, length: int = 40) -> str:
        """The same digits each time."""
        return "a" * length

    def recall(self, name: str) -> str | None:
        """Nothing is kept."""
        return None

    def remember(self, name: str, value: str, *, seconds: int) -> None:
        """Nothing is kept."""
