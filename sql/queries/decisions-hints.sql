-- All hints, oldest first.
SELECT network, server, server_length, ip_protocol, port FROM hints ORDER BY log;
