-- One of its entries.
INSERT INTO listener_list_entries (list, host, address, ip_protocol, port, at_ns, open, program)
VALUES ((SELECT max(id) FROM listener_lists), ?1, ?2, ?3, ?4, ?5, ?6, ?7);
