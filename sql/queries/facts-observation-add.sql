-- Adds to what was seen of an address. Of one kind 64 values are kept; what more there is counts together, under ''.
INSERT INTO observations (sensor, network, address, kind, value, first_ns, last_ns, count)
VALUES (?1, ?2, ?3, ?4,
	CASE WHEN EXISTS (SELECT 1 FROM observations
			WHERE sensor = ?1 AND network = ?2 AND address = ?3 AND kind = ?4 AND value = ?5)
		OR (SELECT count(*) FROM observations
			WHERE sensor = ?1 AND network = ?2 AND address = ?3 AND kind = ?4) < 64
	THEN ?5 ELSE '' END,
	?6, ?7, ?8)
ON CONFLICT (sensor, network, address, kind, value) DO UPDATE SET
	first_ns = min(first_ns, excluded.first_ns),
	last_ns = max(last_ns, excluded.last_ns),
	count = count + excluded.count;
