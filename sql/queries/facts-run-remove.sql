-- Removes a run.
DELETE FROM runs WHERE id = ?1;
