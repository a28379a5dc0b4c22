"""SQL of the ledger, loaded by billing's migrations with `project.core.sqlfiles.run_sql`."""
