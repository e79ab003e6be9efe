-- Adds to what the connections of a run that is not finished spoke.
INSERT INTO staged_tally_l7 (
	run, network, day, lo, hi, ip_protocol, side, port_lo, port_hi,
	l7, connections, confidence
) VALUES (
	?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
)
ON CONFLICT (run, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, l7) DO UPDATE SET
	connections = connections + excluded.connections,
	confidence = max(confidence, excluded.confidence);
