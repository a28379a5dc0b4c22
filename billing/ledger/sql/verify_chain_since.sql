-- I5 after the last seal.
SELECT w.id, w.account_id, a.code, w.journal_id, w.value_date,
       'the hash does not fit the posting and the one before it'
  FROM ledger_posting w
  LEFT JOIN ledger_posting b ON b.account_id = w.account_id AND b.seq = w.seq - 1
  LEFT JOIN ledger_account a ON a.id = w.account_id
 WHERE w.journal_id > %(after)s AND w.seq IS NOT NULL
   AND w.hash <> sha256(coalesce(b.hash, %(zero)s::bytea)
       || ledger_link(w.journal_id, w.account_id, w.seq, w.amount_kopecks,
              w.balance_after_kopecks, w.value_date, w.subject_id, w.charge_basis_id,
              w.corrects_id, w.occurrence, w.charge_code))
 ORDER BY w.id
 LIMIT %(limit)s
