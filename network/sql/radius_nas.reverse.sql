ALTER TABLE radius_decision DROP COLUMN IF EXISTS lines;
DROP FUNCTION IF EXISTS radius.lines(jsonb);
DROP TRIGGER IF EXISTS radius_nas_of_mode ON network_accessmode;
DROP TRIGGER IF EXISTS radius_nas_of_nas ON network_nas;
DROP FUNCTION IF EXISTS radius.nas_refresh();
DROP TABLE IF EXISTS radius.nas;
