-- What the connections of the undirected tallies of one pair of endpoints on one day spoke.
SELECT
	network, day, lo, hi, ip_protocol, side, port_lo, port_hi,
	l7, connections, confidence
FROM tally_l7
WHERE sensor = ?1 AND network = ?2 AND day = ?3 AND lo = ?4 AND hi = ?5 AND ip_protocol = ?6 AND side = 0
ORDER BY port_lo, port_hi, l7;
