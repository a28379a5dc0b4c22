-- I3: cached balances against the sums of all postings, and seq against their number.
SELECT coalesce(b.account_id, s.account_id), a.code, b.balance_kopecks, coalesce(s.total, 0),
       b.seq, coalesce(s.postings, 0)
  FROM (SELECT * FROM ledger_balance
         WHERE %(account)s::bigint IS NULL OR account_id = %(account)s) b
  FULL JOIN (
       SELECT p.account_id, sum(p.amount_kopecks) AS total, count(*) AS postings,
              count(p.seq) AS numbered
         FROM ledger_posting p
        WHERE %(account)s::bigint IS NULL OR p.account_id = %(account)s
        GROUP BY p.account_id
  ) s ON s.account_id = b.account_id
  LEFT JOIN ledger_account a ON a.id = coalesce(b.account_id, s.account_id)
 WHERE (b.account_id IS NOT NULL
        AND (b.balance_kopecks <> coalesce(s.total, 0) OR b.seq <> coalesce(s.postings, 0)))
    OR (b.account_id IS NULL AND (s.numbered > 0 OR a.kind = 'SUBSCRIBER'))
 ORDER BY 1
 LIMIT %(limit)s
