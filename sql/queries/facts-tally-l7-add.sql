-- Adds what waits (src/store/feed.h) to what the tallies' connections spoke, for good.
INSERT OR FAIL INTO tally_l7 (
	sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi,
	l7, connections, confidence
) SELECT
	sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi,
	l7, connections, confidence
FROM new_tally_l7
WHERE true -- or ON CONFLICT would be taken for a join's ON
ON CONFLICT (sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, l7) DO UPDATE SET
	connections = connections + excluded.connections,
	confidence = max(confidence, excluded.confidence);
