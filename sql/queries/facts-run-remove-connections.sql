-- Removes the connections of a run.
DELETE FROM connections WHERE sensor = ?1 AND run = ?2;
