-- Adds what waits (src/store/feed.h) to the tallies, for good. The order of the columns: src/store/facts-rows.c.
INSERT OR FAIL INTO tallies (
	sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, hours, packets_lo, packets_hi,
	bytes_lo, bytes_hi, payload_lo, payload_hi, connections, accepted, refused, prohibited, silent,
	one_way, midstream, syn_lo, syn_hi, synack_lo, synack_hi, handshake, client_lo, client_hi, first_lo,
	first_hi, rst_lo, rst_hi, icmp_errors, payload_both, first_ns, last_ns, first_outcome, risks,
	server_name, server_name_ns, related_to
) SELECT
	sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, hours, packets_lo, packets_hi,
	bytes_lo, bytes_hi, payload_lo, payload_hi, connections, accepted, refused, prohibited, silent,
	one_way, midstream, syn_lo, syn_hi, synack_lo, synack_hi, handshake, client_lo, client_hi, first_lo,
	first_hi, rst_lo, rst_hi, icmp_errors, payload_both, first_ns, last_ns, first_outcome, risks,
	server_name, server_name_ns, related_to
FROM new_tallies
WHERE true -- or ON CONFLICT would be taken for a join's ON
ON CONFLICT (sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi) DO UPDATE SET
	hours = hours | excluded.hours,
	packets_lo = packets_lo + excluded.packets_lo,
	packets_hi = packets_hi + excluded.packets_hi,
	bytes_lo = bytes_lo + excluded.bytes_lo,
	bytes_hi = bytes_hi + excluded.bytes_hi,
	payload_lo = payload_lo + excluded.payload_lo,
	payload_hi = payload_hi + excluded.payload_hi,
	connections = connections + excluded.connections,
	accepted = accepted + excluded.accepted,
	refused = refused + excluded.refused,
	prohibited = prohibited + excluded.prohibited,
	silent = silent + excluded.silent,
	one_way = one_way + excluded.one_way,
	midstream = midstream + excluded.midstream,
	syn_lo = syn_lo + excluded.syn_lo,
	syn_hi = syn_hi + excluded.syn_hi,
	synack_lo = synack_lo + excluded.synack_lo,
	synack_hi = synack_hi + excluded.synack_hi,
	handshake = handshake + excluded.handshake,
	client_lo = client_lo + excluded.client_lo,
	client_hi = client_hi + excluded.client_hi,
	first_lo = first_lo + excluded.first_lo,
	first_hi = first_hi + excluded.first_hi,
	rst_lo = rst_lo + excluded.rst_lo,
	rst_hi = rst_hi + excluded.rst_hi,
	icmp_errors = icmp_errors + excluded.icmp_errors,
	payload_both = payload_both + excluded.payload_both,
	first_ns = min(first_ns, excluded.first_ns),
	last_ns = max(last_ns, excluded.last_ns),
	first_outcome = iif(excluded.first_ns <= first_ns, excluded.first_outcome, first_outcome),
	risks = risks | excluded.risks,
	server_name = iif(server_name IS NULL OR excluded.server_name_ns < server_name_ns,
		ifnull(excluded.server_name, server_name), server_name),
	server_name_ns = iif(server_name IS NULL OR
		(excluded.server_name IS NOT NULL AND excluded.server_name_ns < server_name_ns),
		excluded.server_name_ns, server_name_ns),
	related_to = max(related_to, excluded.related_to);
