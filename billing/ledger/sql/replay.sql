-- An account from zero: each line with the balance, the number and the hash that it should have.
SELECT p.seq, p.id, p.journal_id, p.value_date, j.kind, p.charge_code, p.amount_kopecks,
       p.balance_after_kopecks,
       sum(p.amount_kopecks) OVER by_seq::bigint,
       row_number() OVER by_seq,
       p.hash = sha256(lag(p.hash, 1, %(zero)s::bytea) OVER by_seq
           || ledger_link(p.journal_id, p.account_id, p.seq, p.amount_kopecks,
                  p.balance_after_kopecks, p.value_date, p.subject_id, p.charge_basis_id,
                  p.corrects_id, p.occurrence, p.charge_code))
  FROM ledger_posting p
  LEFT JOIN ledger_journal j ON j.id = p.journal_id
 WHERE p.account_id = %(account)s AND p.seq IS NOT NULL
WINDOW by_seq AS (ORDER BY p.seq)
 ORDER BY p.seq
