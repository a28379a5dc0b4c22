"""What must hold after each simulated day, beside the invariants of the verifier."""

from datetime import date, timedelta
from pathlib import Path

from django.db import connection
from django.db.models import Sum

from billing import invariants
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.posting import BAD_DEBT_CODE
from billing.ledger import queries, verification
from billing.operation_invariant import operations
from billing.payments.models import Payment

# Nobody gets a day for nothing: a main service that is on has been charged for the day.
_FOR_NOTHING = """
    SELECT s.id FROM billing_subscription AS s
    JOIN billing_charge_state AS c ON c.subscription_id = s.id
    WHERE s.state = 'ACTIVE' AND s.activated_date <= %(day)s
      AND (c.charged_until IS NULL OR c.charged_until <= %(day)s)
      AND NOT EXISTS (SELECT FROM billing_block AS b WHERE b.until_at IS NULL
                      AND b.subscription_id IN (s.id, s.parent_id))
      AND NOT EXISTS (SELECT FROM billing_pause AS p WHERE p.during @> %(day)s::date
                      AND p.subscription_id IN (s.id, s.parent_id))
"""
_SUMS = """
    SELECT b.account_id, b.balance_kopecks, sum(p.amount_kopecks), count(p.id)
    FROM ledger_balance AS b JOIN ledger_posting AS p ON p.account_id = b.account_id
    GROUP BY b.account_id, b.balance_kopecks
    HAVING b.balance_kopecks <> sum(p.amount_kopecks)
"""


def books_are_right(*, day: date, was_charged: bool, seals_dir: Path) -> None:
    """The invariants, twice a month over everything, and that the day's services are paid for.

    On other days over what is new; what is asked of everything only (clearing, refunds, own money)
    is asked daily all the same.
    """
    if day.day in {1, 15}:
        report = verification.verify(seals_dir=seals_dir)
        problems = report.problems
    else:
        report = verification.verify(mode="incremental")
        whole = verification.Scope()
        problems = [*report.problems, *invariants.clearing(whole), *operations(whole)]
    assert problems == [], [str(problem) for problem in problems[:5]]
    if was_charged:
        assert _ids(_FOR_NOTHING, day) == [], "a service is on and not charged"


def balances_are_what_was_paid_and_charged() -> None:
    """By adding up, without the ledger's own numbers."""
    assert _ids(_SUMS, date.min + timedelta(days=1)) == []
    paid = Payment.objects.filter(state="CONFIRMED").aggregate(total=Sum("amount_kopecks"))["total"]
    lines = queries.trial_balance()
    clearing = sum(line.balance_kopecks for line in lines if line.kind == "CLEARING")
    given = _posted("REFUND")
    assert clearing == -(paid or 0) - given, "the desk's accounts are not what passed there"
    bad_debt = sum(line.balance_kopecks for line in lines if line.code == BAD_DEBT_CODE)
    assert bad_debt == -_posted("WRITE_OFF"), "what was given up is not what clients owe less"
    assert sum(line.balance_kopecks for line in lines) == 0


def _posted(kind: str) -> int:
    """What operations of this kind brought to the clients' accounts, and was not taken back."""
    rows = MoneyOperation.objects.filter(kind=kind, state="POSTED")
    rows = rows.exclude(reversed_by__state="POSTED")
    total: int | None = rows.aggregate(total=Sum("amount_kopecks"))["total"]
    return total or 0


def _ids(sql: str, day: date) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"day": day})
        return [row[0] for row in cursor.fetchall()]
