-- Why: a live run. What it commits stays, whatever ends it, so its row says when it committed last: that is when it ended,
-- if it did not end by itself (interrupted). What its interfaces lost is kept by the minute, because loss comes in bursts,
-- and a burst says which hour of the map is thin.
ALTER TABLE runs ADD COLUMN committed_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN interrupted INTEGER NOT NULL DEFAULT 0;

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

PRAGMA user_version = 4;
