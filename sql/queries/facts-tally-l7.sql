-- What the connections of all tallies spoke, by the tally's key, the most frequent first.
SELECT
	sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi,
	l7_names.name, connections, confidence
FROM tally_l7 JOIN l7_names ON l7_names.id = tally_l7.l7
ORDER BY sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, connections DESC, l7_names.name;
