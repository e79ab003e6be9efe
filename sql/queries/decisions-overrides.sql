-- All verdicts and what withdraws them ('withdrawn'), oldest first, each with what the log says of it.
SELECT
	overrides.network, client, client_length, server, server_length, ip_protocol, port, verdict,
	log.who, why, log.at_ns, log.content, log.n
FROM overrides LEFT JOIN log ON log.n = overrides.log
ORDER BY overrides.log;
