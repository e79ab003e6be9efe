-- See facts-pair-tallies.
DELETE FROM tallies
WHERE sensor = ?1 AND network = ?2 AND day = ?3 AND lo = ?4 AND hi = ?5 AND ip_protocol = ?6 AND side = 0;
