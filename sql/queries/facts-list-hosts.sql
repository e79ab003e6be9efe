-- When lists had all that listens on their hosts.
SELECT listener_lists.network, listener_lists.kind, hosts.host, hosts.at_ns
FROM listener_list_hosts AS hosts JOIN listener_lists ON listener_lists.id = hosts.list;
