-- Offline runs that were never finished.
SELECT id FROM runs WHERE live = 0 AND state = 'unfinished' ORDER BY id;
