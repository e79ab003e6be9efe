-- When it had all that listens on a host.
INSERT INTO listener_list_hosts (list, host, at_ns) VALUES ((SELECT max(id) FROM listener_lists), ?1, ?2);
