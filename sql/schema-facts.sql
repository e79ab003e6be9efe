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
, committed_ns INTEGER NOT NULL DEFAULT 0, interrupted INTEGER NOT NULL DEFAULT 0);

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

-- What the interfaces of a live run counted, by the minute.
CREATE TABLE interface_minutes (
	run INTEGER NOT NULL REFERENCES runs (id),
	interface TEXT NOT NULL,
	minute INTEGER NOT NULL, -- since 1970 UTC
	packets INTEGER NOT NULL, -- handed to the program
	dropped_kernel INTEGER NOT NULL, -- the program was too slow, the ring too small
	dropped_interface INTEGER NOT NULL, -- by the card or its driver
	outages INTEGER NOT NULL, -- times that the link went down
	PRIMARY KEY (run, interface, minute)
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
, encapsulation INTEGER, encapsulation_id INTEGER, related_to INTEGER);

-- What each run saw of every encapsulation and number.
CREATE TABLE encapsulations (
	run INTEGER NOT NULL REFERENCES runs (id),
	kind TEXT NOT NULL, -- 'vlan', 'vxlan', 'gre', ...
	id INTEGER NOT NULL, -- VLAN id, VNI, key, session, TEID, ...; -1: all others
	packets INTEGER NOT NULL,
	bytes INTEGER NOT NULL, -- of the whole frames
	undecided INTEGER NOT NULL, -- of the packets: before it was known that they are in transit
	first_ns INTEGER NOT NULL,
	last_ns INTEGER NOT NULL,
	source BLOB, -- NULL: it has no addresses of its own
	destination BLOB,
	network TEXT NOT NULL, -- where the packets in it went
	reason TEXT NOT NULL, -- 'attribute', 'mirror', 'transit', 'set'
	PRIMARY KEY (run, kind, id)
) WITHOUT ROWID;

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
	server_name_ns INTEGER, related_to INTEGER NOT NULL DEFAULT 0, -- at this time
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

CREATE TABLE listener_lists (
	id INTEGER PRIMARY KEY,
	network INTEGER NOT NULL REFERENCES networks (id),
	kind TEXT NOT NULL, -- 'ss', 'osquery', 'nmap'
	path TEXT NOT NULL, -- as given; '-': standard input
	sha256 TEXT NOT NULL, -- of all of it
	host BLOB NOT NULL, -- whose list it was said to be; of family 0: it tells itself
	imported_ns INTEGER NOT NULL,
	UNIQUE (network, sha256, host)
);

-- Every entry is accounted for, by name: those that were used, and the others by reason.
CREATE TABLE listener_list_lines (
	list INTEGER NOT NULL REFERENCES listener_lists (id),
	reason TEXT NOT NULL,
	lines INTEGER NOT NULL,
	PRIMARY KEY (list, reason)
) WITHOUT ROWID;

-- When a list had all that listens on a host: what it does not name was closed then.
CREATE TABLE listener_list_hosts (
	list INTEGER NOT NULL REFERENCES listener_lists (id),
	host BLOB NOT NULL,
	at_ns INTEGER NOT NULL,
	PRIMARY KEY (list, host, at_ns)
) WITHOUT ROWID;

CREATE TABLE listener_list_entries (
	list INTEGER NOT NULL REFERENCES listener_lists (id),
	host BLOB NOT NULL, -- whose list it is in
	address BLOB NOT NULL, -- that it listens on
	ip_protocol INTEGER NOT NULL,
	port INTEGER NOT NULL,
	at_ns INTEGER NOT NULL,
	open INTEGER NOT NULL CHECK (open IN (0, 1)), -- 0: the list says that it is closed
	program TEXT NOT NULL, -- or the service that a scan found; '': not told
	PRIMARY KEY (list, host, address, ip_protocol, port, at_ns)
) WITHOUT ROWID;

-- What middleboxes hand on, by comparison of connections while they are written.
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
