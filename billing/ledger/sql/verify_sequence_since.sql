-- I4 after the last seal: each new posting against the one before it, wherever that one is.
SELECT w.id, w.account_id, a.code, w.journal_id, w.value_date,
       CASE WHEN b.seq IS NULL AND w.seq <> 1 THEN format('no posting with seq %%s', w.seq - 1)
            ELSE format('balance after is %%s, but %%s and %%s make %%s', w.balance_after_kopecks,
                        coalesce(b.balance_after_kopecks, 0), w.amount_kopecks,
                        coalesce(b.balance_after_kopecks, 0) + w.amount_kopecks)
       END
  FROM ledger_posting w
  LEFT JOIN ledger_posting b ON b.account_id = w.account_id AND b.seq = w.seq - 1
  LEFT JOIN ledger_account a ON a.id = w.account_id
 WHERE w.journal_id > %(after)s AND w.seq IS NOT NULL
   AND (b.seq IS NULL AND w.seq <> 1
        OR w.balance_after_kopecks <> coalesce(b.balance_after_kopecks, 0) + w.amount_kopecks)
 ORDER BY w.id
 LIMIT %(limit)s
