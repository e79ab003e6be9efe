-- Removes the rows of networks that came with a run.
DELETE FROM networks WHERE run = ?1;
