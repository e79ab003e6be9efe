-- Why: a flood or a large scan makes more connections than a disk should hold. Beyond a budget, unanswered ones are counted
-- here, by source (17 zero octets: many), port and minute, and have neither a row in connections nor a part in tallies. They
-- belong to their run, as connections do.
CREATE TABLE unanswered (
	run INTEGER,
	network INTEGER,
	minute INTEGER, -- since 1970 UTC
	source BLOB,
	ip_protocol INTEGER,
	port INTEGER, -- that was asked
	connections INTEGER,
	packets INTEGER,
	bytes INTEGER,
	targets INTEGER, -- distinct ones, estimated
	PRIMARY KEY (run, network, minute, source, ip_protocol, port)
) WITHOUT ROWID;

PRAGMA user_version = 5;
