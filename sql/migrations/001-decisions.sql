-- Why: what people decided, apart from what was seen, because it must outlive every re-run, every rotation of the facts,
-- and every change of how the map is computed. So a decision names what stays: addresses, ports, networks by name, asset
-- keys, the SHA-256 of a rule's expanded meaning; never a number that the program derived.
--
-- * Several processes write here, each in one short transaction, also while a capture runs.
-- * Every decision is one entry of log, which is append-only and chained by hash: an entry's hash is the SHA-256 of the
--   entry before it (32 octets; zero for the first), its own number (8 octets, big-endian) and its content. The content
--   is text, one "name value" a line, so that it can be read, shipped and checked without this program. Rows of the
--   other tables say which entry made them (log), where who and when are kept; a row that differs from its entry was tampered with.
-- * network NULL is any network, ip_protocol and port NULL are any; a withdrawn decision is a newer one, never a deletion.
-- * Addresses are 17 octets: family (4 or 6) and 16 octets, as in the facts; with a length in bits they are prefixes.
-- * Times are nanoseconds since 1970 UTC, and given by who decides.
-- The application id is "AMde".

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
CREATE TABLE network_table (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	sensor TEXT, -- UUID; NULL: any
	encapsulation TEXT NOT NULL, -- 'vlan', 'vxlan', 'gre', 'erspan', 'gtp', ...
	id INTEGER NOT NULL, -- VLAN id, VNI, key, session, TEID
	network TEXT NOT NULL
);

CREATE TABLE parameters (
	log INTEGER PRIMARY KEY REFERENCES log (n),
	name TEXT NOT NULL,
	value TEXT -- NULL: back to the default
);

-- A declared change: what these hosts do anew in this time is no anomaly.
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

PRAGMA application_id = 0x414d6465;
PRAGMA user_version = 1;
