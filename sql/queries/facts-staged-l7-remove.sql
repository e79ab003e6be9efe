-- Removes what the connections of a run spoke, once it is merged or given up.
DELETE FROM staged_tally_l7 WHERE run = ?1;
