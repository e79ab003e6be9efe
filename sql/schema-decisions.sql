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

-- What the owner or the inventory calls it: application, owner, environment, ... of an asset key or a prefix.
CREATE TABLE labels (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	asset TEXT, -- asset key: 'mac:...', 'name:...', ...; NULL: by prefix
	network TEXT,
	address BLOB,
	length INTEGER,
	name TEXT NOT NULL,
	value TEXT, -- NULL: the label is taken away
	CHECK ((asset IS NULL) = (address IS NOT NULL) AND (address IS NULL) = (length IS NULL))
);

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
