-- Why: the facts, in the shape that everything later is computed from. What is costly to change later, and its reason:
--
-- * Keys carry the sensor, so that the facts of several sensors can lie in one file or be brought together, and two of
--   them that saw one connection can be told apart. They carry the network, because 10.0.0.1 in two address spaces is
--   two machines. Connections carry the run, because an offline run is the unit of rollback. Tallies do not: they are
--   kept for good and must not multiply with the number of runs a day.
-- * Addresses are 17 octets: family (4 or 6) and 16 octets, IPv4 in the first four, the rest zero. Bytes sort as
--   addresses do, IPv4 before IPv6, and both families share all code. lo is the endpoint that is smaller as (address,
--   port); a column ..._lo counts what lo sent, or says what lo did.
-- * Times are nanoseconds since 1970 UTC, days are UTC days since then. Nothing here depends on a clock or a time zone.
-- * Who is client and who is server is not stored: it is decided from the evidence, with all that is known by then.
-- * A connection's key (sensor, run, sequence) is one integer, run * 2^40 + sequence; its sensor is the run's. Measured
--   on half a million rows, the integer costs less than half of a three-column key: a row goes near the right edge of one
--   B-tree, found by comparing integers, and there is no second index to keep up while ingesting. Rows of a run lie
--   together, in the order in which connections began: they are read in that order and removed by range. It allows for
--   8 million runs of a million million packets; a longer one must be cut into several.
-- * Of several revisions of a connection only the highest is kept: a later record takes the row's place, and a connection
--   that is checkpointed every minute for a month is still one row.
-- * tallies is WITHOUT ROWID: its key is most of what is asked of it, all reading is in key order, and rows that are merged
--   come in key order too.
-- * NOT NULL is said where it costs nothing: in the two large tables the program writes a value into every column that
--   is not marked otherwise, and checking each again took a tenth of the time.
-- * Outcomes, confidences and name kinds are numbers, as in the program's model; a number is never given a new meaning,
--   new ones go at the end.
-- * l7 names are interned: a few hundred names over millions of rows. What a tally's connections spoke is a
--   distribution, and a table of its own, because l7 is never part of a key of who talks to whom.
-- * risks are the bits of the DPI library as they came: a row must stay small, and bits can be combined. The run says
--   which version numbered them (dpi_version).
-- * A tally's counters are sums of signed changes: when a later record of a connection knows its outcome better, the
--   change is added to the day on which it began.
-- * What a run found first (names, networks, sensors) says so in `run`, so that an unfinished run leaves nothing behind.
-- * staged_tallies: what an unfinished run has counted and memory could not hold. It becomes part of tallies in the
--   transaction that finishes the run, and goes with the run otherwise.
-- The application id is "AMfa".

CREATE TABLE sensors (
	id INTEGER PRIMARY KEY,
	uuid TEXT NOT NULL UNIQUE,
	name TEXT, -- NULL: given by its UUID
	run INTEGER NOT NULL -- that came with it
);

CREATE TABLE networks (
	id INTEGER PRIMARY KEY, -- 0, 1, 2, ... without a gap
	name TEXT NOT NULL UNIQUE,
	run INTEGER NOT NULL -- that came with it; 0: there from the beginning
);
INSERT INTO networks (id, name, run) VALUES (0, 'default', 0);

CREATE TABLE runs (
	id INTEGER PRIMARY KEY,
	sensor INTEGER NOT NULL REFERENCES sensors (id),
	network INTEGER NOT NULL REFERENCES networks (id), -- where nothing says otherwise
	live INTEGER NOT NULL CHECK (live IN (0, 1)),
	state TEXT NOT NULL CHECK (state IN ('unfinished', 'finished')),
	started_ns INTEGER NOT NULL,
	finished_ns INTEGER NOT NULL, -- 0: unfinished
	parameters TEXT NOT NULL, -- JSON: every option in force
	tool_version TEXT NOT NULL,
	dpi_version TEXT NOT NULL,
	connections INTEGER NOT NULL -- rows of this run in connections
);

-- The only rows that a reader may look at: finished runs, and what a live one has committed.
CREATE VIEW visible_runs AS SELECT * FROM runs WHERE live = 1 OR state = 'finished';

CREATE TABLE inputs (
	run INTEGER NOT NULL REFERENCES runs (id),
	ordinal INTEGER NOT NULL, -- from 0
	path TEXT NOT NULL, -- as given; '-': standard input
	kind INTEGER NOT NULL,
	size INTEGER NOT NULL,
	sha256 TEXT NOT NULL, -- of the first and the last MiB, or of all; '' for standard input
	records INTEGER NOT NULL,
	first_ns INTEGER NOT NULL,
	last_ns INTEGER NOT NULL,
	cut INTEGER NOT NULL,
	PRIMARY KEY (run, ordinal)
) WITHOUT ROWID;
CREATE INDEX inputs_by_sha256 ON inputs (sha256);

-- Every packet is accounted for: 'read' = 'recorded' + the skip reasons. By name, so that a reason keeps its meaning.
CREATE TABLE ledgers (
	run INTEGER NOT NULL REFERENCES runs (id),
	reason TEXT NOT NULL,
	packets INTEGER NOT NULL,
	PRIMARY KEY (run, reason)
) WITHOUT ROWID;

CREATE TABLE l7_names (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	run INTEGER NOT NULL -- that came with it
);

