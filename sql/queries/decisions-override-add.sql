-- A verdict, or 'withdrawn' (older ones that match say nothing), with the entry of the log that made it.
INSERT INTO overrides (
	log, network, client, client_length, server, server_length, ip_protocol, port, verdict, why
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
