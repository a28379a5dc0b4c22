-- I4: every subscriber posting against the one before it on the account, from zero.
SELECT w.id, w.account_id, a.code, w.journal_id, w.value_date,
       CASE WHEN w.seq <> w.seq_before + 1
            THEN format('seq is %%s after %%s', w.seq, w.seq_before)
            ELSE format('balance after is %%s, but %%s and %%s make %%s', w.balance_after_kopecks,
                        w.balance_before, w.amount_kopecks, w.balance_before + w.amount_kopecks)
       END
  FROM (
       SELECT p.id, p.account_id, p.journal_id, p.value_date, p.seq, p.amount_kopecks,
              p.balance_after_kopecks,
              lag(p.seq, 1, 0::bigint) OVER by_seq AS seq_before,
              lag(p.balance_after_kopecks, 1, 0::bigint) OVER by_seq AS balance_before
         FROM ledger_posting p
        WHERE p.seq IS NOT NULL
          AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
       WINDOW by_seq AS (PARTITION BY p.account_id ORDER BY p.seq)
  ) w
  LEFT JOIN ledger_account a ON a.id = w.account_id
 WHERE w.seq <> w.seq_before + 1
    OR w.balance_after_kopecks <> w.balance_before + w.amount_kopecks
 ORDER BY w.id
 LIMIT %(limit)s
