-- Why: inventories are imported whole, source by source (before, nothing could write labels). One entry of the log for each
-- import, with the SHA-256 of all that it says, so that thousands of rows hang on it and still show what was tampered with.
-- Of one source the newest import counts; the rows of those before it are removed, their entries stay.
DROP TABLE labels;
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

PRAGMA user_version = 3;