CREATE TABLE connections (
	id INTEGER PRIMARY KEY, -- run * 2^40 + sequence; sequence: ordinal of its first packet in the run
	revision INTEGER, -- the highest that was recorded
	network INTEGER,
	lo BLOB,
	hi BLOB,
	ip_protocol INTEGER,
	port_lo INTEGER,
	port_hi INTEGER,
	outcome INTEGER,
	evidence INTEGER, -- bits
	icmp_errors INTEGER,
	first_ns INTEGER,
	last_ns INTEGER,
	packets_lo INTEGER,
	packets_hi INTEGER,
	bytes_lo INTEGER,
	bytes_hi INTEGER,
	payload_lo INTEGER,
	payload_hi INTEGER,
	tcp_flags_lo INTEGER,
	tcp_flags_hi INTEGER,
	conn_state TEXT,
	l7 INTEGER, -- l7_names.id; NULL: unknown
	l7_confidence INTEGER,
	risks INTEGER, -- bits
	name_kind INTEGER,
	server_name TEXT, -- NULL: none
	alpn TEXT, -- NULL: none
	tls_version INTEGER,
	vlan INTEGER,
	inner_vlan INTEGER,
	mac_lo BLOB, -- NULL: none
	mac_hi BLOB -- NULL: none
);

CREATE TABLE tallies (
	sensor INTEGER,
	network INTEGER,
	day INTEGER,
	lo BLOB,
	hi BLOB,
	ip_protocol INTEGER,
	side INTEGER, -- whose port names the service: 1 lo, 2 hi; 0: not known, both are kept
	port_lo INTEGER,
	port_hi INTEGER,
	hours INTEGER, -- bit h: seen in hour h UTC
	packets_lo INTEGER,
	packets_hi INTEGER,
	bytes_lo INTEGER,
	bytes_hi INTEGER,
	payload_lo INTEGER,
	payload_hi INTEGER,
	connections INTEGER, -- that began on this day; the columns down to payload_both count among these
	accepted INTEGER,
	refused INTEGER,
	prohibited INTEGER,
	silent INTEGER,
	one_way INTEGER,
	midstream INTEGER,
	syn_lo INTEGER,
	syn_hi INTEGER,
	synack_lo INTEGER,
	synack_hi INTEGER,
	handshake INTEGER,
	client_lo INTEGER,
	client_hi INTEGER,
	first_lo INTEGER,
	first_hi INTEGER,
	rst_lo INTEGER,
	rst_hi INTEGER,
	icmp_errors INTEGER,
	payload_both INTEGER,
	first_ns INTEGER,
	last_ns INTEGER,
	first_outcome INTEGER, -- of the connection that first_ns is of
	risks INTEGER, -- bits
	server_name TEXT, -- of the first connection that had one (NULL: none),
	server_name_ns INTEGER, -- at this time
	PRIMARY KEY (sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi)
) WITHOUT ROWID;

CREATE TABLE tally_l7 (
	sensor INTEGER,
	network INTEGER,
	day INTEGER,
	lo BLOB,
	hi BLOB,
	ip_protocol INTEGER,
	side INTEGER,
	port_lo INTEGER,
	port_hi INTEGER,
	l7 INTEGER,
	connections INTEGER,
	confidence INTEGER, -- the best seen
	PRIMARY KEY (sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, l7)
) WITHOUT ROWID;

CREATE TABLE staged_tallies (
	run INTEGER,
	network INTEGER,
	day INTEGER,
	lo BLOB,
	hi BLOB,
	ip_protocol INTEGER,
	side INTEGER,
	port_lo INTEGER,
	port_hi INTEGER,
	hours INTEGER,
	packets_lo INTEGER,
	packets_hi INTEGER,
	bytes_lo INTEGER,
	bytes_hi INTEGER,
	payload_lo INTEGER,
	payload_hi INTEGER,
	connections INTEGER,
	accepted INTEGER,
	refused INTEGER,
	prohibited INTEGER,
	silent INTEGER,
	one_way INTEGER,
	midstream INTEGER,
	syn_lo INTEGER,
	syn_hi INTEGER,
	synack_lo INTEGER,
	synack_hi INTEGER,
	handshake INTEGER,
	client_lo INTEGER,
	client_hi INTEGER,
	first_lo INTEGER,
	first_hi INTEGER,
	rst_lo INTEGER,
	rst_hi INTEGER,
	icmp_errors INTEGER,
	payload_both INTEGER,
	first_ns INTEGER,
	last_ns INTEGER,
	first_outcome INTEGER,
	risks INTEGER,
	server_name TEXT,
	server_name_ns INTEGER,
	PRIMARY KEY (run, network, day, lo, hi, ip_protocol, side, port_lo, port_hi)
) WITHOUT ROWID;

CREATE TABLE staged_tally_l7 (
	run INTEGER,
	network INTEGER,
	day INTEGER,
	lo BLOB,
	hi BLOB,
	ip_protocol INTEGER,
	side INTEGER,
	port_lo INTEGER,
	port_hi INTEGER,
	l7 INTEGER,
	connections INTEGER,
	confidence INTEGER,
	PRIMARY KEY (run, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, l7)
) WITHOUT ROWID;

-- What was seen of an address besides traffic: which MAC it had, which name, lease or user, when and how often.
CREATE TABLE observations (
	sensor INTEGER NOT NULL,
	network INTEGER NOT NULL,
	address BLOB NOT NULL,
	kind TEXT NOT NULL, -- 'mac', 'name', 'lease', 'user', ...
	value TEXT NOT NULL,
	first_ns INTEGER NOT NULL,
	last_ns INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (sensor, network, address, kind, value)
) WITHOUT ROWID;

PRAGMA application_id = 0x414d6661;
PRAGMA user_version = 1;
