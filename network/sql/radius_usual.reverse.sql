DROP TRIGGER IF EXISTS radius_usual_new ON radius_decision;
DROP TRIGGER IF EXISTS radius_usual_changed ON radius_decision;
DROP TRIGGER IF EXISTS radius_usual_none ON radius_decision;
DROP FUNCTION IF EXISTS radius.usual_follows();
DROP VIEW IF EXISTS radius.usual_now;
DROP FUNCTION IF EXISTS radius.mac_of(text, text);
DROP FUNCTION IF EXISTS radius.login_hex(text);
DROP TABLE IF EXISTS radius.usual;
