-- Removes the rows of ledgers that came with a run.
DELETE FROM ledgers WHERE run = ?1;
