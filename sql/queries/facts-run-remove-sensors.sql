-- Removes the rows of sensors that came with a run.
DELETE FROM sensors WHERE run = ?1;
