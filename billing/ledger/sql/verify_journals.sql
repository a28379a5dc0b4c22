-- I2: journals whose legs are not whole, and legs that have no journal.
SELECT coalesce(j.id, l.journal_id), j.id IS NOT NULL, coalesce(l.legs, 0), coalesce(l.total, 0),
       coalesce(l.first_date = j.value_date AND l.last_date = j.value_date, false)
  FROM ledger_journal j
  FULL JOIN (
       SELECT p.journal_id, count(*) AS legs, sum(p.amount_kopecks) AS total,
              min(p.value_date) AS first_date, max(p.value_date) AS last_date
         FROM ledger_posting p
        WHERE p.journal_id > %(after)s
        GROUP BY p.journal_id
  ) l ON l.journal_id = j.id
 WHERE (j.id IS NULL OR j.id > %(after)s)
   AND (j.id IS NULL OR l.journal_id IS NULL OR l.legs < 2 OR l.total <> 0
        OR l.first_date <> j.value_date OR l.last_date <> j.value_date)
 ORDER BY 1
 LIMIT %(limit)s
