"""Why the ledger refuses, and the translation of what the database says into that."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError
from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError


class LedgerError(DomainError):
    """The ledger refused; nothing has been posted.

    Inside an open transaction the database has also ended that transaction's work: let the error
    travel to the edge of `transaction.atomic()`, or call inside an `atomic()` of its own.
    """

    code = "ledger_refused"
    http_status = 409
    message = _("The ledger refused the posting.")


class BadLegsError(LedgerError):
    """Legs that can't be a journal: not summing to zero, fewer than two, a zero amount."""

    code = "ledger_bad_legs"
    http_status = 400
    message = _("The legs of a journal must sum to zero.")


class JournalCompleteError(LedgerError):
    """A journal has all its legs from the statement that made it and can't get more."""

    code = "ledger_journal_complete"
    message = _("A posted journal cannot get more legs.")


class PeriodClosedError(LedgerError):
    """The month of the value date is closed; a correction goes to the open month."""

    code = "ledger_period_closed"
    message = _("The month is closed. Post a correction in the open month.")


class AccountStoppedError(LedgerError):
    """The account is parked (its books are being put right) or closed."""

    code = "ledger_account_stopped"
    message = _("The account is parked or closed and takes no postings.")


class IdempotencyConflictError(LedgerError):
    """The idempotency key already stands for other inputs; `context["journal_id"]` holds them."""

    code = "ledger_idempotency_conflict"
    message = _("This operation was already posted with other data.")


class AlreadyChargedError(LedgerError):
    """The service already has a charge with that code on that day (rule R5)."""

    code = "ledger_already_charged"
    message = _("The service is already charged for this day.")


class AlreadyReversedError(LedgerError):
    """The journal was reversed before; `context["journal_id"]` is that reversal."""

    code = "ledger_already_reversed"
    message = _("This posting is already reversed.")


class NotReversibleError(LedgerError):
    """A reversal, or a journal of many clients: the latter is corrected line by line."""

    code = "ledger_not_reversible"
    message = _("This journal is not reversed whole. Post a correction.")


class AppendOnlyError(LedgerError):
    """Something tried to change what is posted."""

    code = "ledger_append_only"
    message = _("What is posted never changes.")


class UnknownJournalError(LedgerError):
    """There is no journal with that number."""

    code = "ledger_unknown_journal"
    http_status = 404
    message = _("There is no such journal.")


class UnknownAccountError(LedgerError):
    """There is no account with that number or code."""

    code = "ledger_unknown_account"
    http_status = 404
    message = _("There is no such account.")


class AccountExistsError(LedgerError):
    """The account code is taken."""

    code = "ledger_account_exists"
    message = _("An account with this number already exists.")


class NoPartitionError(LedgerError):
    """There is no partition for the value date: `manage.py ledger_partitions` makes it."""

    code = "ledger_no_partition"
    http_status = 503
    message = _("The ledger has no room prepared for this month.")


class LedgerBusyError(LedgerError):
    """The account was held by another posting for longer than 3 seconds; try again."""

    code = "ledger_busy"
    http_status = 503
    message = _("The account is busy. Try again in a moment.")


# SQLSTATE of class GL: raised by the functions in sql/ (guards.sql, journals.sql, posting.sql).
BY_SQLSTATE: dict[str, type[LedgerError]] = {
    "GL001": BadLegsError,
    "GL002": BadLegsError,
    "GL003": JournalCompleteError,
    "GL004": PeriodClosedError,
    "GL005": AccountStoppedError,
    "GL006": IdempotencyConflictError,
    "GL008": AlreadyReversedError,
    "GL009": AppendOnlyError,
    "GL010": NoPartitionError,
    "GL012": UnknownJournalError,
    "GL013": NotReversibleError,
    "GL014": BadLegsError,
    "GL015": BadLegsError,
    "GL016": BadLegsError,
    "22003": BadLegsError,  # numeric_value_out_of_range
    "40P01": LedgerBusyError,  # deadlock_detected
    "55P03": LedgerBusyError,  # lock_not_available
}
BY_CONSTRAINT: dict[str, type[LedgerError]] = {
    "ledger_posting_amount": BadLegsError,
    "ledger_posting_charge": BadLegsError,
    "ledger_posting_account": UnknownAccountError,
    "ledger_journal_kind": BadLegsError,
    "ledger_journal_key": BadLegsError,
    "ledger_journal_reverses": BadLegsError,
}
DETAIL_IS = {"GL004": "month", "GL005": "account_id", "GL006": "journal_id", "GL008": "journal_id"}


def error_of(cause: BaseException | None) -> LedgerError | None:
    """The LedgerError that a psycopg error stands for, or None when it is not the ledger's word."""
    state = getattr(cause, "sqlstate", None)
    diagnosis: Any = getattr(cause, "diag", None)
    if state is None or diagnosis is None:
        return None
    context: dict[str, Any] = {"detail": str(diagnosis.message_primary or "")}
    if state in DETAIL_IS and diagnosis.message_detail:
        detail = diagnosis.message_detail
        context[DETAIL_IS[state]] = int(detail) if detail.isdigit() else detail
    kind = BY_SQLSTATE.get(state) or BY_CONSTRAINT.get(diagnosis.constraint_name or "")
    table = diagnosis.table_name or ""
    if kind is None and table.startswith("ledger_posting"):
        if state == "23505" and "subject_id" in (diagnosis.constraint_name or ""):
            kind = AlreadyChargedError
        elif state == "23514" and not diagnosis.constraint_name:
            kind = NoPartitionError
    return kind(**context) if kind else None


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Turn what the database says inside into the LedgerError it stands for."""
    try:
        yield
    except DatabaseError as error:
        translated = error_of(error.__cause__)
        if translated is None:
            raise
        raise translated from error
