-- TCP connections of packets, with words both ways, in the order in which they began.
SELECT
	id, network, lo, hi, port_lo, port_hi, evidence, first_ns, last_ns, packets_lo, packets_hi, payload_lo, payload_hi
FROM connections
WHERE id BETWEEN ?1 AND ?2 AND ip_protocol = 6 AND outcome = 0 AND payload_lo > 0 AND payload_hi > 0
	AND evidence & 131072 = 0
ORDER BY id;
