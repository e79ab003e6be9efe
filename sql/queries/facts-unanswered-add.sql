-- Adds to the counts of unanswered connections of one source, port and minute. Shards see other targets: estimates add up.
INSERT INTO unanswered (run, network, minute, source, ip_protocol, port, connections, packets, bytes, targets)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (run, network, minute, source, ip_protocol, port) DO UPDATE SET
	connections = connections + excluded.connections,
	packets = packets + excluded.packets,
	bytes = bytes + excluded.bytes,
	targets = targets + excluded.targets;
