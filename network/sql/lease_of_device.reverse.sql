-- leases.sql brings the earlier function back (replace_sql of the migration).
SELECT 1;
