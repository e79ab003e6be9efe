-- All l7 names.
SELECT id, name FROM l7_names ORDER BY id;
