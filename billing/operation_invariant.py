"""Invariant I11: people's operations, moves of own money, and their journals match both ways."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from billing.ledger.verification import Problem, Scope

_OPERATIONS = """
    SELECT o.id, o.account_id, o.journal_id
    FROM billing_money_operation AS o
    WHERE o.state = 'POSTED' AND o.journal_id > %(after)s
      AND (%(account)s::bigint IS NULL OR o.account_id = %(account)s)
      AND o.amount_kopecks IS DISTINCT FROM (
          SELECT sum(p.amount_kopecks) FROM ledger_journal AS j
          JOIN ledger_posting AS p ON p.journal_id = j.id AND p.value_date = j.value_date
          WHERE j.id = o.journal_id AND p.account_id = o.account_id
      )
      -- A payment that was moved before is taken back, or moved on, in several journals.
      AND NOT (o.payment_id IS NOT NULL AND EXISTS (
          SELECT 1 FROM ledger_journal AS j WHERE j.id = o.journal_id))
    LIMIT 100
"""

_UNASKED = """
    SELECT j.id FROM ledger_journal AS j
    WHERE j.source = 'operation' AND j.id > %(after)s AND %(account)s::bigint IS NULL
      AND NOT EXISTS (SELECT 1 FROM billing_money_operation AS o WHERE o.journal_id = j.id)
    LIMIT 100
"""

_REFUNDS = """
    SELECT a.id, a.code, COALESCE((SELECT sum(p.amount_kopecks) FROM ledger_posting AS p
                                   JOIN ledger_journal AS j ON j.id = p.journal_id
                                   WHERE p.account_id = a.id
                                     AND j.source NOT LIKE 'own money%%'), 0)::bigint,
           COALESCE((SELECT -sum(o.amount_kopecks) FROM billing_money_operation AS o
                     WHERE o.kind = 'REFUND' AND o.state = 'POSTED' AND o.method = m.method
                       AND NOT EXISTS (SELECT 1 FROM billing_money_operation AS r
                                       WHERE r.reverses_id = o.id AND r.state = 'POSTED')),
                    0)::bigint
    FROM (VALUES ('CASH', 'clearing.refunds.cash'), ('BANK', 'clearing.refunds.bank'))
         AS m (method, code)
    JOIN ledger_account AS a ON a.code = m.code
"""


# Moves of own money whose journal, or its reversal, does not do to our bank account what they say.
_OWN_MOVES = """
    SELECT m.id, m.journal_id
    FROM billing_own_move AS m
    CROSS JOIN LATERAL (
        SELECT COALESCE(sum(p.amount_kopecks)
                        FILTER (WHERE p.journal_id = m.journal_id AND a.code = 'bank.current'),
                        0) AS bank,
               count(*) FILTER (WHERE p.journal_id = m.journal_id) AS legs,
               sum(p.amount_kopecks) FILTER (WHERE p.journal_id = m.reversal_journal_id
                                             AND a.code = 'bank.current') AS back
        FROM ledger_posting AS p JOIN ledger_account AS a ON a.id = p.account_id
        WHERE p.journal_id IN (m.journal_id, m.reversal_journal_id)
    ) AS posted
    WHERE posted.bank <> -m.bank_kopecks OR posted.legs < 2
       OR (m.reversal_journal_id IS NOT NULL
           AND COALESCE(posted.back, 0) <> m.bank_kopecks)
    LIMIT 100
"""

_UNTOLD = """
    SELECT j.id FROM ledger_journal AS j
    WHERE j.source LIKE 'own money%%' AND j.id > %(after)s
      AND NOT EXISTS (SELECT 1 FROM billing_own_move AS m
                      WHERE j.id IN (m.journal_id, m.reversal_journal_id))
    LIMIT 100
"""


def operations(scope: Scope) -> Iterator[Problem]:
    """I11, both ways."""
    for operation, account, journal in _rows(
        _OPERATIONS, account=scope.account_id, after=scope.after_journal_id
    ):
        yield Problem(
            "I11",
            f"operation {operation} is posted, its journal says otherwise",
            account_id=account,
            journal_id=journal,
        )
    for (journal,) in _rows(_UNASKED, account=scope.account_id, after=scope.after_journal_id):
        yield Problem("I11", "a journal that no person's operation made", journal_id=journal)
    if scope.is_full:
        for move, journal in _rows(_OWN_MOVES):
            yield Problem(
                "I11", f"move of own money {move}: its journal says otherwise", journal_id=journal
            )
        for (journal,) in _rows(_UNTOLD, after=scope.after_journal_id):
            yield Problem("I11", "a journal of own money that nobody noted", journal_id=journal)
        for account, code, stands, returned in _rows(_REFUNDS):
            if stands != returned:
                yield Problem(
                    "I11",
                    f"{stands} stands on the account, refunds are {returned}",
                    account_id=account,
                    account_code=code,
                )


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
