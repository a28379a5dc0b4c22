-- Opening, parking and closing of accounts; closing of months.

-- A subscriber's account gets its balance row at once; a control account has none, on purpose.
CREATE FUNCTION ledger_open_account(
    p_code text, p_kind text, p_at timestamptz, p_holder_name text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    account bigint;
BEGIN
    INSERT INTO ledger_account (code, kind, currency, holder_name, opened_at, parked_reason)
    VALUES (p_code, p_kind, 'UAH', p_holder_name, p_at, '')
    RETURNING id INTO account;
    IF p_kind = 'SUBSCRIBER' THEN
        INSERT INTO ledger_balance (account_id, balance_kopecks, seq, last_hash, stopped)
        VALUES (account, 0, 0, decode(repeat('00', 32), 'hex'), false);
    END IF;
    RETURN account;
END $$;

-- Parks (p_parked_at), unparks (null) or closes (p_closed_at) a subscriber's account. The balance row
-- is locked first, so a posting on its way is either before this or refused. A parked account takes
-- no postings until its books are right again; the rest of the company goes on.
CREATE FUNCTION ledger_stop_account(
    p_account bigint, p_parked_at timestamptz, p_reason text, p_closed_at timestamptz
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s' AS $$
BEGIN
    UPDATE ledger_balance SET stopped = p_parked_at IS NOT NULL OR p_closed_at IS NOT NULL
     WHERE account_id = p_account;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE ledger_account
       SET parked_at = p_parked_at, parked_reason = p_reason, closed_at = p_closed_at
     WHERE id = p_account;
    RETURN true;
END $$;

-- Closes a month: postings on their way finish first, later ones are refused.
CREATE FUNCTION ledger_close_period(p_month date, p_at timestamptz, p_actor text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s' AS $$
BEGIN
    LOCK TABLE ledger_journal IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO ledger_period (month, closed_at, closed_by) VALUES (p_month, p_at, p_actor)
    ON CONFLICT (month) DO NOTHING;
    RETURN FOUND;
END $$;
