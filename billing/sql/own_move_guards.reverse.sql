DROP TRIGGER billing_own_move_no_truncate ON billing_own_move;
DROP TRIGGER billing_own_move_fixed ON billing_own_move;
DROP FUNCTION billing_own_move_guard();
