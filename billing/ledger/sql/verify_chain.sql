-- I5: each hash from the hash before it and the facts of the posting; the last one is the cached one.
SELECT w.id, w.account_id, a.code, w.journal_id, w.value_date,
       CASE WHEN w.hash_is_right THEN 'the cached last hash is not the hash of the last posting'
            ELSE 'the hash does not fit the posting and the one before it' END
  FROM (
       SELECT p.id, p.account_id, p.journal_id, p.value_date, p.hash,
              p.hash = sha256(lag(p.hash, 1, %(zero)s::bytea) OVER by_seq
                  || ledger_link(p.journal_id, p.account_id, p.seq, p.amount_kopecks,
                         p.balance_after_kopecks, p.value_date, p.subject_id, p.charge_basis_id,
                         p.corrects_id, p.occurrence, p.charge_code)) AS hash_is_right,
              lead(p.seq) OVER by_seq IS NULL AS is_last
         FROM ledger_posting p
        WHERE p.seq IS NOT NULL
          AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
       WINDOW by_seq AS (PARTITION BY p.account_id ORDER BY p.seq)
  ) w
  LEFT JOIN ledger_balance b ON b.account_id = w.account_id AND w.is_last
  LEFT JOIN ledger_account a ON a.id = w.account_id
 WHERE NOT w.hash_is_right OR b.last_hash <> w.hash
 ORDER BY w.id
 LIMIT %(limit)s
