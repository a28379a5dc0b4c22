-- I3 for accounts with journals after the last seal: the cached balance is that of the last posting,
-- whose way there I4 checks.
SELECT b.account_id, a.code, b.balance_kopecks, s.balance_after_kopecks, b.seq, s.seq
  FROM (SELECT DISTINCT ON (p.account_id) p.account_id, p.seq, p.balance_after_kopecks
          FROM ledger_posting p
         WHERE p.journal_id > %(after)s AND p.seq IS NOT NULL
         ORDER BY p.account_id, p.seq DESC) s
  JOIN ledger_account a ON a.id = s.account_id
  LEFT JOIN ledger_balance b ON b.account_id = s.account_id
 WHERE b.account_id IS NULL OR b.seq <> s.seq OR b.balance_kopecks <> s.balance_after_kopecks
 ORDER BY 1
 LIMIT %(limit)s
