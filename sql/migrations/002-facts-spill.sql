-- Why: what an unfinished run has counted and memory cannot hold waits in a temporary file instead: as rows it cost more
-- than all the rest of storing. The runs that left something here are unfinished, and go when the next one begins.
DROP TABLE staged_tallies;
DROP TABLE staged_tally_l7;

PRAGMA user_version = 2;
