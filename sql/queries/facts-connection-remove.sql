-- Makes room for a higher revision.
DELETE FROM connections WHERE sensor = ?1 AND run = ?2 AND sequence = ?3;
