-- Removes what a run counted, once it is merged or given up.
DELETE FROM staged_tallies WHERE run = ?1;
