"""Closing the account of a client who has gone, and opening it again.

A closed account takes no posting: the ledger refuses it, and a payment that still comes for it goes
to the unallocated ones. So it is closed only when nothing can be due on it, either way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping.errors import AccountParkedError, OperationError, ReasonNeededError
from billing.bookkeeping.models import MoneyOperation
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.queries import AccountInfo
from billing.payments.models import Refund
from billing.subscriptions.models import ChargeState, CreditGrant, Subscription
from project.core import audit
from project.core.actor import Actor
from project.core.errors import NotFoundError

REASON_LENGTH = 300


class StillInUseError(OperationError):
    """Something on the account still goes on; `context` says what: what."""

    code = "account_in_use"


class ClosedAlreadyError(AccountParkedError):
    """Somebody else has closed it meanwhile."""

    code = "account_closed_already"
    message = _("The contract is closed already.")


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that keeps an account open: a word for programs, a sentence for people."""

    code: str
    message: Any


class NotClosedError(OperationError):
    """It is open already."""

    code = "account_not_closed"
    message = _("The contract is not closed.")


@transaction.atomic
def close(*, account_id: int, reason: str, at: datetime, on_date: date, actor: Actor) -> None:
    """Close a client's account: nothing on it, no service, promise or operation that goes on.

    Raises NotFoundError, ReasonNeededError, AccountParkedError (ClosedAlreadyError) and
    StillInUseError.
    """
    info = _client(account_id)
    if not reason.strip():
        raise ReasonNeededError(field="reason")
    balances = ledger.lock_balances(account_ids=[account_id])
    if account_id not in balances:
        if info.closed_at is not None:
            raise ClosedAlreadyError
        raise AccountParkedError(account_ids=[account_id])
    for matter in _matters(account_id, balance_kopecks=balances[account_id], on_date=on_date):
        raise StillInUseError(matter.message, what=matter.code)
    ledger.close_account(account_id=account_id, at=at)
    _told(info, "closed", reason=reason, at=at, actor=actor)


@transaction.atomic
def reopen(*, account_id: int, reason: str, at: datetime, actor: Actor) -> None:
    """Let a closed account take postings again. Raises NotFoundError, ReasonNeededError,
    NotClosedError.
    """
    info = _client(account_id)
    if not reason.strip():
        raise ReasonNeededError(field="reason")
    if info.closed_at is None:
        raise NotClosedError
    ledger.reopen_account(account_id=account_id)
    _told(info, "reopened", reason=reason, at=at, actor=actor)


def still_open(*, account_id: int, on_date: date) -> list[Matter]:
    """All that has to end before a client's open account can be closed. Raises NotFoundError."""
    info = _client(account_id)
    balance = ledger_queries.balance_kopecks(account_id=account_id)
    matters = _matters(account_id, balance_kopecks=balance, on_date=on_date)
    if info.parked_at is not None:
        matters.insert(0, Matter("stopped", AccountParkedError.message))
    return matters


def _client(account_id: int) -> AccountInfo:
    info = ledger_queries.accounts(ids=[account_id]).get(account_id)
    if info is None or info.kind != "SUBSCRIBER":
        raise NotFoundError
    return info


def _matters(account_id: int, *, balance_kopecks: int, on_date: date) -> list[Matter]:
    services = Subscription.objects.filter(account_id=account_id)
    uncharged = ChargeState.objects.filter(
        Q(charged_until=None) | Q(charged_until__lte=F("subscription__terminated_date")),
        account_id=account_id,
        subscription__activated_date__isnull=False,
    )
    refunds = Refund.objects.filter(
        Q(payment__transferred_to_id=account_id)
        | Q(payment__transferred_to=None, payment__account_id=account_id)
    ).exclude(state__in=(Refund.State.SUCCEEDED, Refund.State.FAILED))
    waiting = MoneyOperation.objects.filter(
        Q(account_id=account_id) | Q(to_account_id=account_id), state=MoneyOperation.State.PENDING
    )
    promises = CreditGrant.objects.filter(account_id=account_id, during__endswith__gt=on_date)
    reasons: list[tuple[Callable[[], bool], str, Any]] = [
        (
            services.exclude(state=Subscription.State.TERMINATED).exists,
            "services",
            _("There are services on the contract: end them first."),
        ),
        (
            uncharged.exists,
            "uncharged",
            _("The last days of a service are not charged yet: wait for the run."),
        ),
        (
            lambda: balance_kopecks > 0,
            "money",
            _("There is money on the contract: give it back first."),
        ),
        (
            lambda: balance_kopecks < 0,
            "debt",
            _("There is a debt on the contract: it is paid or written off first."),
        ),
        (promises.exists, "promise", _("A promised payment is in force.")),
        (
            waiting.exists,
            "operation",
            _("An operation of the contract waits for a second person."),
        ),
        (refunds.exists, "refund", _("A refund of a payment is under way.")),
    ]
    return [Matter(code, message) for is_open, code, message in reasons if is_open()]


def _told(info: AccountInfo, verb: str, *, reason: str, at: datetime, actor: Actor) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.ledger.account_{verb}",
        obj=("ledger_account", info.id),
        summary=f"{info.code}: {reason.strip()[:REASON_LENGTH]}",
    )
