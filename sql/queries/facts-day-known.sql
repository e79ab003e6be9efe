-- A row when there are tallies of this day.
SELECT 1 FROM tallies WHERE sensor = ?1 AND network = ?2 AND day = ?3 LIMIT 1;
