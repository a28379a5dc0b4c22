"""Accounts whose books are found wrong are stopped, alone; put right, they are released."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping.errors import OperationError
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.verification import Problem, verify
from project.core import audit
from project.core.actor import Actor
from project.core.errors import NotFoundError

# What speaks of the account's own books. A charge that is not by the rules (I8, I9) is corrected by
# an operation on the account, which a stopped one would refuse.
STOPS = frozenset({"I3", "I4", "I5"})


class StillWrongError(OperationError):
    """The account does not recompute yet."""

    code = "account_still_wrong"
    message = _("The account is not right yet: computed again it differs from what is stored.")


class NotParkedError(OperationError):
    """Nothing to release."""

    code = "account_not_parked"
    message = _("The account is not stopped.")


@transaction.atomic
def park_broken(*, problems: Iterable[Problem], at: datetime, actor: Actor) -> list[int]:
    """Stop the accounts of these problems that go on now; their ids."""
    reasons = {
        problem.account_id: str(problem)
        for problem in problems
        if problem.invariant in STOPS and problem.account_id is not None
    }
    known = ledger_queries.accounts(ids=reasons)
    stopped = []
    for account_id, info in sorted(known.items()):
        if info.kind != "SUBSCRIBER" or info.parked_at is not None or info.closed_at is not None:
            continue
        ledger.park_account(account_id=account_id, at=at, reason=reasons[account_id])
        audit.record(
            at=at,
            actor=actor,
            action="billing.ledger.account_parked",
            obj=("ledger_account", account_id),
            summary=f"{info.code}: {reasons[account_id]}",
        )
        stopped.append(account_id)
    return stopped


@transaction.atomic
def release(*, account_id: int, at: datetime, actor: Actor) -> None:
    """Let a stopped account take postings again, once it recomputes from zero.

    Raises NotFoundError, NotParkedError, StillWrongError.
    """
    info = ledger_queries.accounts(ids=[account_id]).get(account_id)
    if info is None:
        raise NotFoundError
    if info.parked_at is None:
        raise NotParkedError
    report = verify(mode="account", account_id=account_id)
    wrong = [str(problem) for problem in report.problems if problem.invariant in STOPS]
    if wrong:
        raise StillWrongError(problems=wrong[:10])
    ledger.unpark_account(account_id=account_id)
    audit.record(
        at=at,
        actor=actor,
        action="billing.ledger.account_released",
        obj=("ledger_account", account_id),
        summary=f"{info.code}: {info.parked_reason}",
    )
