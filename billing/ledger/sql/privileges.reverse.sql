-- The rights belong to tables and functions that the other reverses drop or hand back to the owner.
SELECT 1;
