-- Why: what a load balancer, a proxy or address translation hands on is seen twice, as two connections. That they are one shows
-- only in the times, ports and volumes of each, which tallies do not keep and which expire with the connections. So they are
-- compared while they are written, and it is counted which service's connections went on as which.
CREATE TABLE relayed (
	run INTEGER,
	network INTEGER,
	kind INTEGER, -- 1: same client, another server; 2: same server, another client; 3: both are others
	front BLOB, -- kinds 1 and 3: the server that was asked; 2: the client
	front_port INTEGER, -- 2: 0
	client BLOB, -- of what it went on as; 1: 17 zero octets
	server BLOB, -- 2, and 3 where the server that was asked is the client: 17 zero octets
	port INTEGER, -- 2: 0
	connections INTEGER, -- that were alike
	turned INTEGER, -- that were alike, but the other way round in time: what chance makes
	PRIMARY KEY (run, network, kind, front, front_port, client, server, port)
) WITHOUT ROWID;

PRAGMA user_version = 8;
