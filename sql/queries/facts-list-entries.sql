-- The entries of all lists.
SELECT listener_lists.network, listener_lists.kind, entries.host, entries.address, entries.ip_protocol, entries.port,
	entries.at_ns, entries.open, entries.program
FROM listener_list_entries AS entries JOIN listener_lists ON listener_lists.id = entries.list;
