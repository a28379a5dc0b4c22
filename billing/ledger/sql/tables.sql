-- Postings: partitioned by month of value_date, so that a month can be archived whole and indexes stay
-- small. There is no default partition: a date without a partition is refused, not hidden away.
CREATE SEQUENCE ledger_posting_id_seq AS bigint;

CREATE TABLE ledger_posting (
    id                    bigint NOT NULL DEFAULT nextval('ledger_posting_id_seq'),
    value_date            date NOT NULL,
    journal_id            bigint NOT NULL,
    account_id            bigint NOT NULL,
    amount_kopecks        bigint NOT NULL,
    seq                   bigint,
    balance_after_kopecks bigint,
    subject_id            bigint,
    charge_code           varchar(24),
    occurrence            smallint NOT NULL DEFAULT 0,
    charge_basis_id       bigint,
    corrects_id           bigint,
    hash                  bytea,
    CONSTRAINT ledger_posting_pkey PRIMARY KEY (id, value_date),
    CONSTRAINT ledger_posting_amount CHECK (amount_kopecks <> 0),
    CONSTRAINT ledger_posting_running
        CHECK (num_nulls(seq, balance_after_kopecks, hash) IN (0, 3)),
    CONSTRAINT ledger_posting_seq CHECK (seq > 0),
    CONSTRAINT ledger_posting_hash CHECK (octet_length(hash) = 32),
    CONSTRAINT ledger_posting_charge CHECK (num_nulls(subject_id, charge_code) IN (0, 2)),
    CONSTRAINT ledger_posting_journal FOREIGN KEY (journal_id) REFERENCES ledger_journal (id),
    CONSTRAINT ledger_posting_account FOREIGN KEY (account_id) REFERENCES ledger_account (id)
) PARTITION BY RANGE (value_date);

ALTER SEQUENCE ledger_posting_id_seq OWNED BY ledger_posting.id;

CREATE UNIQUE INDEX ledger_posting_account_seq ON ledger_posting (account_id, seq, value_date);
CREATE UNIQUE INDEX ledger_posting_charge_once
    ON ledger_posting (subject_id, value_date, charge_code, occurrence)
    WHERE subject_id IS NOT NULL;
CREATE INDEX ledger_posting_by_journal ON ledger_posting (journal_id);
CREATE INDEX ledger_posting_corrections ON ledger_posting (corrects_id)
    WHERE corrects_id IS NOT NULL;

-- The transaction that wrote the journal: legs may come from it alone (journals.sql).
ALTER TABLE ledger_journal ADD COLUMN created_xid xid8 NOT NULL DEFAULT pg_current_xact_id();

-- One row is written again at each posting of its account: half-empty pages keep that update
-- inside its page, with no index touched.
ALTER TABLE ledger_balance SET (fillfactor = 50);
