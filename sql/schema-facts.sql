-- The whole present schema of the facts. A test compares it with what the migrations make.

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
	sensor INTEGER NOT NULL,
	run INTEGER NOT NULL,
	sequence INTEGER NOT NULL, -- ordinal of its first packet in the run
	revision INTEGER NOT NULL, -- the highest that was recorded
	network INTEGER NOT NULL,
	lo BLOB NOT NULL,
	hi BLOB NOT NULL,
	ip_protocol INTEGER NOT NULL,
	port_lo INTEGER NOT NULL,
	port_hi INTEGER NOT NULL,
	outcome INTEGER NOT NULL,
	evidence INTEGER NOT NULL, -- bits
	icmp_errors INTEGER NOT NULL,
	first_ns INTEGER NOT NULL,
	last_ns INTEGER NOT NULL,
	packets_lo INTEGER NOT NULL,
	packets_hi INTEGER NOT NULL,
	bytes_lo INTEGER NOT NULL,
	bytes_hi INTEGER NOT NULL,
	payload_lo INTEGER NOT NULL,
	payload_hi INTEGER NOT NULL,
	tcp_flags_lo INTEGER NOT NULL,
	tcp_flags_hi INTEGER NOT NULL,
	conn_state TEXT NOT NULL,
	l7 INTEGER, -- l7_names.id; NULL: unknown
	l7_confidence INTEGER NOT NULL,
	risks INTEGER NOT NULL, -- bits
	name_kind INTEGER NOT NULL,
	server_name TEXT,
	alpn TEXT,
	tls_version INTEGER NOT NULL,
	vlan INTEGER NOT NULL,
	inner_vlan INTEGER NOT NULL,
	mac_lo BLOB,
	mac_hi BLOB,
	PRIMARY KEY (sensor, run, sequence)
) WITHOUT ROWID;

CREATE TABLE tallies (
	sensor INTEGER NOT NULL,
	network INTEGER NOT NULL,
	day INTEGER NOT NULL,
	lo BLOB NOT NULL,
	hi BLOB NOT NULL,
	ip_protocol INTEGER NOT NULL,
	side INTEGER NOT NULL, -- whose port names the service: 1 lo, 2 hi; 0: not known, both are kept
	port_lo INTEGER NOT NULL,
	port_hi INTEGER NOT NULL,
	hours INTEGER NOT NULL, -- bit h: seen in hour h UTC
	packets_lo INTEGER NOT NULL,
	packets_hi INTEGER NOT NULL,
	bytes_lo INTEGER NOT NULL,
	bytes_hi INTEGER NOT NULL,
	payload_lo INTEGER NOT NULL,
	payload_hi INTEGER NOT NULL,
	connections INTEGER NOT NULL, -- that began on this day; the columns down to payload_both count among these
	accepted INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	prohibited INTEGER NOT NULL,
	silent INTEGER NOT NULL,
	one_way INTEGER NOT NULL,
	midstream INTEGER NOT NULL,
	syn_lo INTEGER NOT NULL,
	syn_hi INTEGER NOT NULL,
	synack_lo INTEGER NOT NULL,
	synack_hi INTEGER NOT NULL,
	handshake INTEGER NOT NULL,
	client_lo INTEGER NOT NULL,
	client_hi INTEGER NOT NULL,
	first_lo INTEGER NOT NULL,
	first_hi INTEGER NOT NULL,
	rst_lo INTEGER NOT NULL,
	rst_hi INTEGER NOT NULL,
	icmp_errors INTEGER NOT NULL,
	payload_both INTEGER NOT NULL,
	first_ns INTEGER NOT NULL,
	last_ns INTEGER NOT NULL,
	first_outcome INTEGER NOT NULL, -- of the connection that first_ns is of
	risks INTEGER NOT NULL, -- bits
	server_name TEXT, -- of the first connection that had one,
	server_name_ns INTEGER NOT NULL, -- at this time
	PRIMARY KEY (sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi)
) WITHOUT ROWID;

CREATE TABLE tally_l7 (
	sensor INTEGER NOT NULL,
	network INTEGER NOT NULL,
	day INTEGER NOT NULL,
	lo BLOB NOT NULL,
	hi BLOB NOT NULL,
	ip_protocol INTEGER NOT NULL,
	side INTEGER NOT NULL,
	port_lo INTEGER NOT NULL,
	port_hi INTEGER NOT NULL,
	l7 INTEGER NOT NULL,
	connections INTEGER NOT NULL,
	confidence INTEGER NOT NULL, -- the best seen
	PRIMARY KEY (sensor, network, day, lo, hi, ip_protocol, side, port_lo, port_hi, l7)
) WITHOUT ROWID;

CREATE TABLE staged_tallies (
	run INTEGER NOT NULL,
	network INTEGER NOT NULL,
	day INTEGER NOT NULL,
	lo BLOB NOT NULL,
	hi BLOB NOT NULL,
	ip_protocol INTEGER NOT NULL,
	side INTEGER NOT NULL,
	port_lo INTEGER NOT NULL,
	port_hi INTEGER NOT NULL,
	hours INTEGER NOT NULL,
	packets_lo INTEGER NOT NULL,
	packets_hi INTEGER NOT NULL,
	bytes_lo INTEGER NOT NULL,
	bytes_hi INTEGER NOT NULL,
	payload_lo INTEGER NOT NULL,
	payload_hi INTEGER NOT NULL,
	connections INTEGER NOT NULL,
	accepted INTEGER NOT NULL,
	refused INTEGER NOT NULL,
	prohibited INTEGER NOT NULL,
	silent INTEGER NOT NULL,
	one_way INTEGER NOT NULL,
	midstream INTEGER NOT NULL,
	syn_lo INTEGER NOT NULL,
	syn_hi INTEGER NOT NULL,
	synack_lo INTEGER NOT NULL,
	synack_hi INTEGER NOT NULL,
	handshake INTEGER NOT NULL,
	client_lo INTEGER NOT NULL,
	client_hi INTEGER NOT NULL,
	first_lo INTEGER NOT NULL,
	first_hi INTEGER NOT NULL,
	rst_lo INTEGER NOT NULL,
	rst_hi INTEGER NOT NULL,
	icmp_errors INTEGER NOT NULL,
	payload_both INTEGER NOT NULL,
	first_ns INTEGER NOT NULL,
	last_ns INTEGER NOT NULL,
	first_outcome INTEGER NOT NULL,
	risks INTEGER NOT NULL,
	server_name TEXT,
	server_name_ns INTEGER NOT NULL,
	PRIMARY KEY (run, network, day, lo, hi, ip_protocol, side, port_lo, port_hi)
) WITHOUT ROWID;

CREATE TABLE staged_tally_l7 (
	run INTEGER NOT NULL,
	network INTEGER NOT NULL,
	day INTEGER NOT NULL,
	lo BLOB NOT NULL,
	hi BLOB NOT NULL,
	ip_protocol INTEGER NOT NULL,
	side INTEGER NOT NULL,
	port_lo INTEGER NOT NULL,
	port_hi INTEGER NOT NULL,
	l7 INTEGER NOT NULL,
	connections INTEGER NOT NULL,
	confidence INTEGER NOT NULL,
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
