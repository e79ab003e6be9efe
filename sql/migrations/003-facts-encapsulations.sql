-- Why: mirrors and overlays wrap what hosts say to each other, and the same addresses in two overlays are two hosts. So each
-- connection tells what it came in, and each run what it saw of every encapsulation and number, into which network it put
-- what was inside, and why: `networks` lists that, and shows what to decide.
--
-- Numbers are kept one by one up to a limit; id -1 is all others of the kind. The outer addresses are those of the first packet.
ALTER TABLE connections ADD COLUMN encapsulation INTEGER; -- NULL: none
ALTER TABLE connections ADD COLUMN encapsulation_id INTEGER;

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

PRAGMA user_version = 3;
