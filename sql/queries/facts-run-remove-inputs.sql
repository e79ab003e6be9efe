-- Removes the rows of inputs that came with a run.
DELETE FROM inputs WHERE run = ?1;
