-- Why: what a host says of its own listeners, and what a scan found, tells of services that nobody was seen to use. Lists are facts of
-- another source: no run, no sensor. Each comes in one transaction, and its entries stay as they were told: what is open by now, and
-- since when not, is summed when it is read.
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

PRAGMA user_version = 7;
