"""Invariant I12: the VAT of each journal of charges is that of its lines (R14)."""

from collections.abc import Iterator

from django.db import connection

from billing.ledger.verification import Problem, Scope
from billing.tariffs.operations import VAT_ACCOUNT_CODE

# The VAT inside each line by the rate of its terms, beside what the journal has on the VAT account.
_WRONG = """
    SELECT line.journal_id, line.vat, COALESCE(tax.amount, 0)::bigint
    FROM (SELECT p.journal_id,
                 sum(CASE WHEN p.amount_kopecks > 0 THEN -1 ELSE 1 END
                     * billing_vat_part(abs(p.amount_kopecks), v.vat_rate_bp))::bigint AS vat
          FROM ledger_posting AS p
          JOIN ledger_journal AS j ON j.id = p.journal_id AND j.kind IN ('CHARGE', 'REFUND')
          JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
          JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
          WHERE p.journal_id > %(after)s AND p.corrects_id IS NULL
          GROUP BY p.journal_id) AS line
    LEFT JOIN (SELECT p.journal_id, sum(p.amount_kopecks) AS amount
               FROM ledger_posting AS p JOIN ledger_account AS a ON a.id = p.account_id
               WHERE a.code = %(code)s AND p.journal_id > %(after)s
               GROUP BY p.journal_id) AS tax ON tax.journal_id = line.journal_id
    WHERE line.vat <> COALESCE(tax.amount, 0)
    ORDER BY line.journal_id LIMIT 100
"""


def vat(scope: Scope) -> Iterator[Problem]:
    """Whole journals only, for the VAT of all clients of a chunk is one leg; kopecks."""
    if scope.account_id is not None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, {"after": scope.after_journal_id, "code": VAT_ACCOUNT_CODE})
        rows = cursor.fetchall()
    for journal, right, stands in rows:
        yield Problem("I12", f"the VAT is {stands}, of the lines {right}", journal_id=journal)
