-- I2 for one account: its journals. Chunks of charge runs hold thousands of other clients' legs; they
-- are summed in the verification of everything.
SELECT own.journal_id, j.id IS NOT NULL, coalesce(l.legs, 2), coalesce(l.total, 0),
       coalesce(own.first_date = j.value_date AND own.last_date = j.value_date, false)
  FROM (SELECT p.journal_id, min(p.value_date) AS first_date, max(p.value_date) AS last_date
          FROM ledger_posting p WHERE p.account_id = %(account)s GROUP BY p.journal_id) own
  LEFT JOIN ledger_journal j ON j.id = own.journal_id
  LEFT JOIN LATERAL (
       SELECT count(*) AS legs, sum(p.amount_kopecks) AS total
         FROM ledger_posting p
        WHERE p.journal_id = own.journal_id AND j.kind <> 'CHARGE'
       HAVING count(*) > 0
  ) l ON true
 WHERE j.id IS NULL OR l.legs < 2 OR l.total <> 0
    OR own.first_date <> j.value_date OR own.last_date <> j.value_date
 ORDER BY 1
 LIMIT %(limit)s
