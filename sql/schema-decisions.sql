-- The whole present schema of the decisions. A test compares it with what the migrations make.

CREATE TABLE log (
	n INTEGER PRIMARY KEY, -- 1, 2, 3, ... without a gap
	at_ns INTEGER NOT NULL,
	who TEXT NOT NULL,
	kind TEXT NOT NULL, -- 'override', 'label', 'hint', ...
	content TEXT NOT NULL,
	hash BLOB NOT NULL
);
CREATE TRIGGER log_is_never_changed BEFORE UPDATE ON log
BEGIN
	SELECT raise(ABORT, 'the decision log is append-only');
END;
CREATE TRIGGER log_is_never_shortened BEFORE DELETE ON log
BEGIN
	SELECT raise(ABORT, 'the decision log is append-only');
END;

-- A verdict on (client, server, protocol, server port). The newest that matches wins.
CREATE TABLE overrides (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	network TEXT,
	client BLOB NOT NULL,
	client_length INTEGER NOT NULL,
	server BLOB NOT NULL,
	server_length INTEGER NOT NULL,
	ip_protocol INTEGER,
	port INTEGER, -- ICMP: type * 256 + code
	verdict TEXT NOT NULL,
	why TEXT NOT NULL
);

-- "This address serves this port": a step of the direction ladder.
CREATE TABLE hints (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	network TEXT,
	server BLOB NOT NULL,
	server_length INTEGER NOT NULL,
	ip_protocol INTEGER NOT NULL,
	port INTEGER NOT NULL
);

-- An inventory, imported whole. Of one source the newest counts.
CREATE TABLE imports (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	source TEXT NOT NULL,
	kind TEXT, -- 'csv', 'ansible', ...; NULL: what the source said is taken back
	network TEXT, -- NULL: any
	labels INTEGER NOT NULL, -- rows of it
	leases INTEGER NOT NULL,
	sha256 TEXT NOT NULL, -- of its rows, as text, one a line
	why TEXT NOT NULL
);

-- What an inventory calls whatever has this address (or is in this prefix), this MAC, or this name.
CREATE TABLE labels (
	import INTEGER NOT NULL REFERENCES imports (log),
	ordinal INTEGER NOT NULL, -- from 0
	address BLOB,
	length INTEGER,
	mac TEXT, -- beside an address: holds unless it is known to have another one
	host TEXT,
	name TEXT NOT NULL, -- 'owner', 'application', ...
	value TEXT NOT NULL,
	from_ns INTEGER NOT NULL, -- 0: open
	until_ns INTEGER NOT NULL,
	PRIMARY KEY (import, ordinal),
	CHECK ((address IS NULL) = (length IS NULL) AND (host IS NULL) = (address IS NOT NULL OR mac IS NOT NULL))
) WITHOUT ROWID;

-- Who had an address, as a DHCP server kept it.
CREATE TABLE leases (
	import INTEGER NOT NULL REFERENCES imports (log),
	ordinal INTEGER NOT NULL, -- from 0
	address BLOB NOT NULL,
	mac TEXT NOT NULL,
	host TEXT, -- NULL: not told
	first_ns INTEGER NOT NULL,
	last_ns INTEGER NOT NULL,
	PRIMARY KEY (import, ordinal)
) WITHOUT ROWID;

-- Which address space a tunnel's inner packets belong to.
CREATE TABLE networks_by_encapsulation (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	sensor TEXT, -- UUID; NULL: any
	encapsulation TEXT NOT NULL, -- 'vlan', 'vxlan', 'gre', 'erspan', 'gtp', ...
	id INTEGER, -- VLAN id, VNI, key, session, TEID; NULL: any
	network TEXT, -- NULL: as if nothing had been said
	why TEXT NOT NULL
);

CREATE TABLE parameters (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	name TEXT NOT NULL,
	value TEXT -- NULL: back to the default
);

-- Nothing is kept in these two: declarations are entries of the log alone (src/store/declarations.c).
CREATE TABLE expectations (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	from_ns INTEGER NOT NULL,
	until_ns INTEGER NOT NULL,
	ticket TEXT NOT NULL,
	why TEXT NOT NULL
);
CREATE TABLE expectation_hosts (
	expectation INTEGER NOT NULL REFERENCES expectations (log),
	ordinal INTEGER NOT NULL,
	asset TEXT, -- asset key; NULL: by prefix
	network TEXT,
	address BLOB,
	length INTEGER,
	PRIMARY KEY (expectation, ordinal),
	CHECK ((asset IS NULL) = (address IS NOT NULL) AND (address IS NULL) = (length IS NULL))
) WITHOUT ROWID;

-- What was said about a rule, bound to all that it means: the SHA-256 of its expanded meaning, in full.
CREATE TABLE approvals (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	rule_sha256 BLOB NOT NULL CHECK (length(rule_sha256) = 32),
	state TEXT NOT NULL, -- 'approved', 'rejected', 'expired'
	rule TEXT NOT NULL, -- the rule as it was shown
	until_ns INTEGER, -- NULL: for good
	owner TEXT,
	ticket TEXT
);
