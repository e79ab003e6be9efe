-- Live runs, oldest first.
SELECT id FROM runs WHERE live = 1 ORDER BY id;
