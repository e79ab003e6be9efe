-- The connections that wait (src/store/feed.h); there are none of their keys.
INSERT OR FAIL INTO connections (
	id, revision, network, lo, hi, ip_protocol, port_lo, port_hi, outcome, evidence, icmp_errors,
	first_ns, last_ns, packets_lo, packets_hi, bytes_lo, bytes_hi, payload_lo, payload_hi, tcp_flags_lo,
	tcp_flags_hi, conn_state, l7, l7_confidence, risks, name_kind, server_name, alpn, tls_version, vlan,
	inner_vlan, mac_lo, mac_hi, encapsulation, encapsulation_id, related_to
) SELECT
	id, revision, network, lo, hi, ip_protocol, port_lo, port_hi, outcome, evidence, icmp_errors,
	first_ns, last_ns, packets_lo, packets_hi, bytes_lo, bytes_hi, payload_lo, payload_hi, tcp_flags_lo,
	tcp_flags_hi, conn_state, l7, l7_confidence, risks, name_kind, server_name, alpn, tls_version, vlan,
	inner_vlan, mac_lo, mac_hi, encapsulation, encapsulation_id, related_to
FROM new_connections;
