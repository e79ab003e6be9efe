-- A run is finished, and may be seen.
UPDATE runs SET state = 'finished', finished_ns = ?2, connections = ?3 WHERE id = ?1;
