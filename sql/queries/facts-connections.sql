-- All that may be seen, run by run, in the order in which they began.
SELECT
	connections.id, connections.revision, connections.network, connections.lo, connections.hi,
	connections.ip_protocol, connections.port_lo, connections.port_hi, connections.outcome,
	connections.evidence, connections.icmp_errors, connections.first_ns, connections.last_ns,
	connections.packets_lo, connections.packets_hi, connections.bytes_lo, connections.bytes_hi,
	connections.payload_lo, connections.payload_hi, connections.tcp_flags_lo, connections.tcp_flags_hi,
	connections.conn_state, l7_names.name, connections.l7_confidence, connections.risks,
	connections.name_kind, connections.server_name, connections.alpn, connections.tls_version,
	connections.vlan, connections.inner_vlan, connections.mac_lo, connections.mac_hi,
	connections.encapsulation, connections.encapsulation_id, connections.related_to
FROM visible_runs AS runs
CROSS JOIN connections ON connections.id BETWEEN runs.id << 40 AND (runs.id + 1 << 40) - 1
LEFT JOIN l7_names ON l7_names.id = connections.l7
ORDER BY runs.id, connections.id;
