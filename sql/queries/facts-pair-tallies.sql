-- The undirected tallies of one pair of endpoints on one day.
SELECT
	network, day, lo, hi, ip_protocol, side, port_lo, port_hi, hours, packets_lo, packets_hi, bytes_lo,
	bytes_hi, payload_lo, payload_hi, connections, accepted, refused, prohibited, silent, one_way,
	midstream, syn_lo, syn_hi, synack_lo, synack_hi, handshake, client_lo, client_hi, first_lo, first_hi,
	rst_lo, rst_hi, icmp_errors, payload_both, first_ns, last_ns, first_outcome, risks, server_name,
	server_name_ns, related_to
FROM tallies
WHERE sensor = ?1 AND network = ?2 AND day = ?3 AND lo = ?4 AND hi = ?5 AND ip_protocol = ?6 AND side = 0
ORDER BY port_lo, port_hi;
