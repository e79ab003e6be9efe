-- Adds to what a run saw of one encapsulation and number.
INSERT INTO encapsulations (
	run, kind, id, packets, bytes, undecided, first_ns, last_ns, source, destination, network, reason
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (run, kind, id) DO UPDATE SET
	packets = packets + excluded.packets,
	bytes = bytes + excluded.bytes,
	undecided = undecided + excluded.undecided,
	first_ns = min(first_ns, excluded.first_ns),
	last_ns = max(last_ns, excluded.last_ns),
	network = excluded.network,
	reason = excluded.reason;
