-- Removes the rows of l7_names that came with a run.
DELETE FROM l7_names WHERE run = ?1;
