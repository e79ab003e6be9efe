-- What the connections of a run spoke, by key.
SELECT
	network, day, lo, hi, ip_protocol, side, port_lo, port_hi,
	l7, connections, confidence
FROM staged_tally_l7 WHERE run = ?1
ORDER BY network, day, lo, hi, ip_protocol, side, port_lo, port_hi, l7;
