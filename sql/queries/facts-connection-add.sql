-- One connection; there is none of its key.
INSERT INTO connections (
	id, revision, network, lo, hi, ip_protocol, port_lo, port_hi, outcome, evidence, icmp_errors,
	first_ns, last_ns, packets_lo, packets_hi, bytes_lo, bytes_hi, payload_lo, payload_hi, tcp_flags_lo,
	tcp_flags_hi, conn_state, l7, l7_confidence, risks, name_kind, server_name, alpn, tls_version, vlan,
	inner_vlan, mac_lo, mac_hi, encapsulation, encapsulation_id
) VALUES (
	?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
	?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35
);
